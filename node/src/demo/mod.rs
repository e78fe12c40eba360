//! `zkthreads demo`: a thread settles, is forged, and comes too late, on a devnet of the demo's own. The demo talks to
//! the node over HTTP only, and fails if anything goes other than it tells.

mod chain;
mod inclusion;
mod print;
mod story;
mod users;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::chain::Origin;
use crate::devnet::manifest::Wishes;
use crate::launch::{Node, NodeConfig};
use crate::mempool::Limits;
use crate::producer::BlockMode;
use crate::terminal::Paint;

use chain::Chain;
use story::Story;
use users::{NAMES, users};

/// Runs the demo.
///
/// # Errors
/// If the node does not start or anything goes otherwise than it should.
pub async fn run() -> Result<()> {
    let started = Instant::now();
    let config = NodeConfig {
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        block_mode: BlockMode::OnTransaction,
        data_dir: None,
        origin: Origin::Devnet {
            wishes: Wishes { seed: Some(0), accounts: u8::try_from(NAMES.len()).ok(), ..Wishes::default() },
            timestamp: None,
            options: Box::default(),
        },
        limits: Limits::default(),
        state_history: None,
    };
    let node = Node::launch(config).await.context("the node did not start")?;
    let url = format!("http://{}/rpc", node.address());
    println!("{} demo: a devnet answers at {url}", "zkThreads".cyan());

    let told = tell(&node, &url).await;
    node.stop().await?;
    told?;
    println!("\n{} in {:.0} s", "Done".green(), started.elapsed().as_secs_f64());
    Ok(())
}

async fn tell(node: &Node, url: &str) -> Result<()> {
    let chain = Chain::connect(url).await?;
    let users = users(&node.accounts(), &chain.id);
    Story::new(chain, users)?.tell().await
}
