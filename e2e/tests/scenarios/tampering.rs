//! Packages that are refused at the door, unpaid: the submitter did not sign them, or they are no packages.

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use zkthreads_e2e::wallet::wire;
use zkthreads_e2e::{TestNode, sub_block};

use crate::support::Purse;

#[tokio::test(flavor = "multi_thread")]
async fn a_package_damaged_in_flight_costs_nobody() -> Result<()> {
    let node = TestNode::start()?;
    let package = sub_block::standard(&node).await?.encode();
    let submitter = node.account(0);
    let purse = Purse::of(&node.rpc, submitter.address).await?;
    let envelope = submitter.envelope(0, &[], sub_block::os_program_hash(), &package)?;

    let mut damaged = package.clone();
    *damaged.last_mut().expect("bytes") ^= 1;
    let cases = [
        (wire(&envelope, Some(&damaged)), "DIGEST_MISMATCH", 10002),
        (wire(&envelope, Some(&package[..1_000])), "DIGEST_MISMATCH", 10002),
    ];
    for (transaction, kind, code) in cases {
        let params = json!({ "invoke_transaction": transaction });
        let standard = node.rpc.refusal("starknet_addInvokeTransaction", params.clone()).await?;
        assert_eq!((standard.code, &standard.data["kind"]), (69, &json!(kind)), "{standard}");
        let own = node.rpc.refusal("zkthread_addThreadTransaction", params).await?;
        assert_eq!((own.code, &own.data["kind"]), (code, &json!(kind)), "{own}");
    }

    let mut other_nonce = wire(&envelope, Some(&package));
    other_nonce["tip"] = json!("0x1");
    let params = json!({ "invoke_transaction": other_nonce });
    let unsigned = node.rpc.refusal("starknet_addInvokeTransaction", params).await?;
    assert_eq!(unsigned.code, 55, "{unsigned}");

    assert_eq!(Purse::of(&node.rpc, submitter.address).await?, purse, "nobody paid");
    let genuine = json!({ "invoke_transaction": wire(&envelope, Some(&package)) });
    let added = node.rpc.call("zkthread_addThreadTransaction", genuine).await?;
    node.rpc.wait(zkthreads_e2e::felt(&added["transaction_hash"])?).await?.succeeded();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_rubbish_is_refused() -> Result<()> {
    let node = TestNode::start()?;
    let package = sub_block::standard(&node).await?.encode();
    let submitter = node.account(0);
    let signed = |bytes: &[u8]| -> Result<serde_json::Value> {
        Ok(json!({ "invoke_transaction": submitter.thread(0, sub_block::os_program_hash(), bytes)? }))
    };

    let trailing = [&package[..], b"more"].concat();
    let mut version = package.clone();
    version[9] = 7;
    let mut felt = package.clone();
    felt[14..46].fill(0xff);
    let mut promise = package.clone();
    promise[10..14].fill(0xff);
    let oversized = vec![0; zkthreads_protocol::limits::MAX_PACKAGE_BYTES + 1];
    let rubbish: [&[u8]; 7] =
        [b"ZKTHREAD", &package[..package.len() / 2], &trailing, &version, &felt, &promise, &oversized];
    for bytes in rubbish {
        let failure = node.rpc.refusal("zkthread_addThreadTransaction", signed(bytes)?).await?;
        assert_eq!((failure.code, &failure.data["kind"]), (10001, &json!("MALFORMED_PACKAGE")), "{failure}");
        let failure = node.rpc.refusal("starknet_addInvokeTransaction", signed(bytes)?).await?;
        assert_eq!(failure.code, 69, "{failure}");
    }

    for (proof, kind) in
        [("not base64!", "INVALID_BASE64"), (&STANDARD.encode(&package)[1..], "INVALID_BASE64")]
    {
        let mut params = signed(&package)?;
        params["invoke_transaction"]["proof"] = json!(proof);
        let failure = node.rpc.refusal("zkthread_addThreadTransaction", params).await?;
        assert_eq!(failure.data["kind"], kind, "{failure}");
    }
    let mut params = signed(&package)?;
    params["invoke_transaction"].as_object_mut().expect("an object").remove("proof");
    let failure = node.rpc.refusal("zkthread_addThreadTransaction", params).await?;
    assert_eq!(failure.data["kind"], "MISSING_PROOF", "{failure}");
    Ok(())
}
