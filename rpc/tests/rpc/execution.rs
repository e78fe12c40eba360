//! Calls, estimates, simulations, and the two transactions that bring code.

use serde_json::{Value, json};
use starknet_api::abi::abi_utils::{get_storage_var_address, selector_from_name};
use starknet_api::core::{
    ChainId, ClassHash, CompiledClassHash, ContractAddress, Nonce, calculate_contract_address,
};
use starknet_api::transaction::fields::{Calldata, ContractAddressSalt};
use starknet_api::transaction::{
    DeclareTransactionV3, DeployAccountTransactionV3, TransactionHasher, TransactionVersion,
};
use starknet_types_core::felt::Felt;
use zkthreads_execution::class::compile;

use crate::chain::{ALICE, BALANCE, BOB, Chain, KEY, STRK, flattened};
use crate::transactions::{bounds, invoke, signature, to_json, transfer, unsigned};

fn call(contract: Felt, entry_point: &str, calldata: Vec<Felt>) -> Value {
    json!({
        "contract_address": contract,
        "entry_point_selector": selector_from_name(entry_point),
        "calldata": calldata,
    })
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
    assert!(reverted.data["revert_error"].as_str().is_some_and(|reason| !reason.is_empty()), "{reverted:?}");
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
    let unsigned = json!([[to_json(&unsigned(ALICE, 0, transfer(BOB, 5)))], [], "latest"]);
    assert_eq!(chain.error("starknet_estimateFee", unsigned).await.code, 41);

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
async fn declare_and_deploy() {
    let chain = Chain::start().await;
    let class = flattened("contracts/probe.sierra.json");
    let class_hash = class.calculate_class_hash();
    let envelope = unsigned(ALICE, 0, vec![]);
    let declare = DeclareTransactionV3 {
        resource_bounds: envelope.resource_bounds,
        tip: envelope.tip,
        signature: Default::default(),
        nonce: envelope.nonce,
        class_hash,
        compiled_class_hash: compile(class.clone()).unwrap().compiled_class_hash,
        sender_address: envelope.sender_address,
        nonce_data_availability_mode: envelope.nonce_data_availability_mode,
        fee_data_availability_mode: envelope.fee_data_availability_mode,
        paymaster_data: Default::default(),
        account_deployment_data: Default::default(),
    };
    let hash = |declare: &DeclareTransactionV3| {
        declare.calculate_transaction_hash(&ChainId::Sepolia, &TransactionVersion::THREE).unwrap().0
    };
    let request = |declare: &DeclareTransactionV3| {
        json!({
            "type": "DECLARE", "version": "0x3", "sender_address": ALICE, "nonce": declare.nonce,
            "compiled_class_hash": declare.compiled_class_hash, "contract_class": class,
            "signature": signature(hash(declare)), "resource_bounds": bounds(&declare.resource_bounds),
            "tip": "0x0", "paymaster_data": [], "account_deployment_data": [],
            "nonce_data_availability_mode": "L1", "fee_data_availability_mode": "L1",
        })
    };
    let wrong = DeclareTransactionV3 { compiled_class_hash: CompiledClassHash(Felt::ONE), ..declare.clone() };
    assert_eq!(chain.error("starknet_addDeclareTransaction", json!([request(&wrong)])).await.code, 60);
    let added =
        chain.ok("starknet_addDeclareTransaction", json!({ "declare_transaction": request(&declare) })).await;
    assert_eq!(added, json!({ "transaction_hash": hash(&declare), "class_hash": class_hash }));
    let receipt = chain.ok("starknet_getTransactionReceipt", json!([hash(&declare)])).await;
    assert_eq!((&receipt["type"], &receipt["execution_status"]), (&json!("DECLARE"), &json!("SUCCEEDED")));
    let transaction = chain.ok("starknet_getTransactionByHash", json!([hash(&declare)])).await;
    assert_eq!(transaction["class_hash"], json!(class_hash));
    let declared = chain.ok("starknet_getClass", json!(["latest", class_hash])).await;
    assert_eq!(declared["sierra_program"], json!(class.sierra_program));
    let earlier = json!([{ "block_number": 0 }, class_hash]);
    assert_eq!(chain.error("starknet_getClass", earlier).await.code, 28);
    let again = DeclareTransactionV3 { nonce: Nonce(Felt::ONE), ..declare };
    assert_eq!(chain.error("starknet_addDeclareTransaction", json!([request(&again)])).await.code, 51);

    deploy_account(&chain).await;
    chain.server.stop().await;
}

async fn deploy_account(chain: &Chain) {
    let constructor_calldata = Calldata(vec![starknet_crypto::get_public_key(&KEY)].into());
    let salt = ContractAddressSalt(Felt::from(7));
    let nobody = ContractAddress::default();
    let address =
        calculate_contract_address(salt, chain.account_class, &constructor_calldata, nobody).unwrap();
    let fund = invoke(BOB, 0, transfer(*address.0.key(), BALANCE / 2));
    chain.ok("starknet_addInvokeTransaction", json!([to_json(&fund)])).await;
    let envelope = unsigned(BOB, 0, vec![]);
    let deploy = DeployAccountTransactionV3 {
        resource_bounds: envelope.resource_bounds,
        tip: envelope.tip,
        signature: Default::default(),
        nonce: Nonce(Felt::ZERO),
        class_hash: chain.account_class,
        contract_address_salt: salt,
        constructor_calldata,
        nonce_data_availability_mode: envelope.nonce_data_availability_mode,
        fee_data_availability_mode: envelope.fee_data_availability_mode,
        paymaster_data: Default::default(),
    };
    let hash = |deploy: &DeployAccountTransactionV3| {
        deploy.calculate_transaction_hash(&ChainId::Sepolia, &TransactionVersion::THREE).unwrap().0
    };
    let request = |deploy: &DeployAccountTransactionV3| {
        json!({
            "type": "DEPLOY_ACCOUNT", "version": "0x3", "nonce": "0x0", "class_hash": deploy.class_hash,
            "contract_address_salt": deploy.contract_address_salt,
            "constructor_calldata": *deploy.constructor_calldata.0, "signature": signature(hash(deploy)),
            "resource_bounds": bounds(&deploy.resource_bounds), "tip": "0x0", "paymaster_data": [],
            "nonce_data_availability_mode": "L1", "fee_data_availability_mode": "L1",
        })
    };
    let undeclared = DeployAccountTransactionV3 { class_hash: ClassHash(Felt::from(0x99)), ..deploy.clone() };
    let error = chain.error("starknet_addDeployAccountTransaction", json!([request(&undeclared)])).await;
    assert_eq!(error.code, 28, "{error:?}");
    let added = chain
        .ok("starknet_addDeployAccountTransaction", json!({ "deploy_account_transaction": request(&deploy) }))
        .await;
    assert_eq!(added, json!({ "transaction_hash": hash(&deploy), "contract_address": address }));
    let receipt = chain.ok("starknet_getTransactionReceipt", json!([hash(&deploy)])).await;
    assert_eq!(receipt["type"], "DEPLOY_ACCOUNT");
    assert_eq!(receipt["contract_address"], json!(address));
    assert_eq!(chain.ok("starknet_getNonce", json!(["latest", address])).await, "0x1");
}
