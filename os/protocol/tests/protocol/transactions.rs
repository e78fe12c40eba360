//! Inner transactions, envelopes and the transaction kinds.

use std::sync::Arc;

use starknet_api::core::ChainId;
use starknet_api::transaction::InvokeTransactionV3;
use starknet_api::transaction::fields::{
    AccountDeploymentData, PaymasterData, ProofFacts, ResourceBounds, ValidResourceBounds,
};
use zkthreads_protocol::commitments::events_commitment;
use zkthreads_protocol::envelope::THREAD_MARKER;
use zkthreads_protocol::package::InnerTransactionError;
use zkthreads_protocol::{
    EnvelopeError, InnerTransaction, OsProgramHash, PackageDigest, PackageError, ThreadFacts,
    ThreadTransaction, Transaction,
};

use crate::sample::{felt, invoke, package};

fn inner_refusal(change: impl FnOnce(&mut InvokeTransactionV3)) -> InnerTransactionError {
    let mut transaction = invoke(1, 0);
    change(&mut transaction);
    InnerTransaction::try_from(transaction).expect_err("accepted")
}

#[test]
fn inner_transactions_are_plain_invokes() {
    let l1_only = ValidResourceBounds::L1Gas(ResourceBounds::default());
    assert_eq!(inner_refusal(|tx| tx.resource_bounds = l1_only), InnerTransactionError::ResourceBounds);
    let facts = ProofFacts(Arc::new(vec![felt(1)]));
    assert_eq!(inner_refusal(|tx| tx.proof_facts = facts), InnerTransactionError::ProofFacts);
    let paymaster = PaymasterData(vec![felt(1)]);
    assert_eq!(inner_refusal(|tx| tx.paymaster_data = paymaster), InnerTransactionError::ReservedFields);
    let deployment = AccountDeploymentData(vec![felt(1)]);
    assert_eq!(
        inner_refusal(|tx| tx.account_deployment_data = deployment),
        InnerTransactionError::ReservedFields
    );
}

#[test]
fn inner_transactions_keep_their_rules_through_serde() {
    let inner = InnerTransaction::try_from(invoke(1, 0)).unwrap();
    let json = serde_json::to_value(&inner).unwrap();
    assert_eq!(serde_json::from_value::<InnerTransaction>(json).unwrap(), inner);
    let mut with_proof = invoke(1, 0);
    with_proof.proof_facts = ProofFacts(Arc::new(vec![felt(1)]));
    let json = serde_json::to_value(&with_proof).unwrap();
    assert!(serde_json::from_value::<InnerTransaction>(json).is_err());
}

#[test]
fn an_inner_transaction_takes_as_many_bytes_as_it_says() {
    let mut package = package();
    let with = package.encode().len();
    let included = package.segments[0].inner_transactions.pop().unwrap();
    let reason = included.revert_reason.map_or(0, |reason| 4 + reason.len());
    assert_eq!(with - package.encode().len(), included.transaction.encoded_len() + reason);
}

#[test]
fn an_inner_transaction_hashes_as_on_the_chain() {
    let chain_id = ChainId::Sepolia;
    let inner = InnerTransaction::try_from(invoke(1, 0)).unwrap();
    let ordinary = Transaction::Invoke(invoke(1, 0));
    assert_eq!(inner.hash(&chain_id).unwrap(), ordinary.hash(&chain_id).unwrap());
    assert_ne!(inner.hash(&ChainId::Mainnet).unwrap(), ordinary.hash(&chain_id).unwrap());
}

fn facts(values: Vec<starknet_types_core::felt::Felt>) -> Result<ThreadFacts, EnvelopeError> {
    ThreadFacts::try_from(&ProofFacts(Arc::new(values)))
}

#[test]
fn proof_facts() {
    let expected =
        ThreadFacts { os_program_hash: OsProgramHash(felt(1)), package_digest: PackageDigest(felt(2)) };
    assert_eq!(ThreadFacts::try_from(&expected.to_proof_facts()), Ok(expected));
    assert!(ThreadFacts::are_claimed_by(&expected.to_proof_facts()));
    assert_eq!(facts(vec![]), Err(EnvelopeError::NotAThread));
    assert_eq!(facts(vec![felt(1), felt(1), felt(2)]), Err(EnvelopeError::NotAThread));
    for found in [1, 2, 4, 50] {
        assert_eq!(facts(vec![THREAD_MARKER; found]), Err(EnvelopeError::FactCount { found }));
    }
}

#[test]
fn an_envelope_signs_its_package() {
    let bytes = package().encode();
    let facts = |bytes: &[u8]| ThreadFacts {
        os_program_hash: OsProgramHash(felt(1)),
        package_digest: PackageDigest::of(bytes),
    };
    let mut envelope = invoke(0x777, 3);
    assert_eq!(ThreadTransaction::new(envelope.clone(), &bytes), Err(EnvelopeError::NotAThread));

    envelope.proof_facts = facts(&bytes).to_proof_facts();
    assert!(ThreadTransaction::new(envelope.clone(), &bytes).is_ok());
    let mut damaged = bytes.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let error = ThreadTransaction::new(envelope.clone(), &damaged).unwrap_err();
    assert!(matches!(error, EnvelopeError::DigestMismatch { .. }), "{error}");

    envelope.proof_facts = facts(b"ZKTHREAD").to_proof_facts();
    let error = ThreadTransaction::new(envelope, b"ZKTHREAD").unwrap_err();
    assert_eq!(error, EnvelopeError::Package(PackageError::Truncated { field: "version" }));
}

#[test]
fn events_of_no_transaction_have_no_commitment() {
    let package = package();
    let hashes: Vec<_> = package.segments[0].statement.transaction_hashes().collect();
    assert_eq!(
        events_commitment(&package.segments[0].events, &hashes),
        Some(package.segments[0].statement.events_commitment)
    );
    assert_eq!(events_commitment(&package.segments[0].events, &hashes[..1]), None);
}
