//! What goes in comes out, whole: every field of every kind of thing.

use std::collections::BTreeMap;
use std::sync::Arc;

use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use cairo_lang_starknet_classes::contract_class::ContractClass;
use starknet_api::block::{
    BlockHash, BlockHeader, BlockHeaderWithoutHash, BlockNumber, BlockTimestamp, GasPrice, GasPricePerToken,
    StarknetVersion,
};
use starknet_api::core::{
    ClassHash, CompiledClassHash, EthAddress, EventCommitment, Nonce, ReceiptCommitment,
    SequencerContractAddress, StateDiffCommitment, TransactionCommitment,
};
use starknet_api::data_availability::{DataAvailabilityMode, L1DataAvailabilityMode};
use starknet_api::execution_resources::{GasAmount, GasVector};
use starknet_api::hash::PoseidonHash;
use starknet_api::state::ThinStateDiff;
use starknet_api::transaction::fields::{
    AccountDeploymentData, AllResourceBounds, Calldata, ContractAddressSalt, Fee, PaymasterData, ProofFacts,
    ResourceBounds, Tip, TransactionSignature, ValidResourceBounds,
};
use starknet_api::transaction::{
    DeclareTransactionV3, DeployAccountTransactionV3, Event, EventContent, EventData, EventKey,
    InvokeTransactionV3, L2ToL1Payload, MessageToL1, TransactionHash,
};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{
    Conflict, LogicalTime, OsProgramHash, Package, PackageDigest, SettleError, StaleCell, StateCell,
    ThreadFacts, Transaction,
};
use zkthreads_storage::{
    BlockTransaction, ClassDefinition, ClassRecord, ExecutionStatus, Hardened, PackageSummary, Receipt,
    Storage, ThreadOutcome, TransactionTrace,
};

use crate::support::{address, cell, commit, digest, next_block, package, sierra_class};

fn felts(numbers: impl IntoIterator<Item = u64>) -> Vec<Felt> {
    numbers.into_iter().map(Felt::from).collect()
}

/// Bounds beyond 64 bits where they can be.
fn bounds() -> ValidResourceBounds {
    let bound = |n: u64| ResourceBounds {
        max_amount: GasAmount(u64::MAX - n),
        max_price_per_unit: GasPrice(u128::MAX - u128::from(n)),
    };
    ValidResourceBounds::AllResources(AllResourceBounds {
        l1_gas: bound(1),
        l2_gas: bound(2),
        l1_data_gas: bound(3),
    })
}

fn invoke(proof_facts: Vec<Felt>) -> InvokeTransactionV3 {
    InvokeTransactionV3 {
        resource_bounds: bounds(),
        tip: Tip(u64::MAX),
        signature: TransactionSignature(Arc::new(vec![Felt::MAX, Felt::ZERO])),
        nonce: Nonce(Felt::from(3)),
        sender_address: address(0xacc),
        calldata: Calldata(Arc::new(felts(0..5_000))),
        nonce_data_availability_mode: DataAvailabilityMode::L1,
        fee_data_availability_mode: DataAvailabilityMode::L2,
        paymaster_data: PaymasterData(felts([1])),
        account_deployment_data: AccountDeploymentData(felts([2, 3])),
        proof_facts: ProofFacts(Arc::new(proof_facts)),
    }
}

