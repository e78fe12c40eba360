//! Every error of the specification, provoked.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::core::CompiledClassHash;
use starknet_api::state::SierraContractClass;
use starknet_types_core::felt::Felt;

use crate::chain::{ALICE, BOB, Chain, STRK, flattened};
use crate::code::{Declare, DeployAccount};
use crate::package::{envelope, package, to_request};
use crate::spec::{API, EXECUTABLES, SPEC, TRACE, WRITE};
use crate::transactions::{hash, invoke, sign, to_json, transfer, unsigned};

/// Bounds below the block's prices are told by code 53, whose description fits as well, as `starknet-devnet` does. Nothing else is
/// below a minimum.
const FEE_BELOW_MINIMUM: i64 = 65;

/// The codes that were answered so far.
#[derive(Default)]
struct Provoked(BTreeSet<i64>);

impl Provoked {
    async fn provoke(&mut self, chain: &Chain, code: i64, method: &str, params: Value) {
        let error = chain.error(method, params).await;
        assert_eq!(error.code, code, "{method}: {error:?}");
        self.0.insert(code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_error_of_the_specification() {
    let mut provoked = Provoked::default();
    let empty = Chain::start_empty().await;
    provoked.provoke(&empty, 32, "starknet_blockNumber", json!([])).await;
    provoked.provoke(&empty, 32, "starknet_blockHashAndNumber", json!([])).await;
    provoked.provoke(&empty, 24, "starknet_getBlockWithTxs", json!(["pre_confirmed"])).await;
    empty.server.stop().await;

    let chain = Chain::start().await;
    questions(&chain, &mut provoked).await;
    invokes(&chain, &mut provoked).await;
    code(&chain, &mut provoked).await;
    the_pool(&chain, &mut provoked).await;
    chain.server.stop().await;

    for document in [API, WRITE, TRACE, EXECUTABLES] {
        for method in SPEC.methods(document) {
            for error in SPEC.errors(method) {
                assert!(
                    provoked.0.contains(&error.code) || error.code == FEE_BELOW_MINIMUM,
                    "no test of {}, error {}",
                    error.name,
                    error.code
                );
            }
        }
    }
}

async fn questions(chain: &Chain, provoked: &mut Provoked) {
    let call = |contract: Felt, function: &str| {
        let selector = selector_from_name(function);
        json!([{ "contract_address": contract, "entry_point_selector": selector, "calldata": [] }, "latest"])
    };
    let unknown = Felt::from(0x99);
    let token = || json!([{ "continuation_token": "soon", "chunk_size": 1 }]);
    let keys = || json!([{ "keys": vec![["0x1"]; 257], "chunk_size": 1 }]);
    let poor = to_json(&invoke(ALICE, 0, transfer(BOB, u128::MAX)));
    for (code, method, params) in [
        (20, "starknet_call", call(unknown, "balance_of")),
        (20, "starknet_getNonce", json!(["latest", unknown])),
        (21, "starknet_call", call(STRK, "nothing_like_it")),
        (24, "starknet_getBlockWithTxs", json!([{ "block_number": 9 }])),
        (24, "starknet_traceBlockTransactions", json!([{ "block_hash": "0x9" }])),
        (27, "starknet_getTransactionByBlockIdAndIndex", json!(["latest", 0])),
        (28, "starknet_getClass", json!(["latest", unknown])),
        (28, "starknet_getCompiledCasm", json!([unknown])),
        (29, "starknet_getTransactionByHash", json!([unknown])),
        (29, "starknet_traceTransaction", json!([unknown])),
        (29, "starknet_getMessagesStatus", json!([unknown])),
        (31, "starknet_getEvents", json!([{ "chunk_size": 1025 }])),
        (33, "starknet_getEvents", token()),
        (34, "starknet_getEvents", keys()),
        (40, "starknet_call", call(STRK, "balance_of")),
        (41, "starknet_estimateFee", json!([[poor], [], "latest"])),
        (100, "starknet_getCompiledCasm", json!([chain.legacy_class])),
    ] {
        provoked.provoke(chain, code, method, params).await;
    }
}

async fn invokes(chain: &Chain, provoked: &mut Provoked) {
    let good = invoke(ALICE, 0, transfer(BOB, 5));
    let with = |path: &str, value: &str| {
        let mut request = to_json(&good);
        *request.pointer_mut(path).unwrap() = value.into();
        request
    };
    let mut forged = good.clone();
    forged.signature = invoke(ALICE, 1, vec![]).signature;
    let bytes = package(chain, Felt::ZERO).encode();
    let mut without_proof = to_request(&envelope(ALICE, 0, &bytes), &bytes);
    without_proof["proof"] = "".into();
    for (code, request) in [
        (52, to_json(&invoke(ALICE, 500, transfer(BOB, 5)))),
        (53, with("/resource_bounds/l2_gas/max_amount", "0x1")),
        (54, with("/resource_bounds/l2_gas/max_amount", "0xffffffffffffffff")),
        (55, to_json(&forged)),
        (58, to_json(&invoke(Felt::from(0x99), 0, transfer(BOB, 5)))),
        (61, with("/version", "0x1")),
        (63, with("/nonce_data_availability_mode", "L2")),
        (53, with("/resource_bounds/l2_gas/max_price_per_unit", "0x1")),
        (69, without_proof),
    ] {
        provoked.provoke(chain, code, "starknet_addInvokeTransaction", json!([request])).await;
    }
}

async fn code(chain: &Chain, provoked: &mut Provoked) {
    let class = flattened("contracts/probe.sierra.json");
    let declare = |class: SierraContractClass| {
        json!([Declare::new(ALICE, 0, class, CompiledClassHash(Felt::ONE)).request()])
    };
    let with = |change: &dyn Fn(&mut Vec<Felt>)| {
        let mut changed = class.clone();
        change(&mut changed.sierra_program);
        declare(changed)
    };
    let token = flattened("target/third-party/contracts/strk_erc20.sierra");
    let state = chain.executor.storage().state_at(Default::default());
    let compiled = state.class(token.calculate_class_hash()).unwrap().unwrap().compiled_class_hash;
    for (code, params) in [
        (51, json!([Declare::new(ALICE, 0, token, compiled).request()])),
        (56, with(&|program| program.truncate(100))),
        (57, with(&|program| program.resize(81_921, Felt::ONE))),
        (60, declare(class.clone())),
        (62, with(&|program| program[1] = Felt::from(99))),
    ] {
        provoked.provoke(chain, code, "starknet_addDeclareTransaction", params).await;
    }
    let declared = flattened("target/third-party/contracts/strk_erc20.sierra");
    let hash = format!("{:#x}", declared.calculate_class_hash().0);
    let again = json!([Declare::new(ALICE, 0, declared, compiled).request()]);
    let mismatch = declare(class.clone());
    for (params, named) in [(again, hash), (mismatch, "has 0x1,".to_owned())] {
        let error = chain.error("starknet_addDeclareTransaction", params).await;
        assert!(error.data.as_str().is_some_and(|data| data.contains(&named)), "{error:?}");
    }
    let nobody = DeployAccount::new(Default::default(), 7).request();
    provoked.provoke(chain, 28, "starknet_addDeployAccountTransaction", json!([nobody])).await;
}

async fn the_pool(chain: &Chain, provoked: &mut Provoked) {
    chain.pool.hold();
    let first = invoke(ALICE, 0, transfer(BOB, 5));
    chain.ok("starknet_addInvokeTransaction", json!([to_json(&first)])).await;
    provoked.provoke(chain, 59, "starknet_addInvokeTransaction", json!([to_json(&first)])).await;
    let mut second = unsigned(ALICE, 0, transfer(BOB, 6));
    second.tip.0 = 1;
    let mut second = to_json(&sign(second));
    second["tip"] = "0x1".into();
    provoked.provoke(chain, 64, "starknet_addInvokeTransaction", json!([second])).await;

    let error = chain.error("starknet_traceTransaction", json!([hash(&first)])).await;
    assert_eq!((error.code, &error.data), (10, &json!({ "status": "RECEIVED" })));
    let ahead = invoke(BOB, 5, transfer(ALICE, 5));
    chain.ok("starknet_addInvokeTransaction", json!([to_json(&ahead)])).await;
    chain.pool.release();
    let error = chain.error("starknet_traceTransaction", json!([hash(&ahead)])).await;
    assert_eq!((error.code, &error.data), (10, &json!({ "status": "REJECTED" })));
    provoked.0.insert(10);

    chain.executor.storage().prune(1).unwrap();
    provoked.provoke(chain, 42, "starknet_getStorageProof", json!([{ "block_number": 0 }])).await;
}
