//! A devnet of one's own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use starknet_types_core::felt::Felt;
use tempfile::TempDir;

use crate::rpc::Rpc;
use crate::wallet::Wallet;

/// Timestamp of every test chain's genesis, so that block 0 is the same on all of them.
pub const GENESIS_TIMESTAMP: u64 = 1_700_000_000;

/// Longest that a node may take to answer its first request, with other tests on the machine.
const START_TIMEOUT: Duration = Duration::from_secs(90);

/// How to start a node.
#[derive(Debug, Clone, Default)]
pub struct NodeOptions {
    data_dir: Option<PathBuf>,
    block_time: Option<Duration>,
    more: Vec<String>,
}

impl NodeOptions {
    /// Keeps the chain in `path`, which outlives the node.
    #[must_use]
    pub fn data_dir(mut self, path: &Path) -> Self {
        self.data_dir = Some(path.to_owned());
        self
    }

    /// Makes a block every `interval` instead of as soon as there is a transaction.
    #[must_use]
    pub fn block_time(mut self, interval: Duration) -> Self {
        self.block_time = Some(interval);
        self
    }

    /// Any other option of `zkthreads devnet`.
    #[must_use]
    pub fn with(mut self, arguments: &[&str]) -> Self {
        self.more.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    /// Starts the node and waits until it listens.
    ///
    /// # Errors
    /// If the binary is missing, does not start, or does not say where it listens.
    pub fn start(self) -> Result<TestNode> {
        TestNode::start_with(self)
    }
}

/// A running `zkthreads devnet`. Killed when dropped.
pub struct TestNode {
    child: Child,
    /// Its JSON-RPC.
    pub rpc: Rpc,
    /// Its predeployed accounts, as it printed them.
    pub accounts: Vec<Wallet>,
    /// Where it serves metrics, if it was asked to.
    pub metrics: Option<String>,
    _directory: Option<TempDir>,
}

impl TestNode {
    /// A fresh chain with the default options.
    ///
    /// # Errors
    /// As [`NodeOptions::start`].
    pub fn start() -> Result<Self> {
        NodeOptions::default().start()
    }

    /// Where a fresh node's options begin.
    #[must_use]
    pub fn options() -> NodeOptions {
        NodeOptions::default()
    }

    fn start_with(options: NodeOptions) -> Result<Self> {
        let (data_dir, directory) = match options.data_dir {
            Some(path) => (path, None),
            None => {
                let directory = tempfile::tempdir()?;
                (directory.path().to_owned(), Some(directory))
            }
        };
        let mut command = Command::new(binary()?);
        command.args(["devnet", "--port", "0", "--seed", "0", "--genesis-timestamp"]);
        command.arg(GENESIS_TIMESTAMP.to_string()).arg("--data-dir").arg(data_dir);
        if let Some(interval) = options.block_time {
            command.arg("--block-time").arg(interval.as_secs_f64().to_string());
        }
        command.args(options.more);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        match announcement(&mut child) {
            Ok(Announced { address, accounts, metrics }) => {
                let rpc = Rpc::new(&format!("{address}/rpc"))?;
                Ok(Self { child, rpc, accounts, metrics, _directory: directory })
            }
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(error)
            }
        }
    }

    /// Predeployed account number `index`.
    ///
    /// # Panics
    /// If there is no such account.
    #[must_use]
    pub fn account(&self, index: usize) -> &Wallet {
        &self.accounts[index]
    }

    /// `kill -9`: the node gets no chance to finish anything.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM, and waits for the end.
    ///
    /// # Errors
    /// If it ends with an error.
    pub fn stop(mut self) -> Result<()> {
        let status = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        ensure!(status.success(), "kill: {status}");
        let status = self.child.wait()?;
        ensure!(status.success(), "the node ended with {status}");
        Ok(())
    }

    /// Whether it still runs.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn is_running(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Memory it holds, bytes.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn resident_bytes(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
        let kilobytes: u64 = line.split_whitespace().nth(1).context("no number")?.parse()?;
        Ok(kilobytes * 1024)
    }
}

impl Drop for TestNode {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The `zkthreads` that was built with this test.
///
/// # Errors
/// If it was not built.
pub fn binary() -> Result<PathBuf> {
    let path = target_directory()?.join("zkthreads");
    ensure!(path.is_file(), "{} is missing: run `make build` first", path.display());
    Ok(path)
}

/// `target/release`: tests run in its `deps`.
pub(crate) fn target_directory() -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    let directory = test.parent().and_then(Path::parent);
    Ok(directory.context("the test is not in a target directory")?.to_owned())
}

/// What a node prints when it starts.
struct Announced {
    address: String,
    accounts: Vec<Wallet>,
    metrics: Option<String>,
}

/// Reads what the node prints until it says where it listens; goes on reading, so that the pipe never fills.
fn announcement(child: &mut Child) -> Result<Announced> {
    let stdout = child.stdout.take().context("no standard output")?;
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            // The receiver is gone once the node is up.
            let _ = sender.send(line);
        }
    });
    let mut accounts = Vec::new();
    let (mut address, mut metrics) = (None, None);
    loop {
        let Ok(line) = lines.recv_timeout(START_TIMEOUT) else {
            bail!("the node did not start: {:?}", child.try_wait()?);
        };
        if let Some((_, url)) = line.split_once("listening on ") {
            return Ok(Announced { address: url.trim().to_owned(), accounts, metrics });
        }
        if let Some(url) = line.strip_prefix("metrics at ") {
            metrics = Some(url.to_owned());
        }
        if let Some(value) = line.strip_prefix("| Account address |") {
            address = Some(Felt::from_hex(value.trim())?);
        }
        if let Some(value) = line.strip_prefix("| Private key     |") {
            let address = address.take().context("a key without an address")?;
            accounts.push(Wallet::new(address, Felt::from_hex(value.trim())?)?);
        }
    }
}