/// A package whose proof is long and does not get smaller.
fn long_package() -> Package {
    let mut package = package([1, 2_u64].map(|hash| TransactionHash(Felt::from(hash))), 3);
    package.segments[0].proof =
        (0..1_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    package
}

fn bodies() -> Vec<Transaction> {
    let facts = ThreadFacts {
        os_program_hash: OsProgramHash(Felt::from(5)),
        package_digest: digest(&long_package()),
    };
    vec![
        Transaction::Invoke(invoke(vec![])),
        Transaction::Declare(DeclareTransactionV3 {
            resource_bounds: bounds(),
            tip: Tip(0),
            signature: TransactionSignature(Arc::new(vec![])),
            nonce: Nonce(Felt::ZERO),
            class_hash: ClassHash(Felt::from(11)),
            compiled_class_hash: CompiledClassHash(Felt::MAX),
            sender_address: address(1),
            nonce_data_availability_mode: DataAvailabilityMode::L2,
            fee_data_availability_mode: DataAvailabilityMode::L1,
            paymaster_data: PaymasterData(vec![]),
            account_deployment_data: AccountDeploymentData(vec![]),
        }),
        Transaction::DeployAccount(DeployAccountTransactionV3 {
            resource_bounds: bounds(),
            tip: Tip(7),
            signature: TransactionSignature(Arc::new(felts([1, 2]))),
            nonce: Nonce(Felt::ZERO),
            class_hash: ClassHash(Felt::from(12)),
            contract_address_salt: ContractAddressSalt(Felt::from(13)),
            constructor_calldata: Calldata(Arc::new(felts([14]))),
            nonce_data_availability_mode: DataAvailabilityMode::L1,
            fee_data_availability_mode: DataAvailabilityMode::L1,
            paymaster_data: PaymasterData(vec![]),
        }),
        Transaction::Thread { envelope: invoke(facts.to_proof_facts().0.to_vec()), facts },
    ]
}

fn receipts() -> Vec<Receipt> {
    let succeeded = Receipt {
        actual_fee: Fee(u128::MAX),
        status: ExecutionStatus::Succeeded,
        events: vec![
            Event {
                from_address: address(0xe),
                content: EventContent {
                    keys: felts([1, 2]).into_iter().map(EventKey).collect(),
                    data: EventData(vec![Felt::MAX, Felt::ZERO]),
                },
            },
            Event::default(),
        ],
        messages: vec![MessageToL1 {
            from_address: address(0xf),
            to_address: EthAddress([0xab; 20].into()),
            payload: L2ToL1Payload(felts([1 << 60])),
        }],
        gas: GasVector { l1_gas: GasAmount(u64::MAX), l1_data_gas: GasAmount(1), l2_gas: GasAmount(2) },
        deployed: Some(address(0xde)),
        thread: Some(ThreadOutcome {
            error: None,
            failed_segment: None,
            segments: u32::MAX,
            settled_segments: u32::MAX,
            package_bytes: u64::MAX,
            verify_micros: Some(12_000),
        }),
    };
    let reverted = |error: Option<SettleError>| Receipt {
        status: ExecutionStatus::Reverted { reason: "because \"\u{1f9f5}\"".into() },
        events: vec![],
        messages: vec![],
        deployed: None,
        thread: error.map(|error| ThreadOutcome {
            error: Some(error),
            failed_segment: Some(1),
            segments: 2,
            settled_segments: 1,
            package_bytes: 0,
            verify_micros: None,
        }),
        ..succeeded.clone()
    };
    let conflict = |cell| Conflict { contract: address(1), cell, expected: Felt::MAX, found: Felt::ZERO };
    let cells = [StateCell::Storage(cell(9)), StateCell::Nonce, StateCell::ClassHash];
    let time = LogicalTime { number: BlockNumber(u64::MAX), timestamp: BlockTimestamp(1) };
    let stale = |cell| {
        let sub_block = (cell != StateCell::Nonce).then_some(time);
        StaleCell { contract: address(1), cell, block: BlockNumber(2), sub_block }
    };
    let errors = [
        SettleError::Conflicts(cells.map(conflict).to_vec()),
        SettleError::StaleBase { base: time, cells: cells.map(stale).to_vec() },
        SettleError::OsVersion { os_program_hash: Felt::ONE },
        SettleError::BaseBlockTooOld { number: 1, age: u64::MAX, max_age: 10_000 },
        SettleError::InnerTransaction {
            index: 2,
            computed: TransactionHash(Felt::ONE),
            named: TransactionHash(Felt::TWO),
        },
        SettleError::ClassMetering { class_hash: ClassHash(Felt::TWO), expected: true },
        SettleError::ClassLegacy { class_hash: ClassHash(Felt::MAX) },
        SettleError::Proof { reason: "weak".into() },
    ];
    let mut receipts: Vec<_> = errors.into_iter().map(|error| reverted(Some(error))).collect();
    receipts.extend([reverted(None), succeeded]);
    receipts
}

#[test]
fn transactions_receipts_and_packages() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let mut storage = Storage::open(directory.path())?;
    commit(&storage, Default::default())?;
    let mut block = next_block(&storage, Default::default())?;
    let bodies = bodies();
    let transactions: Vec<_> = bodies
        .iter()
        .flat_map(|body| receipts().into_iter().map(move |receipt| (body.clone(), receipt)))
        .zip(1u64..)
        .map(|((body, receipt), n)| BlockTransaction { hash: TransactionHash(Felt::from(n)), body, receipt })
        .collect();
    let package = long_package();
    let digest = digest(&package);
    block.transactions = transactions.clone();
    block.packages = vec![(digest, Arc::new(package.clone()))];
    block.traces = vec![TransactionTrace::default(); transactions.len()];
    block.header.n_transactions = transactions.len();
    storage.commit(block)?;

    for _ in 0..2 {
        assert_eq!(storage.transactions(BlockNumber(0))?, Some(vec![]));
        assert_eq!(storage.transactions(BlockNumber(1))?, Some(transactions.clone()));
        assert_eq!(storage.transactions(BlockNumber(2))?, None);
        for (index, transaction) in transactions.iter().enumerate() {
            assert_eq!(storage.transaction_at(BlockNumber(1), index)?.as_ref(), Some(transaction));
            let found = storage.transaction(transaction.hash)?;
            assert_eq!(found, Some((BlockNumber(1), index, transaction.clone())));
        }
        for index in [transactions.len(), u32::MAX as usize, usize::MAX] {
            assert_eq!(storage.transaction_at(BlockNumber(1), index)?, None);
        }
        assert_eq!(storage.transaction(TransactionHash(Felt::MAX))?, None);
        assert_eq!(storage.package(digest)?.as_ref(), Some(&package));
        assert_eq!(storage.package_contents(digest, 9)?, Some(package.contents(9)));
        assert_eq!(storage.package_contents(digest, 0)?, Some(package.contents(0)));
        assert_eq!(storage.package_summary(digest)?, Some(PackageSummary::of(&package)));
        assert_eq!(storage.segment_of(digest, 1)?, Some((package.segments[0].contents(), 1)));
        assert_eq!(storage.segment_of(digest, 2)?, None);
        let unknown = PackageDigest(Felt::ONE);
        assert_eq!((storage.package(unknown)?, storage.package_summary(unknown)?), (None, None));
        drop(storage);
        storage = Storage::open(directory.path())?;
    }
    Ok(())
}

