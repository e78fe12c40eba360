//! Calls, estimates, simulations, and the two transactions that bring code.

use serde_json::{Value, json};
use starknet_api::abi::abi_utils::{get_storage_var_address, selector_from_name};
use starknet_api::block::BlockNumber;
use starknet_api::core::{ClassHash, CompiledClassHash};
use starknet_api::transaction::fields::{AllResourceBounds, ValidResourceBounds};
use starknet_types_core::felt::Felt;
use zkthreads_execution::class::compile;
use zkthreads_storage::ClassDefinition;

use crate::chain::{ALICE, BALANCE, BOB, Chain, STRK, flattened};
use crate::code::{Declare, DeployAccount};
use crate::transactions::{invoke, sign, to_json, transfer, unsigned};

fn call(contract: Felt, entry_point: &str, calldata: Vec<Felt>) -> Value {
    json!({
        "contract_address": contract,
        "entry_point_selector": selector_from_name(entry_point),
        "calldata": calldata,
    })
}

/// An error's calls (contract and selector), the outermost first, and what the innermost said.
fn unfolded(mut error: &Value) -> (Vec<(Value, Value)>, &str) {
    let mut calls = Vec::new();
    while error.is_object() {
        assert!(error["class_hash"].is_string(), "{error}");
        calls.push((error["contract_address"].clone(), error["selector"].clone()));
        error = &error["error"];
    }
    (calls, error.as_str().expect("a reason"))
}

