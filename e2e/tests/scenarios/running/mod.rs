//! Running the binary: where options come from, exit codes, signals, a chain of one's own.

mod check_class;
mod database;
mod metrics;
mod process;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use starknet_types_core::felt::Felt;
use zkthreads_e2e::token::{ETH, STRK, balance, transfer};
use zkthreads_e2e::wallet::wire;
use zkthreads_e2e::{Rpc, TestNode, Wallet, sub_block};

use process::{Process, outcome};

/// An account of the genesis file below.
const ADDRESS: &str = "0x064b48806902a367c8598f4f95c305e8c1a1acba5f082d294a43793113115691";
const PUBLIC_KEY: &str = "0x39d9e6ce352ad4530a0ef5d5a18fd3303c3606a7fa6ac5b620020ad681cc33b";
const PRIVATE_KEY: &str = "0x71d7bb07b9a64f6f78ac4c816aff4da9";
const BALANCE: u128 = 7_000_000_000_000_000_000_000;

fn account() -> Result<Wallet> {
    Wallet::new(Felt::from_hex(ADDRESS)?, Felt::from_hex(PRIVATE_KEY)?)
}

/// Writes a genesis file and the options of a node that begins with it.
fn configure(directory: &Path, more: &str) -> Result<String> {
    let genesis = directory.join("genesis.toml");
    fs::write(
        &genesis,
        format!(
            "chain-id = \"TESTNET\"\n[[accounts]]\naddress = \"{ADDRESS}\"\npublic-key = \"{PUBLIC_KEY}\"\n\
             balance = \"{BALANCE}\"\n"
        ),
    )?;
    let config = directory.join("zkthreads.toml");
    let data = directory.join("data");
    fs::write(&config, format!("[node]\ndata-dir = {data:?}\ngenesis = {genesis:?}\nport = 0\n{more}"))?;
    config.to_str().context("UTF-8").map(str::to_owned)
}

fn serve(config: &str, more: &[&str]) -> Result<(Process, Rpc)> {
    let process = Process::start(&[&["node", "--config", config], more].concat(), &[])?;
    let rpc = Rpc::new(&format!("{}/rpc", process.says("listening on ")?))?;
    Ok((process, rpc))
}

#[test]
fn the_command_line_beats_the_environment_beats_the_file() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let config = directory.path().join("zkthreads.toml");
    fs::write(&config, "[devnet]\nseed = 1\naccounts = 2\nport = 0\n")?;
    let config = config.to_str().context("UTF-8")?;
    for (arguments, environment, seed) in [
        (&["--config", config][..], &[][..], "1"),
        (&[], &[("ZKTHREADS_CONFIG", config), ("ZKTHREADS_SEED", "2")], "2"),
        (&["--config", config, "--seed", "3"], &[("ZKTHREADS_SEED", "2")], "3"),
    ] {
        let process = Process::start(&[&["devnet"], arguments].concat(), environment)?;
        assert_eq!(process.says("Seed to replicate this account sequence: ")?, seed);
        process.says("listening on ")?;
        process.signal("INT")?;
        assert_eq!(process.end()?, 0);
    }
    Ok(())
}

