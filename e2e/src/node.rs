//! A devnet of one's own.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use starknet_types_core::felt::Felt;
use tempfile::TempDir;

use crate::process::Process;
use crate::rpc::Rpc;
use crate::wallet::Wallet;

/// Timestamp of every test chain's genesis, so that block 0 is the same on all of them; and what their clocks show at first, so
/// that what was proven over block 0 is not from long ago.
pub const GENESIS_TIMESTAMP: u64 = 1_700_000_000;

/// How to start a node.
#[derive(Debug, Clone, Default)]
pub struct NodeOptions {
    data_dir: Option<PathBuf>,
    address: Option<(Ipv4Addr, u16)>,
    block_time: Option<Duration>,
    is_of_today: bool,
    more: Vec<String>,
}

impl NodeOptions {
    /// Keeps the chain in `path`, which outlives the node.
    #[must_use]
    pub fn data_dir(mut self, path: &Path) -> Self {
        self.data_dir = Some(path.to_owned());
        self
    }

    /// Listens there instead of at any port of 127.0.0.1. Port 0 is any.
    #[must_use]
    pub fn at(mut self, address: Ipv4Addr, port: u16) -> Self {
        self.address = Some((address, port));
        self
    }

    /// Makes a block every `interval` instead of as soon as there is a transaction.
    #[must_use]
    pub fn block_time(mut self, interval: Duration) -> Self {
        self.block_time = Some(interval);
        self
    }

    /// Its chain begins now and its clock shows the real time, as without any option. Its genesis is no other chain's.
    #[must_use]
    pub fn of_today(mut self) -> Self {
        self.is_of_today = true;
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
    process: Process,
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
        let (host, port) = options.address.unwrap_or((Ipv4Addr::LOCALHOST, 0));
        command.args(["devnet", "--host", &host.to_string(), "--port", &port.to_string()]);
        command.args(["--seed", "0", "--data-dir"]).arg(data_dir);
        if !options.is_of_today {
            let time = GENESIS_TIMESTAMP.to_string();
            command.args(["--genesis-timestamp", &time, "--start-time", &time]);
        }
        if let Some(interval) = options.block_time {
            command.arg("--block-time").arg(interval.as_secs_f64().to_string());
        }
        command.args(options.more);
        let mut process = Process::start(command)?;
        let (mut accounts, mut address, mut metrics) = (Vec::new(), None, None);
        let url = process.listening(|line| {
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
            Ok(())
        })?;
        let rpc = Rpc::new(&format!("{url}/rpc"))?;
        Ok(Self { process, rpc, accounts, metrics, _directory: directory })
    }

    /// Predeployed account number `index`.
    ///
    /// # Panics
    /// If there is no such account.
    #[must_use]
    pub fn account(&self, index: usize) -> &Wallet {
        &self.accounts[index]
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// `kill -9`: the node gets no chance to finish anything.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn kill(self) -> Result<()> {
        self.process.kill()
    }

    /// SIGTERM, and waits for the end.
    ///
    /// # Errors
    /// If it ends with an error.
    pub fn stop(self) -> Result<()> {
        self.process.stop()
    }

    /// Whether it still runs.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn is_running(&mut self) -> Result<bool> {
        self.process.is_running()
    }

    /// Time that processors have spent on it.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn cpu_time(&self) -> Result<Duration> {
        self.process.cpu_time()
    }

    /// Memory it holds, bytes.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn resident_bytes(&self) -> Result<u64> {
        self.process.resident_bytes()
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
///
/// # Errors
/// If the system does not say where the test is.
pub fn target_directory() -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    let directory = test.parent().and_then(Path::parent);
    Ok(directory.context("the test is not in a target directory")?.to_owned())
}
