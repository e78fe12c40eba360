//! A thread of one's own, on a node of one's own.

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use starknet_types_core::felt::Felt;
use tempfile::TempDir;

use crate::hex;
use crate::node::binary;
use crate::process::{Process, signal};
use crate::receipt::Receipt;
use crate::rpc::Rpc;
use crate::wait::until;
use crate::wallet::Wallet;

/// How to start a thread.
#[derive(Debug, Clone)]
pub struct ThreadOptions {
    node: String,
    contracts: String,
    submitter: Wallet,
    data_dir: Option<PathBuf>,
    address: Option<(Ipv4Addr, u16)>,
    ignored: Option<String>,
    more: Vec<String>,
}

impl ThreadOptions {
    /// A thread for any contract on the node at `url`, which `submitter` pays for.
    #[must_use]
    pub fn new(url: &str, submitter: &Wallet) -> Self {
        Self {
            node: url.to_owned(),
            contracts: "any".to_owned(),
            submitter: submitter.clone(),
            data_dir: None,
            address: None,
            ignored: None,
            more: Vec::new(),
        }
    }

    /// Only these contracts may be written.
    #[must_use]
    pub fn contracts(mut self, contracts: &[Felt]) -> Self {
        self.contracts = contracts.iter().copied().map(hex).collect::<Vec<_>>().join(",");
        self
    }

    /// Keeps what it must not forget in `path`, which outlives the thread.
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

    /// Starts it with a signal ignored that would end it.
    #[must_use]
    pub fn ignoring(mut self, signal: &str) -> Self {
        self.ignored = Some(signal.to_owned());
        self
    }

    /// Any other option of `zkthreads thread`.
    #[must_use]
    pub fn with(mut self, arguments: &[&str]) -> Self {
        self.more.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    /// The command line, with everything it names made.
    fn command(&self, directory: &Path) -> Result<Command> {
        let key = directory.join("submitter.key");
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&key)?;
        std::io::Write::write_all(&mut file, hex(self.submitter.private_key).as_bytes())?;
        let mut command = match &self.ignored {
            None => Command::new(binary()?),
            Some(signal) => {
                let mut shell = Command::new("sh");
                shell.args(["-c", &format!("trap '' {signal}; exec \"$0\" \"$@\"")]).arg(binary()?);
                shell
            }
        };
        command.args(["thread", "--node", &self.node, "--contracts", &self.contracts]);
        command.args(["--submitter", &hex(self.submitter.address), "--submitter-key-file"]).arg(key);
        let (host, port) = self.address.unwrap_or((Ipv4Addr::LOCALHOST, 0));
        command
            .args(["--host", &host.to_string(), "--port", &port.to_string()])
            .arg("--data-dir")
            .arg(directory);
        command.args(&self.more);
        Ok(command)
    }

    /// Starts the thread and waits until it listens.
    ///
    /// # Errors
    /// If it does not.
    pub fn start(self) -> Result<TestThread> {
        let (data_dir, directory) = match &self.data_dir {
            Some(path) => (path.clone(), None),
            None => {
                let directory = tempfile::tempdir()?;
                (directory.path().to_owned(), Some(directory))
            }
        };
        let mut process = Process::start(self.command(&data_dir)?)?;
        let url = process.listening(|_| Ok(()))?;
        Ok(TestThread { process, rpc: Rpc::new(&format!("{url}/rpc"))?, _directory: directory })
    }
}

/// Provers that stand still until this is dropped.
#[must_use]
pub struct HeldProvers(Vec<u32>);

impl Drop for HeldProvers {
    fn drop(&mut self) {
        for prover in &self.0 {
            // It may have been given up, and killed, meanwhile.
            let _ = signal("-CONT", *prover);
        }
    }
}

/// A running `zkthreads thread`. Killed when dropped.
pub struct TestThread {
    process: Process,
    /// Its JSON-RPC.
    pub rpc: Rpc,
    _directory: Option<TempDir>,
}

impl TestThread {
    /// What it says of itself.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn status(&self) -> Result<Value> {
        self.rpc.call("zkthread_status", json!([])).await
    }

    /// Its sub-blocks at a stage.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn at_stage(&self, stage: &str) -> Result<Vec<Value>> {
        let status = self.status().await?;
        let all = status["sub_blocks"].as_array().context("no sub-blocks")?;
        Ok(all.iter().filter(|sub_block| sub_block["stage"] == stage).cloned().collect())
    }

    /// Waits until what it says of itself will do.
    ///
    /// # Errors
    /// If it does not in time.
    pub async fn until(&self, what: &str, will_do: impl Fn(&Value) -> bool) -> Result<Value> {
        let found = until(what, async || Ok(Some(self.status().await?).filter(&will_do))).await;
        match found {
            Err(error) => Err(error.context(format!("{:#}", self.status().await?))),
            found => found,
        }
    }

    /// Waits until nothing is left to settle.
    ///
    /// # Errors
    /// If something is, for too long.
    pub async fn until_settled(&self) -> Result<Value> {
        self.until("settled", |status| status["queue"]["unsettled"] == 0 && status["queue"]["waiting"] == 0)
            .await
    }

    /// Waits until the transaction is in a block of the chain, as `rpc` (the thread's or the node's) sees it.
    ///
    /// # Errors
    /// If it does not come there.
    pub async fn settled(&self, rpc: &Rpc, hash: Felt) -> Result<Receipt> {
        let params = json!({ "transaction_hash": hex(hash) });
        let look = async || {
            let receipt = rpc.try_call("starknet_getTransactionReceipt", params.clone()).await?.ok();
            Ok(receipt.filter(|receipt| receipt["finality_status"] == "ACCEPTED_ON_L2"))
        };
        match until(&format!("{hash:#x} is settled"), look).await {
            Ok(receipt) => Receipt::parse(receipt),
            Err(error) => Err(error.context(format!("{:#}", self.status().await?))),
        }
    }

    /// Waits until it has logged something.
    ///
    /// # Errors
    /// If it never does.
    pub async fn logs(&self, text: &str) -> Result<()> {
        until(&format!("{text:?} in the log"), async || Ok(self.process.log().contains(text).then_some(())))
            .await
    }

    /// Stops its provers where they are. Until they go on nothing is proven, so nothing settles: what a scenario does
    /// meanwhile comes first, on a machine of any speed. One that is given up is replaced by another one, which is not held.
    ///
    /// # Errors
    /// If there is no prover.
    pub async fn hold_provers(&self) -> Result<HeldProvers> {
        let provers = until("a prover", async || Ok(Some(self.provers().await?).filter(|it| !it.is_empty())));
        let held = HeldProvers(provers.await?);
        for prover in &held.0 {
            signal("-STOP", *prover)?;
        }
        Ok(held)
    }

    /// Process ids of its provers.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn provers(&self) -> Result<Vec<u32>> {
        let status = self.status().await?;
        let provers = status["provers"].as_array().context("no provers")?;
        Ok(provers.iter().filter_map(|prover| prover["pid"].as_u64()?.try_into().ok()).collect())
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Whether it still runs.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn is_running(&mut self) -> Result<bool> {
        self.process.is_running()
    }

    /// Memory it holds, bytes; its provers left aside.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn resident_bytes(&self) -> Result<u64> {
        self.process.resident_bytes()
    }

    /// `kill -9`.
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
}