#[tokio::test(flavor = "multi_thread")]
async fn calls() {
    let chain = Chain::start().await;
    let latest = ("block_id", json!("latest"));
    let request = ("request", call(STRK, "balance_of", vec![ALICE]));
    assert_eq!(
        chain.both("starknet_call", &[request, latest]).await,
        json!([format!("{BALANCE:#x}"), "0x0"])
    );
    let error = |request: Value| chain.error("starknet_call", json!([request, "latest"]));
    assert_eq!(error(call(STRK, "nothing_like_it", vec![])).await.code, 21);
    assert_eq!(error(call(Felt::from(0x99), "balance_of", vec![])).await.code, 20);
    let reverted = error(call(STRK, "balance_of", vec![])).await;
    assert_eq!(reverted.code, 40);
    let (calls, reason) = unfolded(&reverted.data["revert_error"]);
    assert_eq!(calls, [(json!(STRK), json!(selector_from_name("balance_of").0))]);
    assert!(reason.contains("Failed to deserialize param #1"), "{reason}");
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn estimates_and_simulations() {
    let chain = Chain::start().await;
    let first = to_json(&invoke(ALICE, 0, transfer(BOB, 5)));
    let mut second = to_json(&unsigned(ALICE, 1, transfer(BOB, BALANCE * 2)));
    second["version"] = "0x100000000000000000000000000000003".into();
    let estimate = chain
        .both(
            "starknet_estimateFee",
            &[("request", json!([first])), ("simulation_flags", json!([])), ("block_id", json!("latest"))],
        )
        .await;
    assert_eq!(estimate[0]["unit"], "FRI");
    assert_eq!(estimate[0]["l2_gas_price"], "0x3b9aca00");
    assert_ne!(estimate[0]["overall_fee"], "0x0");
    let reverting = json!([[first, second], ["SKIP_VALIDATE"], "latest"]);
    let error = chain.error("starknet_estimateFee", reverting).await;
    assert_eq!((error.code, &error.data["transaction_index"]), (41, &json!(1)), "{error:?}");
    let (calls, reason) = unfolded(&error.data["execution_error"]);
    let called = [(ALICE, "__execute__"), (STRK, "transfer")];
    assert_eq!(calls, called.map(|(contract, name)| (json!(contract), json!(selector_from_name(name).0))));
    assert!(reason.contains("insufficient balance"), "{reason}");
    let unsigned = json!([[to_json(&unsigned(ALICE, 0, transfer(BOB, 5)))], [], "latest"]);
    let error = chain.error("starknet_estimateFee", unsigned).await;
    let (calls, reason) = unfolded(&error.data["execution_error"]);
    assert_eq!(error.code, 41);
    assert_eq!(calls, [(json!(ALICE), json!(selector_from_name("__validate__").0))]);
    assert!(reason.contains("invalid signature"), "{reason}");

    let simulated = chain
        .both(
            "starknet_simulateTransactions",
            &[
                ("block_id", json!("latest")),
                ("transactions", json!([first, second])),
                ("simulation_flags", json!(["SKIP_VALIDATE", "SKIP_FEE_CHARGE"])),
            ],
        )
        .await;
    let trace = &simulated[0]["transaction_trace"];
    assert_eq!(trace["type"], "INVOKE");
    let execute = &trace["execute_invocation"];
    assert_eq!(execute["entry_point_selector"], json!(selector_from_name("__execute__")));
    assert_eq!((&execute["call_type"], &execute["entry_point_type"]), (&json!("CALL"), &json!("EXTERNAL")));
    let inner = &execute["calls"][0];
    assert_eq!((&inner["contract_address"], &inner["caller_address"]), (&json!(STRK), &json!(ALICE)));
    assert_eq!(inner["events"].as_array().unwrap().len(), 1);
    assert!(inner["execution_resources"]["l2_gas"].as_u64().unwrap() > 0);
    assert_eq!(trace["state_diff"]["nonces"], json!([{ "contract_address": ALICE, "nonce": "0x1" }]));
    assert!(simulated[1]["transaction_trace"]["execute_invocation"]["revert_reason"].is_string());
    let flags = json!(["SKIP_VALIDATE", "SKIP_FEE_CHARGE", "RETURN_INITIAL_READS"]);
    let with_reads =
        chain.ok("starknet_simulateTransactions", json!(["latest", [first, second], flags])).await;
    assert_eq!(with_reads["simulated_transactions"], simulated);
    let read = json!({
        "contract_address": STRK,
        "key": get_storage_var_address("ERC20_balances", &[BOB]),
        "value": format!("{BALANCE:#x}"),
    });
    assert!(with_reads["initial_reads"]["storage"].as_array().unwrap().contains(&read), "{with_reads}");
    assert_eq!(chain.ok("starknet_blockNumber", json!([])).await, 0);
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nonces_may_be_ahead_if_nobody_signs_and_zero_is_offered_only_where_nothing_is_charged() {
    let chain = Chain::start().await;
    let estimate: fn(&Value, Value) -> (&'static str, Value) =
        |transaction, flags| ("starknet_estimateFee", json!([[transaction], flags, "latest"]));
    let simulate: fn(&Value, Value) -> (&'static str, Value) =
        |transaction, flags| ("starknet_simulateTransactions", json!(["latest", [transaction], flags]));
    let ahead = to_json(&invoke(ALICE, 3, transfer(BOB, 5)));
    for question in [estimate, simulate] {
        let (method, params) = question(&ahead, json!([]));
        let error = chain.error(method, params).await;
        let reason = error.data["execution_error"].as_str().unwrap_or_default();
        assert_eq!(error.code, 41);
        assert!(reason.contains("invalid nonce"), "{method}: {reason}");
        let (method, params) = question(&ahead, json!(["SKIP_VALIDATE"]));
        chain.ok(method, params).await;
    }
    let mut free = unsigned(ALICE, 0, transfer(BOB, 5));
    free.resource_bounds = ValidResourceBounds::AllResources(AllResourceBounds::default());
    let free = to_json(&sign(free));
    let (method, params) = simulate(&free, json!([]));
    assert_eq!(chain.error(method, params).await.code, 41);
    for (method, params) in [estimate(&free, json!([])), simulate(&free, json!(["SKIP_FEE_CHARGE"]))] {
        chain.ok(method, params).await;
    }
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn declare_and_deploy() {
    let chain = Chain::start().await;
    let class = flattened("contracts/probe.sierra.json");
    let class_hash = class.calculate_class_hash();
    let compiled = compile(class.clone()).unwrap();
    let wrong = Declare::new(ALICE, 0, class.clone(), CompiledClassHash(Felt::ONE));
    assert_eq!(chain.error("starknet_addDeclareTransaction", json!([wrong.request()])).await.code, 60);
    let declare = Declare::new(ALICE, 0, class.clone(), compiled.compiled_class_hash);
    let added =
        chain.ok("starknet_addDeclareTransaction", json!({ "declare_transaction": declare.request() })).await;
    assert_eq!(added, json!({ "transaction_hash": declare.hash(), "class_hash": class_hash }));
    let receipt = chain.ok("starknet_getTransactionReceipt", json!([declare.hash()])).await;
    assert_eq!((&receipt["type"], &receipt["execution_status"]), (&json!("DECLARE"), &json!("SUCCEEDED")));
    let transaction = chain.ok("starknet_getTransactionByHash", json!([declare.hash()])).await;
    assert_eq!(transaction["class_hash"], json!(class_hash));
    let trace = chain.ok("starknet_traceTransaction", json!([declare.hash()])).await;
    assert_eq!(trace["type"], "DECLARE");
    let declared = json!([{ "class_hash": class_hash, "compiled_class_hash": compiled.compiled_class_hash }]);
    assert_eq!(trace["state_diff"]["declared_classes"], declared);
    let declared = chain.ok("starknet_getClass", json!(["latest", class_hash])).await;
    assert_eq!(declared["sierra_program"], json!(class.sierra_program));
    let earlier = json!([{ "block_number": 0 }, class_hash]);
    assert_eq!(chain.error("starknet_getClass", earlier).await.code, 28);
    let again = Declare::new(ALICE, 1, class, compiled.compiled_class_hash);
    assert_eq!(chain.error("starknet_addDeclareTransaction", json!([again.request()])).await.code, 51);

    let casm = chain.both("starknet_getCompiledCasm", &[("class_hash", json!(class_hash))]).await;
    let ClassDefinition::Sierra { casm: expected, .. } = compiled.definition else { panic!("not Sierra") };
    assert_eq!(casm["bytecode"], json!(expected.bytecode));
    assert_eq!(casm["hints"].as_array().unwrap().len(), expected.hints.len());
    let negative = |hints: &Value| hints.to_string().contains(r#""Immediate":"-"#);
    assert!(negative(&json!(expected.hints)) && !negative(&casm["hints"]));
    let external = casm["entry_points_by_type"]["EXTERNAL"].as_array().unwrap();
    assert_eq!(external.len(), expected.entry_points_by_type.external.len());
    let lengths = casm["bytecode_segment_lengths"].as_array().unwrap();
    let length: u64 = lengths.iter().map(|length| length.as_u64().unwrap()).sum();
    assert_eq!(length, expected.bytecode.len() as u64);
    for class in [
        chain.account_class,
        chain.executor.storage().state_at(BlockNumber(0)).class_hash(STRK.try_into().unwrap()).unwrap(),
    ] {
        chain.ok("starknet_getCompiledCasm", json!([class])).await;
    }
    assert_eq!(chain.error("starknet_getCompiledCasm", json!(["0x99"])).await.code, 28);
    let legacy = chain.error("starknet_getCompiledCasm", json!([chain.legacy_class])).await;
    assert_eq!(legacy.code, 100);
    assert!(legacy.data["compilation_error"].is_string(), "{legacy:?}");

    deploys_an_account(&chain).await;
    chain.server.stop().await;
}

async fn deploys_an_account(chain: &Chain) {
    let deploy = DeployAccount::new(chain.account_class, 7);
    let fund = invoke(BOB, 0, transfer(*deploy.address().0.key(), BALANCE / 2));
    chain.ok("starknet_addInvokeTransaction", json!([to_json(&fund)])).await;
    let undeclared = DeployAccount::new(ClassHash(Felt::from(0x99)), 7).request();
    let error = chain.error("starknet_addDeployAccountTransaction", json!([undeclared])).await;
    assert_eq!(error.code, 28, "{error:?}");
    let request = json!({ "deploy_account_transaction": deploy.request() });
    let added = chain.ok("starknet_addDeployAccountTransaction", request).await;
    assert_eq!(added, json!({ "transaction_hash": deploy.hash(), "contract_address": deploy.address() }));
    let receipt = chain.ok("starknet_getTransactionReceipt", json!([deploy.hash()])).await;
    assert_eq!(receipt["type"], "DEPLOY_ACCOUNT");
    assert_eq!(receipt["contract_address"], json!(deploy.address()));
    assert_eq!(chain.ok("starknet_getNonce", json!(["latest", deploy.address()])).await, "0x1");
    let trace = chain.ok("starknet_traceTransaction", json!([deploy.hash()])).await;
    assert_eq!(trace["type"], "DEPLOY_ACCOUNT");
    assert_eq!(trace["constructor_invocation"]["entry_point_type"], "CONSTRUCTOR");
    let deployed = json!([{ "address": deploy.address(), "class_hash": chain.account_class }]);
    assert_eq!(trace["state_diff"]["deployed_contracts"], deployed);
    let shown = chain.ok("starknet_getTransactionByHash", json!([deploy.hash()])).await;
    assert_eq!((&shown["type"], &shown["contract_address_salt"]), (&json!("DEPLOY_ACCOUNT"), &json!("0x7")));
}