#[test]
fn mistakes_have_their_exit_codes() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let config = directory.path().join("zkthreads.toml");
    fs::write(&config, "[devnet]\nprot = 5050\n")?;
    let config = config.to_str().context("UTF-8")?;
    let nowhere = directory.path().join("nowhere");
    let nowhere = nowhere.to_str().context("UTF-8")?;
    for (arguments, code, text) in [
        (&["--help"][..], 0, "Exit codes"),
        (&["node", "--help"], 0, "A genesis file:"),
        (&["devnet", "--prot", "1"], 2, "unexpected argument '--prot'"),
        (&["devnet", "--port", "x"], 2, "invalid value 'x' for '--port <PORT>'"),
        (&["devnet", "--log-level", "zkthreads=loud"], 2, "for '--log-level <LEVEL>'"),
        (&["devnet", "--config", config], 2, "there is no option prot in [devnet]"),
        (&["devnet", "--config", nowhere], 2, "No such file"),
        (&["node"], 2, "--data-dir <PATH>"),
        (&["node", "--data-dir", nowhere, "--port", "0"], 1, "there is no chain in"),
        (&["node", "--data-dir", nowhere, "--genesis", config], 1, "unknown field `devnet`"),
        (&["verify", config], 1, "is no package"),
        (&["verify", nowhere], 1, "cannot read"),
        (&["db", "stats", "--data-dir", nowhere], 1, "there is no chain in"),
        (&["prove", "--transactions", config, "--out", nowhere], 1, "zkthreads.toml"),
    ] {
        let (found, output) = outcome(arguments)?;
        assert_eq!(found, code, "{arguments:?}: {output}");
        assert!(output.contains(text), "{arguments:?}: {output}");
    }
    assert!(!Path::new(nowhere).exists(), "mistakes leave nothing behind");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_tells_a_valid_proof_from_another_one() -> Result<()> {
    let node = TestNode::start()?;
    let mut package = sub_block::standard(&node).await?;
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("package");
    let file = path.to_str().context("UTF-8")?;
    fs::write(&path, package.encode())?;
    let (code, output) = outcome(&["verify", file])?;
    assert!(code == 0 && output.contains("valid"), "{code}: {output}");

    package.segments[0].statement.base_block.timestamp.0 += 1;
    fs::write(&path, package.encode())?;
    let (code, output) = outcome(&["verify", file])?;
    assert!(code == 3 && output.contains("invalid"), "{code}: {output}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_of_ones_own_begins_with_its_genesis_and_stays() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let config = configure(directory.path(), "block-time = 0.5\nsequencer-address = \"0x5e9\"\n")?;
    let (process, rpc) = serve(&config, &[])?;
    assert_eq!(balance(&rpc, STRK, account()?.address).await?, BALANCE);
    assert_eq!(balance(&rpc, ETH, account()?.address).await?, BALANCE);
    let recipient = Felt::from(0x1234);
    let sent = account()?.invoke(0, &[transfer(STRK, recipient, 5)?])?;
    let receipt = rpc.settle(&wire(&sent, None)).await?;
    receipt.succeeded();
    assert_eq!(rpc.block(receipt.block).await?["sequencer_address"], "0x5e9");
    let genesis = rpc.block(0).await?;
    let refused = rpc.refusal("devnet_getConfig", json!({})).await?;
    assert_eq!(refused.code, -32601, "a chain that stays has no devnet methods");
    process.signal("TERM")?;
    assert_eq!(process.end()?, 0);

    // Another genesis is refused; none is needed.
    let other = directory.path().join("other.toml");
    fs::write(&other, "chain-id = \"OTHER\"\naccounts = []\n")?;
    let other = other.to_str().context("UTF-8")?;
    let (code, output) = outcome(&["node", "--config", &config, "--genesis", other])?;
    assert!(code == 1 && output.contains("began with another genesis"), "{code}: {output}");
    fs::remove_file(directory.path().join("genesis.toml"))?;
    fs::write(&config, format!("[node]\ndata-dir = {:?}\nport = 0\n", directory.path().join("data")))?;
    let (process, rpc) = serve(&config, &["--block-time", "0.5"])?;
    assert_eq!(rpc.block(0).await?, genesis);
    assert_eq!(balance(&rpc, STRK, recipient).await?, 5);
    assert_eq!(rpc.wait(receipt.hash).await?.json, receipt.json);

    // A devnet's keys are known to everybody: neither is taken for the other.
    let data = directory.path().join("data");
    let (code, output) = outcome(&["devnet", "--data-dir", data.to_str().context("UTF-8")?])?;
    assert!(code == 1 && output.contains("holds the chain of a `zkthreads node`"), "{code}: {output}");
    drop(process);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_in_the_middle_of_a_block_loses_nothing() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let config = configure(directory.path(), "block-time = 1\n")?;
    let (process, rpc) = serve(&config, &[])?;
    let mut hashes = Vec::new();
    for nonce in 0..30 {
        let sent = account()?.invoke(nonce, &[transfer(STRK, Felt::from(0x1234), 1)?])?;
        hashes.push(rpc.send(&wire(&sent, None)).await?);
    }
    process.signal("TERM")?;
    assert_eq!(process.end()?, 0);
    let data = directory.path().join("data");
    let (code, output) = outcome(&["db", "check", "--data-dir", data.to_str().context("UTF-8")?])?;
    assert_eq!(code, 0, "{output}");

    let (process, rpc) = serve(&config, &[])?;
    for hash in hashes {
        rpc.wait(hash).await?.succeeded();
    }
    assert_eq!(balance(&rpc, STRK, Felt::from(0x1234)).await?, 30);
    process.signal("INT")?;
    assert_eq!(process.end()?, 0);
    Ok(())
}

/// Half a request keeps the server from ending; who does not want to wait sends the signal again.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_it_at_once() -> Result<()> {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let process = Process::start(&["devnet", "--port", "0"], &[])?;
        let address = process.says("listening on http://")?;
        let mut client = TcpStream::connect(&address)?;
        client.write_all(
            b"POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\
              Expect: 100-continue\r\n\r\n",
        )?;
        // Once it asks for the body, it has begun with the request.
        let mut answer = [0; 12];
        client.read_exact(&mut answer)?;
        assert_eq!(&answer, b"HTTP/1.1 100");
        client.write_all(b"{")?;
        process.signal("TERM")?;
        process.logs("shutting down")?;
        process.signal(signal)?;
        assert_eq!(process.end()?, code, "a second SIG{signal}");
        drop(client);
    }
    Ok(())
}

#[test]
fn the_log_can_be_json() -> Result<()> {
    let process = Process::start(
        &["devnet", "--port", "0", "--log-format", "json", "--log-level", "zkthreads=debug"],
        &[("RUST_LOG", "off")],
    )?;
    process.says("listening on ")?;
    let line = process.logs("{")?;
    let object: Value = serde_json::from_str(&format!("{{{line}"))?;
    assert!(object["timestamp"].is_string() && object["fields"]["message"].is_string(), "{object}");
    assert_eq!(object["level"], "INFO");
    process.signal("TERM")?;
    assert_eq!(process.end()?, 0);
    Ok(())
}
