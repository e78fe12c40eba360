//! Sub-blocks of what contracts can do, proved and settled: failures, deployments, cryptography, and all of it together.

use std::sync::Arc;

use anyhow::{Context, Result};
use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use cairo_lang_starknet_classes::contract_class::ContractClass;
use serde_json::json;
use starknet_api::contract_class::compiled_class_hash::{HashVersion, HashableCompiledClass};
use starknet_api::core::{ClassHash, ContractAddress, calculate_contract_address};
use starknet_api::transaction::fields::{Calldata, ContractAddressSalt};
use starknet_rust::accounts::{Account, ExecutionEncoding, SingleOwnerAccount};
use starknet_rust::core::types::contract::SierraClass;
use starknet_rust::providers::jsonrpc::HttpTransport;
use starknet_rust::providers::{JsonRpcClient, Provider, Url};
use starknet_rust::signers::{LocalWallet, SigningKey};
use starknet_types_core::felt::Felt;
use zkthreads_e2e::token::{STRK, transfer};
use zkthreads_e2e::wallet::{Call, wire};
use zkthreads_e2e::{Receipt, TestNode, hex, sub_block};
use zkthreads_node::devnet::constants::UDC_ADDRESS;
use zkthreads_protocol::InnerTransaction;

/// `contracts/metered/everything.cairo`, which runs lists of actions: opcode, number of arguments, arguments.
const EVERYTHING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts/metered/everything.sierra.json");

const WRITE: u64 = 0;
const CALL: u64 = 4;
const DEPLOY: u64 = 6;
const KECCAK: u64 = 11;
const SHA256: u64 = 12;
const SECP_NEW: u64 = 14;
const PANIC: u64 = 22;

/// The generator of secp256k1, in halves.
const GENERATOR: [&str; 4] = [
    "0x29bfcdb2dce28d959f2815b16f81798",
    "0x79be667ef9dcbbac55a06295ce870b07",
    "0xfd17b448a68554199c47d08ffb10d4b8",
    "0x483ada7726a3c4655da4fbfc0e1108a8",
];

fn action(opcode: u64, arguments: impl IntoIterator<Item = Felt>) -> Vec<Felt> {
    let arguments: Vec<Felt> = arguments.into_iter().collect();
    [vec![opcode.into(), arguments.len().into()], arguments].concat()
}

/// The contract, declared and deployed on a node.
struct Everything {
    class_hash: Felt,
    address: Felt,
}

impl Everything {
    async fn deploy(node: &TestNode) -> Result<Self> {
        let class_hash = declare(node).await?;
        let address = address_of(class_hash, Felt::ZERO)?;
        let calldata = vec![class_hash, Felt::ZERO, Felt::ZERO, Felt::ONE, Felt::ZERO];
        let deploy = Call::new(UDC_ADDRESS, "deployContract", calldata)?;
        let nonce = node.rpc.nonce(node.account(0).address).await?;
        node.rpc.settle(&wire(&node.account(0).invoke(nonce, &[deploy])?, None)).await?.succeeded();
        Ok(Self { class_hash, address })
    }

    /// A call that runs `actions`.
    fn run(&self, actions: &[Vec<Felt>]) -> Result<Call> {
        let program = actions.concat();
        Call::new(self.address, "run", [vec![program.len().into()], program].concat())
    }

    /// A transaction of the contract itself: an account whose signature is a program, too. It counts Sierra gas.
    fn sign(&self, node: &TestNode, nonce: u64, actions: &[Vec<Felt>]) -> Result<InnerTransaction> {
        let mut invoke = node.account(0).invoke(nonce, &[])?;
        let program = actions.concat();
        invoke.sender_address = self.address.try_into()?;
        invoke.calldata = Calldata([vec![program.len().into()], program].concat().into());
        invoke.signature.0 = action(WRITE, [Felt::from(9), Felt::from(9)]).into();
        Ok(InnerTransaction::try_from(invoke)?)
    }

    fn failures(&self) -> Result<Call> {
        let panics = selector("run")?;
        let inner = action(PANIC, [Felt::from(7)]);
        let caught = [vec![Felt::ONE, self.address, panics, inner.len().into()], inner].concat();
        self.run(&[action(WRITE, [Felt::ONE, Felt::TWO]), action(CALL, caught)])
    }

    fn cryptography(&self) -> Result<Call> {
        let keccak = [vec![Felt::ZERO], (0..17_u64).map(Felt::from).collect()].concat();
        let secp = |curve: u64| {
            let point = GENERATOR.map(Felt::from_hex_unchecked);
            [vec![curve.into(), Felt::ONE], point.to_vec()].concat()
        };
        self.run(&[
            action(KECCAK, keccak),
            action(SHA256, (0..20_u64).map(Felt::from)),
            action(SECP_NEW, secp(0)),
            action(SECP_NEW, secp(1)),
        ])
    }

    /// Deploys the same class once more, from nobody's address.
    fn deployment(&self, salt: u64) -> Result<Call> {
        self.run(&[action(DEPLOY, [Felt::ZERO, self.class_hash, salt.into(), Felt::ONE, Felt::ZERO])])
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

async fn declare(node: &TestNode) -> Result<Felt> {
    let client = Arc::new(JsonRpcClient::new(HttpTransport::new(Url::parse(node.rpc.url())?)));
    let wallet = node.account(0);
    let signer = LocalWallet::from(SigningKey::from_secret_scalar(wallet.private_key));
    let chain_id = client.chain_id().await?;
    let owner = SingleOwnerAccount::new(
        Arc::clone(&client),
        signer,
        wallet.address,
        chain_id,
        ExecutionEncoding::New,
    );
    let text = std::fs::read_to_string(EVERYTHING)?;
    let class: ContractClass = serde_json::from_str(&text)?;
    let extracted = class.extract_sierra_program(false)?;
    let casm = CasmContractClass::from_contract_class(class, extracted, true, usize::MAX)?;
    let mut sierra: serde_json::Value = serde_json::from_str(&text)?;
    // Not part of the class, but starknet-rust wants to see it.
    sierra["sierra_program_debug_info"] =
        json!({ "type_names": [], "libfunc_names": [], "user_func_names": [] });
    let sierra: SierraClass = serde_json::from_value(sierra).context("the contract")?;
    let declared =
        owner.declare_v3(Arc::new(sierra.flatten()?), casm.hash(&HashVersion::V2).0).send().await?;
    node.rpc.wait(declared.transaction_hash).await?.succeeded();
    Ok(declared.class_hash)
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
            node.account(2).inner(0, &[everything.run(&[action(PANIC, [Felt::from(7)])])?])?,
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
            everything.sign(&node, 0, &[action(WRITE, [Felt::ONE, Felt::from(3)])])?,
            node.account(1).inner(2, &[everything.deployment(5)?, everything.failures()?])?,
            everything.sign(&node, 1, &[action(PANIC, [])])?,
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
