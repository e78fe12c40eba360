//! Golden vectors: bytes and hashes that must never change under the same version numbers. `ZKTHREADS_REGENERATE=1`
//! rewrites the files; do that only together with a new version number.

use std::path::PathBuf;

use serde_json::{Value, json};
use starknet_api::core::ChainId;
use zkthreads_protocol::commitments::event_hash;
use zkthreads_protocol::{
    OsProgram, OsProgramHash, Package, PackageDigest, Statement, ThreadFacts, ThreadTransaction, Transaction,
};

use crate::sample::{felt, invoke, package, segment, two_segments};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn check(name: &str, computed: &[u8]) {
    if std::env::var_os("ZKTHREADS_REGENERATE").is_some() {
        std::fs::write(path(name), computed).unwrap();
    }
    let committed = std::fs::read(path(name)).unwrap();
    assert_eq!(String::from_utf8_lossy(&committed), String::from_utf8_lossy(computed), "{name} differs");
    assert_eq!(committed, computed, "{name} differs");
}

fn check_json(name: &str, computed: &Value) {
    check(name, format!("{computed:#}\n").as_bytes());
}

#[test]
fn statement() {
    let statement = segment().statement;
    let felts = statement.encode();
    check_json("statement.json", &json!(felts.iter().map(|felt| format!("{felt:#x}")).collect::<Vec<_>>()));
    assert_eq!(Statement::decode(&felts), Ok(statement));
}

#[test]
fn package_bytes() {
    check("package.bin", &package().encode());
    assert_eq!(Package::decode(&std::fs::read(path("package.bin")).unwrap()), Ok(package()));
}

#[test]
fn package_of_several_segments_bytes() {
    check("segments.bin", &two_segments().encode());
    assert_eq!(Package::decode(&std::fs::read(path("segments.bin")).unwrap()), Ok(two_segments()));
}

#[test]
fn hashes() {
    let chain_id = ChainId::Other("SN_SEPOLIA".to_owned());
    let package = package();
    let bytes = package.encode();
    let program = OsProgram::new(vec![felt(1), felt(2), felt(3)]);
    let facts = ThreadFacts { os_program_hash: program.hash(), package_digest: PackageDigest::of(&bytes) };
    let mut envelope = invoke(0x777, 3);
    envelope.proof_facts = facts.to_proof_facts();
    let thread = ThreadTransaction::new(envelope.clone(), &bytes).unwrap();
    assert_eq!(
        (thread.facts(), thread.package().as_ref(), thread.package_bytes()),
        (facts, &package, bytes.len())
    );

    let inner: Vec<String> = package
        .inner_transactions()
        .map(|inner| inner.transaction.hash(&chain_id).unwrap().to_string())
        .collect();
    let event =
        event_hash(&package.segments[0].events[0], package.segments[0].statement.inner_transactions[0].hash);
    check_json(
        "hashes.json",
        &json!({
            "os_program_hash": program.hash().0.to_hex_string(),
            "package_digest": facts.package_digest.0.to_hex_string(),
            "inner_transactions": inner,
            "first_event": event.to_hex_string(),
            "events_commitment": package.segments[0].statement.events_commitment.to_hex_string(),
            "envelope": Transaction::Thread { envelope, facts }.hash(&chain_id).unwrap().to_string(),
        }),
    );
    assert_ne!(program.hash(), OsProgramHash(felt(0)));
}
