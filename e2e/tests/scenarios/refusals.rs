//! (b) to (g): threads that must not settle. What never can is refused at the door, for nothing; everything else is
//! admitted, reverts with its typed reason, and costs its submitter the fee. All else stays as it was.

use anyhow::Result;
use serde_json::{Value, json};
use starknet_api::block::{BlockNumber, BlockTimestamp};
use starknet_api::core::{ClassHash, CompiledClassHash};
use starknet_types_core::felt::Felt;
use zkthreads_e2e::token::{ETH, INITIAL_BALANCE, balance_key, transfer};
use zkthreads_e2e::wallet::wire;
use zkthreads_e2e::{Receipt, TestNode, hex, sub_block};
use zkthreads_protocol::{ContractAccess, OsProgramHash, Package, StorageAccess};

use crate::support::{Purse, Users, check_thread, get_thread};

/// Sends a package that can never settle.
async fn is_refused(
    node: &TestNode,
    os_program_hash: OsProgramHash,
    package: &Package,
    kind: &str,
    reason: &str,
) -> Result<()> {
    let submitter = node.account(0);
    let (users, purse) = (Users::of(node).await?, Purse::of(&node.rpc, submitter.address).await?);
    let transaction = submitter.thread(purse.nonce, os_program_hash, &package.encode())?;
    would_not_settle(node, &transaction, kind).await?;
    for (method, code) in [("starknet_addInvokeTransaction", 69), ("zkthread_addThreadTransaction", 10010)] {
        let refusal = node.rpc.refusal(method, json!({ "invoke_transaction": transaction })).await?;
        assert_eq!(
            (refusal.code, &refusal.data["kind"]),
            (code, &json!("UNSETTLEABLE")),
            "{kind}: {refusal}"
        );
        assert_eq!(refusal.data["error"]["kind"], kind, "{refusal}");
        let message = refusal.data["error"]["message"].as_str().unwrap_or_default();
        assert!(message.starts_with(reason), "{kind}: {refusal}");
    }
    assert_eq!(Purse::of(&node.rpc, submitter.address).await?, purse, "{kind}: nobody pays");
    assert_eq!(Users::of(node).await?, users, "{kind}: the state is untouched");
    Ok(())
}

async fn would_not_settle(node: &TestNode, transaction: &Value, kind: &str) -> Result<()> {
    let check = check_thread(&node.rpc, transaction).await?;
    assert_eq!(check["would_settle"], json!(false), "{kind}: {check}");
    let kinds = check["errors"].as_array().map_or(&[][..], Vec::as_slice);
    assert!(kinds.iter().any(|error| error["kind"] == kind), "{kind}: {check}");
    Ok(())
}

