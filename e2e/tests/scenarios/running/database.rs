//! `zkthreads db` on the directory of a real chain.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::json;
use starknet_types_core::felt::Felt;
use zkthreads_e2e::token::{STRK, balance, transfer};
use zkthreads_e2e::wait::until;
use zkthreads_e2e::wallet::wire;
use zkthreads_e2e::{TestNode, hex};

use super::process::outcome;

fn db(subcommand: &str, data: &Path, more: &[&str]) -> Result<(i32, String)> {
    let data = data.to_str().context("UTF-8")?;
    outcome(&[&["db", subcommand, "--data-dir", data], more].concat())
}

fn succeeds(subcommand: &str, data: &Path, more: &[&str]) -> Result<String> {
    let (code, output) = db(subcommand, data, more)?;
    assert_eq!(code, 0, "{subcommand}: {output}");
    Ok(output)
}

/// The largest table file.
fn table_file(data: &Path) -> Result<PathBuf> {
    let mut largest = None;
    for entry in fs::read_dir(data.join("chain"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "sst") {
            largest = largest.max(Some((fs::metadata(&path)?.len(), path)));
        }
    }
    Ok(largest.context("no table file")?.1)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_is_counted_checked_copied_and_pruned() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let (data, copy) = (directory.path().join("data"), directory.path().join("copies/first"));
    let node = TestNode::options().data_dir(&data).start()?;
    for nonce in 0..5 {
        let sent = node.account(1).invoke(nonce, &[transfer(STRK, node.account(2).address, 1)?])?;
        node.rpc.settle(&wire(&sent, None)).await?.succeeded();
    }
    let latest = node.rpc.block(5).await?;
    for (subcommand, more) in [
        ("stats", &[][..]),
        ("check", &[]),
        ("prune", &["--state-history", "2"]),
        ("checkpoint", &["--to", copy.to_str().context("UTF-8")?]),
    ] {
        let (code, output) = db(subcommand, &data, more)?;
        assert!(code == 1 && output.contains("is in use by a running node"), "{subcommand}: {output}");
    }
    assert!(!copy.exists());
    node.stop()?;

    let stats = succeeds("stats", &data, &[])?;
    assert!(stats.contains("blocks up to 5, states from 0 on"), "{stats}");
    assert!(succeeds("check", &data, &[])?.contains("sound"));
    succeeds("checkpoint", &data, &["--to", copy.to_str().context("UTF-8")?])?;
    let (code, output) = db("checkpoint", &data, &["--to", copy.to_str().context("UTF-8")?])?;
    assert!(code == 1 && output.contains("exists already"), "{output}");
    assert!(succeeds("prune", &data, &["--state-history", "2"])?.contains("from block 4 on"));
    assert!(succeeds("stats", &data, &[])?.contains("states from 4 on"));
    assert!(succeeds("check", &data, &[])?.contains("sound"), "a pruned chain is whole");

    // The copy is a chain of its own, from before the pruning.
    let node = TestNode::options().data_dir(&copy).start()?;
    assert_eq!(node.rpc.block(5).await?, latest);
    let early =
        json!({ "block_id": { "block_number": 1 }, "contract_address": hex(node.account(1).address) });
    assert_eq!(node.rpc.call("starknet_getNonce", early.clone()).await?, "0x1");
    let more = node.account(1).invoke(5, &[transfer(STRK, node.account(2).address, 1)?])?;
    node.rpc.settle(&wire(&more, None)).await?.succeeded();
    node.stop()?;
    let node = TestNode::options().data_dir(&data).start()?;
    assert_eq!(node.rpc.block(5).await?, latest);
    assert_eq!(node.rpc.block_number().await?, 5, "what the copy does is its own business");
    node.rpc.refusal("starknet_getNonce", early).await?;
    node.stop()?;

    // Damage on the disk is found, and the exit code says so.
    let file = table_file(&copy)?;
    let mut bytes = fs::read(&file)?;
    let place = bytes.len() / 4;
    bytes.get_mut(place..place + 8).context("a short file")?.fill(0xa5);
    fs::remove_file(&file)?;
    fs::write(&file, bytes)?;
    let (code, output) = db("check", &copy, &[])?;
    assert!(code == 3 && output.contains("wrong"), "{code}: {output}");
    assert!(succeeds("check", &data, &[])?.contains("sound"), "the files they shared are not damaged here");
    Ok(())
}

/// A copy of the data directory that a devnet of schema version 4 left.
fn version_4(to: &Path) -> Result<PathBuf> {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../storage/tests/fixtures/version-4");
    let data = to.join("data");
    fs::create_dir_all(data.join("chain"))?;
    fs::copy(from.join("devnet.json"), data.join("devnet.json"))?;
    for entry in fs::read_dir(from.join("chain"))? {
        let entry = entry?;
        fs::copy(entry.path(), data.join("chain").join(entry.file_name()))?;
    }
    Ok(data)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_of_the_version_before_is_carried_over_and_goes_on() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let data = version_4(directory.path())?;
    let path = data.to_str().context("UTF-8")?;
    let command = format!("`zkthreads db migrate --data-dir {path}` carries it over");
    for arguments in
        [&["devnet", "--port", "0", "--data-dir", path][..], &["db", "check", "--data-dir", path]]
    {
        let (code, output) = outcome(arguments)?;
        assert!(code == 1 && output.contains(&command), "{arguments:?}: {output}");
    }
    assert_eq!(succeeds("migrate", &data, &[])?, "chain: carried over from version 4 to 7\n");
    assert_eq!(succeeds("migrate", &data, &[])?, "chain: is of version 7 already\n");
    assert!(succeeds("check", &data, &[])?.contains("sound"));

    let node = TestNode::options().data_dir(&data).start()?;
    assert_eq!(node.rpc.block_number().await?, 5);
    let (code, output) = db("migrate", &data, &[])?;
    assert!(code == 1 && output.contains("is in use by a running node"), "{output}");
    let sent = node.account(0).invoke(0, &[transfer(STRK, Felt::from(0x1234), 1)?])?;
    node.rpc.settle(&wire(&sent, None)).await?.succeeded();
    assert_eq!(balance(&node.rpc, STRK, Felt::from(0x1234)).await?, 1_301);
    node.stop()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_prunes_as_it_goes() -> Result<()> {
    let node = TestNode::options().with(&["--state-history", "2"]).start()?;
    for nonce in 0..4 {
        let sent = node.account(1).invoke(nonce, &[transfer(STRK, node.account(2).address, 1)?])?;
        node.rpc.settle(&wire(&sent, None)).await?.succeeded();
    }
    let nonce_at = |block: u64| json!({ "block_id": { "block_number": block }, "contract_address": hex(node.account(1).address) });
    assert_eq!(node.rpc.call("starknet_getNonce", nonce_at(3)).await?, "0x3");
    // A block is there before what it makes old is gone.
    let pruned = async || {
        let answer = node.rpc.try_call("starknet_getNonce", nonce_at(1)).await?;
        Ok(answer.err().filter(|refused| refused.to_string().contains("from block 3 on")))
    };
    until("states are there from block 3 on", pruned).await?;
    assert_eq!(node.rpc.block(1).await?["block_number"], 1, "blocks stay");
    Ok(())
}
