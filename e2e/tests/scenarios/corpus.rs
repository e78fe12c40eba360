//! Sub-blocks of what contracts can do, proved and settled: failures, deployments, cryptography, and all of it together.

#[path = "../../../os/runner/tests/sub_block_support/everything.rs"]
mod everything;

use anyhow::{Context, Result};
use everything::{Op, act, span};
use serde_json::json;
use starknet_api::core::{ClassHash, ContractAddress, calculate_contract_address};
use starknet_api::transaction::fields::{Calldata, ContractAddressSalt};
use starknet_types_core::felt::Felt;
use zkthreads_e2e::token::{STRK, transfer};
use zkthreads_e2e::wallet::{Call, wire};
use zkthreads_e2e::{Receipt, TestNode, hex, sub_block};
use zkthreads_genesis::constants::UDC_ADDRESS;
use zkthreads_protocol::InnerTransaction;

use crate::rust_client::{client, declare, owner};

/// Gas for anything.
const PLENTY: u64 = 1_000_000_000;

/// The generator of secp256k1, in halves.
const GENERATOR: [&str; 4] = [
    "0x29bfcdb2dce28d959f2815b16f81798",
    "0x79be667ef9dcbbac55a06295ce870b07",
    "0xfd17b448a68554199c47d08ffb10d4b8",
    "0x483ada7726a3c4655da4fbfc0e1108a8",
];

/// The contract, declared and deployed on a node.
struct Everything {
    class_hash: Felt,
    address: Felt,
}

impl Everything {
    async fn deploy(node: &TestNode) -> Result<Self> {
        let rich = owner(&client(node)?, node.account(0)).await?;
        let (class_hash, declared) = declare(&rich, "metered/everything").await?;
        node.rpc.wait(declared).await?.succeeded();
        let address = address_of(class_hash, Felt::ZERO)?;
        let calldata = vec![class_hash, Felt::ZERO, Felt::ZERO, Felt::ONE, Felt::ZERO];
        let deploy = Call::new(UDC_ADDRESS, "deployContract", calldata)?;
        let nonce = node.rpc.nonce(node.account(0).address).await?;
        node.rpc.settle(&wire(&node.account(0).invoke(nonce, &[deploy])?, None)).await?.succeeded();
        Ok(Self { class_hash, address })
    }

    /// A call that runs `actions`.
    fn run(&self, actions: &[Vec<Felt>]) -> Result<Call> {
        Call::new(self.address, "run", span(&actions.concat()))
    }

    /// A transaction of the contract itself, as an account that counts Sierra gas.
    fn sign(&self, nonce: u64, actions: &[Vec<Felt>]) -> Result<InnerTransaction> {
        let validate = act(Op::Write, [Felt::from(9), Felt::from(9)]);
        let sender = self.address.try_into()?;
        Ok(everything::transaction(sender, nonce, &validate, &actions.concat(), PLENTY))
    }

    fn failures(&self) -> Result<Call> {
        let panics = selector("run")?;
        let caught = [vec![Felt::ONE, self.address, panics], span(&act(Op::Panic, [Felt::from(7)]))].concat();
        self.run(&[act(Op::Write, [Felt::ONE, Felt::TWO]), act(Op::Call, caught)])
    }

    fn cryptography(&self) -> Result<Call> {
        let keccak = [vec![Felt::ZERO], (0..17_u64).map(Felt::from).collect()].concat();
        let secp = |curve: u64| {
            let point = GENERATOR.map(Felt::from_hex_unchecked);
            [vec![curve.into(), Felt::ONE], point.to_vec()].concat()
        };
        self.run(&[
            act(Op::Keccak, keccak),
            act(Op::Sha256, (0..20_u64).map(Felt::from)),
            act(Op::SecpNew, secp(0)),
            act(Op::SecpNew, secp(1)),
        ])
    }

    /// Deploys the same class once more, from nobody's address.
    fn deployment(&self, salt: u64) -> Result<Call> {
        self.run(&[act(Op::Deploy, [Felt::ZERO, self.class_hash, salt.into(), Felt::ONE, Felt::ZERO])])
    }
}

fn selector(name: &str) -> Result<Felt> {
    Ok(Call::new(Felt::ZERO, name, vec![])?.selector)
}

fn address_of(class_hash: Felt, salt: Felt) -> Result<Felt> {
    let calldata = Calldata(vec![Felt::ZERO].into());
    let nobody = ContractAddress::default();
    let address =
        calculate_contract_address(ContractAddressSalt(salt), ClassHash(class_hash), &calldata, nobody)?;
    Ok(*address.0.key())
}

/// Proves a sub-block on the latest block and settles it; returns the receipts of its transactions.
async fn settle(node: &TestNode, transactions: Vec<InnerTransaction>) -> Result<Vec<Receipt>> {
    let package = sub_block::prove_on_latest(node, transactions).await?;
    let nonce = node.rpc.nonce(node.account(0).address).await?;
    let thread = node.account(0).thread(nonce, sub_block::os_program_hash(), &package.encode())?;
    let receipt = node.rpc.settle(&thread).await?;
    receipt.succeeded();
    let params = json!({ "transaction_hash": hex(receipt.hash) });
    let receipts = node.rpc.call("zkthread_getInnerReceipts", params).await?;
    receipts.as_array().context("no receipts")?.iter().cloned().map(Receipt::parse).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn corpus_sub_blocks_are_proved_and_settled() -> Result<()> {
    let node = TestNode::start()?;
    let everything = Everything::deploy(&node).await?;

    // Failures: one that is caught, one that is not, a call of nobody.
    let nobody = Call::new(Felt::from(0xdead), "run", vec![])?;
    let receipts = settle(
        &node,
        vec![
            node.account(1).inner(0, &[everything.failures()?])?,
            node.account(2).inner(0, &[everything.run(&[act(Op::Panic, [Felt::from(7)])])?])?,
            node.account(3).inner(0, &[nobody])?,
        ],
    )
    .await?;
    receipts[0].succeeded();
    assert!(receipts[1].reverted().contains("0x7"), "{}", receipts[1].reverted());
    assert!(receipts[2].reverted().contains("dead is not deployed"), "{}", receipts[2].reverted());
    assert_eq!(node.rpc.nonce(node.account(3).address).await?, 1);

    // Cryptography.
    let receipts = settle(&node, vec![node.account(1).inner(1, &[everything.cryptography()?])?]).await?;
    receipts.iter().for_each(Receipt::succeeded);

    // All together, with an account that counts gas.
    let receipts = settle(
        &node,
        vec![
            everything.sign(0, &[act(Op::Write, [Felt::ONE, Felt::from(3)])])?,
            node.account(1).inner(2, &[everything.deployment(5)?, everything.failures()?])?,
            everything.sign(1, &[act(Op::Panic, [Felt::ZERO; 0])])?,
            node.account(2)
                .inner(1, &[transfer(STRK, node.account(3).address, 5)?, everything.cryptography()?])?,
        ],
    )
    .await?;
    for (index, receipt) in receipts.iter().enumerate() {
        if index == 2 { assert!(!receipt.reverted().is_empty()) } else { receipt.succeeded() }
    }
    let params = json!({ "block_id": "latest", "contract_address": hex(address_of(everything.class_hash, Felt::from(5))?) });
    let deployed = node.rpc.call("starknet_getClassHashAt", params).await?;
    assert_eq!(deployed, json!(hex(everything.class_hash)));
    Ok(())
}
