//! The attacks. Each keeps many requests under way at once and does not wait for answers longer than it has to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use starknet_api::execution_resources::GasAmount;
use starknet_api::transaction::fields::{Tip, ValidResourceBounds};
use starknet_rust::core::utils::get_selector_from_name;
use starknet_types_core::felt::Felt;
use tokio::task::JoinSet;
use zkthreads_e2e::wallet::{CHAIN_ID, wire};
use zkthreads_e2e::{Call, Rpc, TestNode, Wallet, hex, sub_block};
use zkthreads_genesis::constants::UDC_ADDRESS;
use zkthreads_protocol::Package;

use crate::rust_client::{client, declare, owner};

/// Requests that are under way at once.
const AT_ONCE: usize = 64;

/// After how long an answer is not waited for any more.
const IMPATIENCE: Duration = Duration::from_millis(50);

/// What is sent again and again; `number` counts the requests.
pub(crate) type Attack = fn(&Attacker, number: u64) -> Result<Request>;

/// One request.
pub(crate) struct Request {
    body: String,
    /// Whether the attacker goes away before there is an answer.
    is_abandoned: bool,
}

/// All attacks: name, attack, whether the node holds it off.
pub(crate) const ATTACKS: [(&str, Attack, bool); 6] = [
    (
        "long calls, abandoned",
        |attacker, _| Ok(Request::abandoned("starknet_call", attacker.long_call())),
        true,
    ),
    ("long calls", |attacker, _| Ok(Request::patient("starknet_call", attacker.long_call())), true),
    ("checkThread, abandoned", Attacker::check_thread, true),
    ("simulations", Attacker::simulation, true),
    ("unsigned invokes", Attacker::unsigned, true),
    // Who is executed first is who pays the highest tip.
    ("curve invokes, high tip", Attacker::curve_invoke, false),
];

/// Who attacks.
pub(crate) struct Attacker {
    rpc: Rpc,
    accounts: Vec<Wallet>,
    contract: Felt,
    package: Package,
    ended: Arc<AtomicBool>,
}

/// The accounts that the attacker has.
pub(crate) fn accounts(node: &TestNode) -> &[Wallet] {
    &node.accounts[4..]
}

/// Puts `contracts/greedy.cairo` on the chain.
pub(crate) async fn greedy(node: &TestNode) -> Result<Felt> {
    let rich = owner(&client(node)?, node.account(0)).await?;
    let (class_hash, declared) = declare(&rich, "greedy").await?;
    node.rpc.wait(declared).await?.succeeded();
    let deploy =
        Call::new(UDC_ADDRESS, "deployContract", vec![class_hash, Felt::ZERO, Felt::ZERO, Felt::ZERO])?;
    let nonce = node.rpc.nonce(node.account(0).address).await?;
    let receipt = node.rpc.settle(&wire(&node.account(0).invoke(nonce, &[deploy])?, None)).await?;
    receipt.succeeded();
    let deployed = receipt.events().iter().find(|event| event["from_address"] == hex(UDC_ADDRESS));
    zkthreads_e2e::felt(&deployed.map(|event| event["data"][0].clone()).unwrap_or_default())
}

impl Request {
    fn abandoned(method: &str, params: Value) -> Self {
        Self { is_abandoned: true, ..Self::patient(method, params) }
    }

    fn patient(method: &str, params: Value) -> Self {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        Self { body: body.to_string(), is_abandoned: false }
    }
}

impl Attacker {
    pub(crate) async fn new(node: &TestNode, contract: Felt, ended: Arc<AtomicBool>) -> Result<Self> {
        let (rpc, accounts) = (Rpc::new(node.rpc.url())?, accounts(node).to_vec());
        let package = sub_block::standard(node).await?;
        Ok(Self { rpc, accounts, contract, package, ended })
    }

    /// Attacks until it is told to end. Takes one core at most.
    pub(crate) fn run(self, attack: Attack) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut under_way = JoinSet::new();
            let mut number = 0;
            while !self.ended.load(Ordering::Relaxed) {
                while under_way.len() < AT_ONCE {
                    let Request { body, is_abandoned } = attack(&self, number)?;
                    let rpc = self.rpc.clone();
                    number += 1;
                    under_way.spawn(async move {
                        let limit = if is_abandoned { IMPATIENCE } else { Duration::MAX };
                        // What becomes of it is no matter.
                        let _ = tokio::time::timeout(limit, rpc.post(body)).await;
                    });
                }
                under_way.join_next().await;
            }
            Ok(())
        })
    }

    /// Executes as long as a call may: a million multiplications on the curve.
    fn long_call(&self) -> Value {
        let multiply = get_selector_from_name("multiply_point").unwrap_or_default();
        let calldata = [10.into(), multiply, Felt::ONE, Felt::from(100_000)].map(hex);
        json!({
            "request": {
                "contract_address": hex(self.contract),
                "entry_point_selector": hex(get_selector_from_name("call_itself").unwrap_or_default()),
                "calldata": calldata,
            },
            "block_id": "latest",
        })
    }

    fn account(&self, number: u64) -> &Wallet {
        let index = usize::try_from(number).unwrap_or_default() % self.accounts.len();
        &self.accounts[index]
    }

    /// A small package that decodes, different each time; its proof is none.
    fn check_thread(&self, number: u64) -> Result<Request> {
        let mut package = self.package.clone();
        for segment in &mut package.segments {
            segment.proof = number.to_le_bytes().to_vec();
        }
        let thread = self.account(number).thread(0, sub_block::os_program_hash(), &package.encode())?;
        Ok(Request::abandoned("zkthread_checkThread", json!({ "invoke_transaction": thread })))
    }

    fn simulation(&self, number: u64) -> Result<Request> {
        let multiply = Call::new(self.contract, "multiply_point", vec![20_000.into()])?;
        let invokes = (0..50).map(|nonce| {
            Ok(wire(&self.account(number).invoke(nonce, std::slice::from_ref(&multiply))?, None))
        });
        let params = json!({
            "block_id": "latest",
            "transactions": invokes.collect::<Result<Vec<_>>>()?,
            "simulation_flags": ["SKIP_VALIDATE"],
        });
        Ok(Request::patient("starknet_simulateTransactions", params))
    }

    /// Whose signature is wrong.
    fn unsigned(&self, number: u64) -> Result<Request> {
        let account = self.account(number);
        let mut invoke = account.invoke(0, &[])?;
        invoke.tip = Tip(number);
        Ok(Request::patient(
            "starknet_addInvokeTransaction",
            json!({ "invoke_transaction": wire(&invoke, None) }),
        ))
    }

    /// First in each block, cheap in gas and long to execute.
    fn curve_invoke(&self, number: u64) -> Result<Request> {
        let account = self.account(number);
        let nonce = number / u64::try_from(self.accounts.len())?;
        let multiply = Call::new(self.contract, "multiply_point", vec![100_000.into()])?;
        let mut invoke = account.invoke(nonce, &[multiply])?;
        if let ValidResourceBounds::AllResources(bounds) = &mut invoke.resource_bounds {
            bounds.l2_gas.max_amount = GasAmount(400_000_000);
        }
        invoke.tip = Tip(1_000);
        let invoke = account.sign(invoke, &CHAIN_ID)?;
        Ok(Request::patient(
            "starknet_addInvokeTransaction",
            json!({ "invoke_transaction": wire(&invoke, None) }),
        ))
    }
}
