//! A devnet that the demo runs. It needs two.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::{Context, Result};
use zkthreads_devnet::manifest::DevnetRequest;
use zkthreads_mempool::MempoolLimits;
use zkthreads_producer::BlockMode;

use crate::chain::ChainOrigin;
use crate::launch::{Node, NodeConfig};

use super::chain::Chain;
use super::users::{ACCOUNTS, Cast};

/// What its accounts come from. They are the same on every devnet of this seed.
pub(crate) const SEED: u32 = 0;

/// A devnet of the demo's.
pub(crate) struct Host {
    node: Node,
    has_failed: bool,
}

impl Host {
    /// Starts one in `directory`, at a port that the system chooses.
    pub(crate) async fn launch(directory: &Path) -> Result<Self> {
        let config = NodeConfig {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            block_mode: BlockMode::OnTransaction,
            data_dir: Some(directory.to_owned()),
            origin: ChainOrigin::Devnet {
                request: DevnetRequest {
                    seed: Some(SEED),
                    accounts: Some(ACCOUNTS),
                    ..DevnetRequest::default()
                },
                timestamp: None,
                options: Box::default(),
            },
            limits: MempoolLimits::default(),
            state_history: None,
        };
        let node = Node::launch(config).await.context("the node did not start")?;
        Ok(Self { node, has_failed: false })
    }

    /// A client of it, and everybody who has an account there.
    pub(crate) async fn enter(&self) -> Result<(Chain, Cast)> {
        let chain = Chain::connect(self.node.address()).await?;
        let cast = Cast::new(&self.node.accounts(), &chain.id)?;
        Ok((chain, cast))
    }

    /// What `work` comes to, unless the node fails before.
    pub(crate) async fn while_it_lives<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            done = work => done,
            error = self.node.failed() => {
                self.has_failed = true;
                Err(error).context("the node stopped")
            }
        }
    }

    /// Ends it.
    pub(crate) async fn stop(self) -> Result<()> {
        // One that has failed has ended.
        if self.has_failed { Ok(()) } else { self.node.stop().await.context("the node's last block failed") }
    }
}