#[test]
fn headers() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = Storage::open(directory.path())?;
    let price = |n: u64| GasPricePerToken {
        price_in_fri: GasPrice(u128::MAX - u128::from(n)),
        price_in_wei: GasPrice(n.into()),
    };
    let mut block = next_block(&storage, ThinStateDiff::default())?;
    let header = BlockHeader {
        block_hash: BlockHash(Felt::MAX),
        block_header_without_hash: BlockHeaderWithoutHash {
            l1_gas_price: price(1),
            l1_data_gas_price: price(2),
            l2_gas_price: price(3),
            l2_gas_consumed: GasAmount(u64::MAX),
            next_l2_gas_price: GasPrice(u128::MAX),
            sequencer: SequencerContractAddress(address(0x5e9)),
            timestamp: BlockTimestamp(u64::MAX),
            l1_da_mode: L1DataAvailabilityMode::Blob,
            starknet_version: StarknetVersion::LATEST,
            fee_proposal_fri: Some(GasPrice(5)),
            ..block.header.block_header_without_hash
        },
        state_diff_commitment: Some(StateDiffCommitment(PoseidonHash(Felt::ONE))),
        state_diff_length: Some(2),
        transaction_commitment: Some(TransactionCommitment(Felt::from(3))),
        event_commitment: Some(EventCommitment(Felt::from(4))),
        n_transactions: 5,
        n_events: 6,
        receipt_commitment: Some(ReceiptCommitment(Felt::from(7))),
    };
    let receipt = receipts().remove(0);
    let body = Transaction::Invoke(invoke(vec![]));
    block.transactions = (0..5u64)
        .map(|n| BlockTransaction {
            hash: TransactionHash(Felt::from(n)),
            body: body.clone(),
            receipt: receipt.clone(),
        })
        .collect();
    block.traces = vec![TransactionTrace::default(); 5];
    block.header = header.clone();
    storage.commit(block)?;
    assert_eq!(storage.header(BlockNumber(0))?, Some(header));
    assert_eq!(storage.block_number(BlockHash(Felt::MAX))?, Some(BlockNumber(0)));
    assert_eq!(storage.block_number(BlockHash(Felt::ONE))?, None);
    Ok(())
}

