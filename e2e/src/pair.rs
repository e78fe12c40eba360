//! A chain and a thread on it that are stopped and come back.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::Url;
use tempfile::TempDir;

use crate::node::TestNode;
use crate::process::own_address;
use crate::rpc::Rpc;
use crate::thread::{TestThread, ThreadOptions};

/// A chain and a thread on it, each with a directory of its own and at a port that it comes back to: the first one it got.
pub struct Pair {
    block_time: Duration,
    ports: (u16, u16),
    directories: (TempDir, TempDir),
    node: Option<TestNode>,
    thread: Option<TestThread>,
}

impl Pair {
    /// Starts both. Account 0 pays for the thread, whose sub-blocks close soon.
    ///
    /// # Errors
    /// If one of them does not come up.
    pub fn start(block_time: Duration) -> Result<Self> {
        let directories = (tempfile::tempdir()?, tempfile::tempdir()?);
        let mut pair = Self { block_time, ports: (0, 0), directories, node: None, thread: None };
        pair.start_node()?;
        pair.start_thread()?;
        Ok(pair)
    }

    /// Starts the node where it was.
    ///
    /// # Errors
    /// If it does not come up.
    pub fn start_node(&mut self) -> Result<()> {
        let options = TestNode::options().data_dir(self.chain()).block_time(self.block_time);
        let node = options.at(own_address(), self.ports.0).start()?;
        self.ports.0 = port(&node.rpc)?;
        self.node = Some(node);
        Ok(())
    }

    /// Starts the thread where it was.
    ///
    /// # Errors
    /// If it does not come up, or the node is down.
    pub fn start_thread(&mut self) -> Result<()> {
        let options = ThreadOptions::new(self.node()?.rpc.url(), self.node()?.account(0));
        let options = options.with(&["--max-age", "1", "--max-transactions", "60"]);
        let thread = options.data_dir(self.directories.1.path()).at(own_address(), self.ports.1).start()?;
        self.ports.1 = port(&thread.rpc)?;
        self.thread = Some(thread);
        Ok(())
    }

    /// Kills the node.
    ///
    /// # Errors
    /// If it is down.
    pub fn kill_node(&mut self) -> Result<()> {
        self.node.take().context("the node is down")?.kill()
    }

    /// Stops the node as its user would.
    ///
    /// # Errors
    /// If it is down or does not end well.
    pub fn stop_node(&mut self) -> Result<()> {
        self.node.take().context("the node is down")?.stop()
    }

    /// Kills the thread.
    ///
    /// # Errors
    /// If it is down.
    pub fn kill_thread(&mut self) -> Result<()> {
        self.thread.take().context("the thread is down")?.kill()
    }

    /// The node.
    ///
    /// # Errors
    /// If it is down.
    pub fn node(&self) -> Result<&TestNode> {
        self.node.as_ref().context("the node is down")
    }

    /// The thread.
    ///
    /// # Errors
    /// If it is down.
    pub fn thread(&self) -> Result<&TestThread> {
        self.thread.as_ref().context("the thread is down")
    }

    /// The node's directory.
    #[must_use]
    pub fn chain(&self) -> &Path {
        self.directories.0.path()
    }
}

fn port(rpc: &Rpc) -> Result<u16> {
    Url::parse(rpc.url())?.port().context("no port")
}