/// Sends a package that must not settle and checks everything that a revert promises.
pub(crate) async fn reverts(node: &TestNode, package: &Package, kind: &str, reason: &str) -> Result<Receipt> {
    let submitter = node.account(0);
    let (users, purse) = (Users::of(node).await?, Purse::of(&node.rpc, submitter.address).await?);
    let transaction = submitter.thread(purse.nonce, sub_block::os_program_hash(), &package.encode())?;
    would_not_settle(node, &transaction, kind).await?;

    let receipt = node.rpc.settle(&transaction).await?;
    assert!(receipt.reverted().starts_with(reason), "{kind}: {}", receipt.reverted());
    assert!(receipt.fee > 0, "{kind}: the submitter pays");
    let paid = Purse { nonce: purse.nonce + 1, strk: purse.strk - receipt.fee };
    assert_eq!(Purse::of(&node.rpc, submitter.address).await?, paid, "{kind}");
    assert_eq!(Users::of(node).await?, users, "{kind}: the state is untouched");
    let thread = get_thread(&node.rpc, receipt.hash).await?;
    assert_eq!((&thread["status"], &thread["error"]["kind"]), (&json!("REVERTED"), &json!(kind)));
    Ok(receipt)
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_about_something_else() -> Result<()> {
    type Change = fn(&mut Package);
    let unsettleable: [(&str, &str, Change); 7] = [
        ("CHAIN_ID", "chain_id: ", |it| {
            it.segments[0].statement.chain_id = Felt::from_bytes_be_slice(b"SN_MAIN")
        }),
        ("SUBMITTER", "submitter: ", |it| {
            it.segments[0].statement.submitter = it.segments[0].statement.contracts[0].address
        }),
        ("BASE_BLOCK_UNKNOWN", "base_block: ", |it| {
            it.segments[0].statement.base_block.number = BlockNumber(1 << 40)
        }),
        ("BASE_BLOCK_CONTEXT", "base_block: ", |it| {
            it.segments[0].statement.base_block.timestamp = BlockTimestamp(1)
        }),
        ("NOT_YET", "not_yet: ", |it| it.segments[0].statement.base_block.timestamp.0 += 100_000),
        ("CLASS_UNDECLARED", "class: ", |it| {
            it.segments[0].statement.classes[0].class_hash = ClassHash(Felt::ONE)
        }),
        ("SYSTEM_CONTRACT_WRITE", "system_contract: ", |it| {
            let cell = StorageAccess { key: 5_u64.into(), before: Felt::ZERO, after: Felt::ONE };
            it.segments[0].statement.contracts.insert(
                0,
                ContractAccess {
                    address: 1_u64.into(),
                    class_hash_before: ClassHash::default(),
                    class_hash_after: ClassHash::default(),
                    nonce_before: Default::default(),
                    nonce_after: Default::default(),
                    storage: vec![cell],
                },
            );
        }),
    ];
    let reverting: [(&str, &str, Change); 5] = [
        ("CLASS_MISMATCH", "class: ", |it| {
            it.segments[0].statement.classes[0].compiled_class_hash = CompiledClassHash(Felt::ONE);
        }),
        ("CLASS_METERING", "class: ", |it| it.segments[0].statement.classes[0].gas_metered ^= true),
        ("INNER_TRANSACTION", "inner_transaction: ", |it| it.segments[0].inner_transactions.swap(0, 1)),
        ("EVENTS", "events: ", |it| it.segments[0].events.swap(0, 1)),
        ("EVENTS", "events: ", |it| it.segments[0].events[0].content.data.0[0] += Felt::ONE),
    ];
    let node = TestNode::start()?;
    let package = sub_block::standard(&node).await?;
    let changed = |change: Change| {
        let mut package = package.clone();
        change(&mut package);
        package
    };
    for (kind, reason, change) in unsettleable {
        is_refused(&node, sub_block::os_program_hash(), &changed(change), kind, reason).await?;
    }
    for (kind, reason, change) in reverting {
        reverts(&node, &changed(change), kind, reason).await?;
    }
    // After all that, the genuine one settles.
    let nonce = node.rpc.nonce(node.account(0).address).await?;
    let genuine = node.account(0).thread(nonce, sub_block::os_program_hash(), &package.encode())?;
    node.rpc.settle(&genuine).await?.succeeded();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_os_program() -> Result<()> {
    let node = TestNode::start()?;
    let package = sub_block::standard(&node).await?;
    let foreign = OsProgramHash(Felt::from(12_345));
    is_refused(&node, foreign, &package, "OS_VERSION", "os_version: program 0x3039 ").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tampered_proof_or_statement() -> Result<()> {
    let node = TestNode::start()?;
    let package = sub_block::standard(&node).await?;

    let mut proof = package.clone();
    let middle = proof.segments[0].proof.len() / 2;
    proof.segments[0].proof[middle] ^= 1;
    reverts(&node, &proof, "PROOF", "proof: ").await?;

    let mut no_proof = package.clone();
    no_proof.segments[0].proof.clear();
    reverts(&node, &no_proof, "PROOF", "proof: ").await?;

    // A thief gives themselves ether: the proof is for other values.
    let mut statement = package.clone();
    let ether = statement.segments[0]
        .statement
        .contracts
        .iter_mut()
        .find(|contract| *contract.address.0.key() == ETH);
    let cells = &mut ether.expect("the token is touched").storage;
    cells.iter_mut().find(|cell| cell.is_write()).expect("a balance changes").after += Felt::ONE;
    reverts(&node, &statement, "PROOF", "proof: ").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_precondition() -> Result<()> {
    let node = TestNode::start()?;
    let package = sub_block::standard(&node).await?;
    let (user, outsider) = (node.account(1), node.account(6));
    let gift = outsider.invoke(0, &[transfer(ETH, user.address, 5)?])?;
    node.rpc.settle(&wire(&gift, None)).await?.succeeded();

    let receipt = reverts(&node, &package, "CONFLICT", "conflict: ").await?;
    let (key, token) = (balance_key(user.address), hex(ETH));
    let (expected, found) = (hex(INITIAL_BALANCE), hex(INITIAL_BALANCE + 5));
    let conflicts = get_thread(&node.rpc, receipt.hash).await?["conflicts"].clone();
    let only = json!([{
        "contract": token, "kind": "STORAGE", "key": hex(key), "expected": expected, "found": found, "segment": 0,
    }]);
    assert_eq!(conflicts, only, "exactly the cell that moved");
    for part in [hex(key), expected, found] {
        assert!(receipt.reverted().contains(&part), "{part} in {}", receipt.reverted());
    }
    Ok(())
}

/// A value that is what it was, but was another one in between: what happened meanwhile the sub-block has not seen.
#[tokio::test(flavor = "multi_thread")]
async fn a_stale_base() -> Result<()> {
    let node = TestNode::start()?;
    let package = sub_block::standard(&node).await?;
    let (token, key) = (hex(ETH), hex(balance_key(node.account(1).address)));
    for value in [INITIAL_BALANCE + 1, INITIAL_BALANCE] {
        let cell = json!({ "contract_address": token, "key": key, "value": hex(value) });
        node.rpc.call("devnet_setStorageAt", cell).await?;
    }
    let receipt = reverts(&node, &package, "STALE_BASE", "stale base: ").await?;
    let thread = get_thread(&node.rpc, receipt.hash).await?;
    assert_eq!(thread["conflicts"], json!([]), "the values hold");
    let cell =
        json!({ "contract": token, "kind": "STORAGE", "key": key, "block_number": 2, "sub_block": null });
    assert_eq!(thread["error"]["fields"]["cells"], json!([cell]));
    assert_eq!(thread["error"]["fields"]["base"]["block_number"], json!(0));
    Ok(())
}

/// The chain has seen a later time than the sub-block: longer ago than this chain's rules allow.
#[tokio::test(flavor = "multi_thread")]
async fn a_sub_block_from_long_ago() -> Result<()> {
    let node = TestNode::start()?;
    let package = sub_block::standard(&node).await?;
    // The block that this makes is no transaction's: what comes next finds it as its parent.
    node.rpc.call("devnet_increaseTime", json!({ "time": 3_600 })).await?;
    is_refused(&node, sub_block::os_program_hash(), &package, "TOO_LATE", "too_late: ").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay() -> Result<()> {
    let node = TestNode::start()?;
    let package = sub_block::standard(&node).await?;
    let first = node.account(0).thread(0, sub_block::os_program_hash(), &package.encode())?;
    node.rpc.settle(&first).await?.succeeded();

    let again =
        node.rpc.refusal("starknet_addInvokeTransaction", json!({ "invoke_transaction": first })).await?;
    assert!([52, 59].contains(&again.code), "{again}");

    let receipt = reverts(&node, &package, "CONFLICT", "conflict: ").await?;
    let thread = get_thread(&node.rpc, receipt.hash).await?;
    let conflicts = thread["conflicts"].as_array().map_or(&[][..], Vec::as_slice);
    let nonces = conflicts.iter().filter(|conflict| conflict["kind"] == "NONCE").count();
    assert_eq!(nonces, 5, "every user's nonce is used up: {conflicts:?}");
    Ok(())
}