/// A standard contract, as taken from the registry at build time.
fn artifact(name: &str) -> anyhow::Result<serde_json::Value> {
    let path = format!("{}/../target/third-party/contracts/{name}", env!("CARGO_MANIFEST_DIR"));
    Ok(serde_json::from_slice(&std::fs::read(path)?)?)
}

/// Real classes: CASM hints and Cairo 0 ABIs are what trips codecs up.
#[test]
fn classes() -> anyhow::Result<()> {
    let mut sierra = artifact("oz_account_1.0.0.sierra")?;
    sierra.as_object_mut().expect("an object").remove("abi");
    let class: ContractClass = serde_json::from_value(sierra)?;
    let program = class.extract_sierra_program(false)?;
    let compiled = CasmContractClass::from_contract_class(class, program, false, usize::MAX)?;
    assert!(!compiled.hints.is_empty());
    let legacy: starknet_api::deprecated_contract_class::ContractClass =
        serde_json::from_value(artifact("udc_legacy.json")?)?;
    assert!(legacy.abi.is_some());

    let directory = tempfile::tempdir()?;
    let mut storage = Storage::open(directory.path())?;
    let mut block = next_block(&storage, ThinStateDiff::default())?;
    let record = |definition| ClassRecord {
        definition,
        compiled_class_hash: CompiledClassHash(Felt::ONE),
        declared_at: BlockNumber(0),
    };
    let sierra_version = "1.6.0".to_string();
    let compiled_class_hash = CompiledClassHash(Felt::TWO);
    let code = Hardened::Code { casm: Arc::new(compiled.clone()), compiled_class_hash };
    let refused = Hardened::Refused { reason: "too wide".to_string() };
    let classes = [
        (
            ClassHash(Felt::ONE),
            record(ClassDefinition::Sierra {
                sierra: sierra_class(),
                casm: compiled.clone(),
                sierra_version,
                hardened: BTreeMap::from([(1, code.clone()), (2, refused.clone())]),
            }),
        ),
        (ClassHash(Felt::MAX), record(ClassDefinition::Legacy { class: legacy })),
    ];
    block.classes = classes.to_vec();
    storage.commit(block)?;
    drop(storage);
    storage = Storage::open(directory.path())?;
    for _from_disk_then_from_the_cache in 0..2 {
        for (hash, class) in &classes {
            assert_eq!(storage.class(*hash)?.as_deref(), Some(class));
            let is_sierra = *hash == ClassHash(Felt::ONE);
            assert_eq!(class.hardened(1), is_sierra.then_some(&code));
            assert_eq!(class.hardened(2), is_sierra.then_some(&refused));
            assert_eq!(class.hardened(3), None);
            assert_eq!(storage.state_at(BlockNumber(0)).class(*hash)?.as_deref(), Some(class));
            assert!(storage.state_before_genesis().class(*hash)?.is_none());
        }
    }
    Ok(())
}
