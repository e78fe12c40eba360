//! (k) A real starknet.js client and a real starknet.py client, each in its own process.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use cairo_lang_starknet_classes::contract_class::ContractClass;
use serde_json::{Value, json};
use zkthreads_e2e::node::{binary, target_directory};
use zkthreads_e2e::token::STRK;
use zkthreads_e2e::{Rpc, TestNode, hex, sub_block};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A contract to declare: where its Sierra class is, and its compiled class, which is written into `directory`.
fn contract(name: &str, directory: &Path) -> Result<Value> {
    let sierra = root().join(format!("contracts/{name}.sierra.json"));
    let casm = directory.join(format!("{}.casm.json", name.replace('/', "-")));
    let class: ContractClass = serde_json::from_slice(&std::fs::read(&sierra)?)?;
    let extracted = class.extract_sierra_program(false)?;
    let mut compiled = CasmContractClass::from_contract_class(class, extracted, true, usize::MAX)?;
    // No part of the class's hash, and starknet.py does not read every one of them.
    compiled.hints.clear();
    compiled.pythonic_hints = None;
    std::fs::write(&casm, serde_json::to_vec(&compiled)?)?;
    Ok(json!({ "sierra": sierra, "casm": casm }))
}

/// What a client is told: where the node and the thread are, whose keys it may use, contracts to declare, a package to
/// settle.
async fn briefing(node: &TestNode, thread: Option<&Rpc>, directory: &Path) -> Result<PathBuf> {
    let probe = contract("probe", directory)?;
    let package = directory.join("standard.package");
    let proved = sub_block::standard(node).await?;
    std::fs::write(&package, proved.encode())?;

    let digest = zkthreads_protocol::PackageDigest::of(&proved.encode());
    let facts = zkthreads_protocol::ThreadFacts {
        os_program_hash: sub_block::os_program_hash(),
        package_digest: digest,
    };
    let account = |index: usize| {
        let wallet = node.account(index);
        json!({ "address": hex(wallet.address), "key": hex(wallet.private_key) })
    };
    let told = json!({
        "url": node.rpc.url(),
        "ws": websocket(&node.rpc),
        "thread": thread.map(|thread| json!({ "url": thread.url(), "ws": websocket(thread) })),
        "submitter": account(0),
        "burst": account(8),
        "user": account(9),
        "strk": hex(STRK),
        "accountClass": "0x5b4b537eaa2399e3aa99c4e2e0208ebd6c71bc1467938cd52c798c601e43564",
        "sierra": probe["sierra"],
        "casm": probe["casm"],
        "bridge": contract("metered/bridge", directory)?,
        "binary": binary()?,
        "package": package,
        "screenshots": target_directory()?.join("screenshots"),
        "journeys": directory.join(JOURNEYS),
        "proofFacts": facts.to_proof_facts().0.iter().copied().map(hex).collect::<Vec<_>>(),
    });
    let path = directory.join("briefing.json");
    std::fs::write(&path, told.to_string())?;
    Ok(path)
}

fn websocket(rpc: &Rpc) -> String {
    rpc.url().replace("http://", "ws://").replace("/rpc", "/ws")
}

/// Where a client tells what has worked, in its own directory.
const JOURNEYS: &str = "journeys";

/// Runs a client to its end; gives the rows of a table that it told.
async fn run(mut command: Command, node: &TestNode, thread: Option<&Rpc>) -> Result<String> {
    let directory = tempfile::tempdir()?;
    let briefing = briefing(node, thread, directory.path()).await?;
    command.env("ZKTHREADS_BRIEFING", briefing);
    let shown = format!("{command:?}");
    let output = tokio::task::spawn_blocking(move || command.output()).await?;
    let output = output.with_context(|| format!("{shown}: run `make setup` first"))?;
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{stdout}");
    eprintln!("{stderr}");
    ensure!(output.status.success(), "{shown}: {}", output.status);
    match std::fs::read_to_string(directory.path().join(JOURNEYS)) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        told => Ok(told?),
    }
}

/// Runs a file of `e2e/js` with starknet.js.
pub(crate) async fn starknet_js(file: &str, node: &TestNode, thread: Option<&Rpc>) -> Result<()> {
    journeys_with_starknet_js(file, node, thread).await.map(drop)
}

/// The same, with what has worked: rows of a table.
pub(crate) async fn journeys_with_starknet_js(
    file: &str,
    node: &TestNode,
    thread: Option<&Rpc>,
) -> Result<String> {
    let directory = root().join("e2e/js");
    ensure!(
        directory.join("node_modules/starknet").is_dir(),
        "starknet.js is missing: run `make setup` first"
    );
    // starknet.js wants a newer Node.js than some systems have; the lock file brings one.
    let machine = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    let bundled = directory.join(format!("node_modules/node-linux-{machine}/bin/node"));
    let mut command = Command::new(if bundled.is_file() { bundled } else { "node".into() });
    command.arg("--test").arg(file).current_dir(directory);
    run(command, node, thread).await
}

/// Runs a file of `e2e/python` with starknet.py.
pub(crate) async fn starknet_py(file: &str, node: &TestNode, thread: Option<&Rpc>) -> Result<()> {
    journeys_with_starknet_py(file, node, thread).await.map(drop)
}

/// The same, with what has worked: rows of a table.
pub(crate) async fn journeys_with_starknet_py(
    file: &str,
    node: &TestNode,
    thread: Option<&Rpc>,
) -> Result<String> {
    let python = root().join(".venv/bin/python");
    ensure!(python.is_file(), "starknet.py is missing: run `make setup` first");
    let mut command = Command::new(python);
    command.arg(file).current_dir(root().join("e2e/python"));
    run(command, node, thread).await
}

#[tokio::test(flavor = "multi_thread")]
async fn starknet_js_deploys_declares_and_settles() -> Result<()> {
    starknet_js("client.test.mjs", &TestNode::start()?, None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn starknet_js_estimates_traces_bursts_and_verifies() -> Result<()> {
    starknet_js("flows.test.mjs", &TestNode::start()?, None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn starknet_js_subscribes() -> Result<()> {
    starknet_js("subscriptions.test.mjs", &TestNode::start()?, None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn starknet_js_s_provider_has_every_method() -> Result<()> {
    starknet_js("provider.test.mjs", &TestNode::start()?, None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn starknet_js_s_account_has_every_method() -> Result<()> {
    starknet_js("account.test.mjs", &TestNode::start()?, None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn starknet_js_s_contract_has_every_method() -> Result<()> {
    starknet_js("contract.test.mjs", &TestNode::start()?, None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_devnet_client_has_every_method() -> Result<()> {
    starknet_js("devnet.test.mjs", &TestNode::start()?, None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_devnet_answers_as_its_users_expect() -> Result<()> {
    starknet_js("answers.test.mjs", &TestNode::start()?, None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn starknet_py_deploys_declares_and_settles() -> Result<()> {
    starknet_py("client_test.py", &TestNode::start()?, None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn starknet_py_estimates_traces_bursts_and_subscribes() -> Result<()> {
    starknet_py("flows_test.py", &TestNode::start()?, None).await
}
