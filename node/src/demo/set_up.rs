//! A devnet with the order book open and everybody's deposits in it. The demo needs it twice.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result};
use tokio::task::JoinSet;

use crate::chain::Origin;
use crate::devnet::manifest::Wishes;
use crate::launch::{Node, NodeConfig};
use crate::mempool::Limits;
use crate::producer::BlockMode;

use super::chain::Chain;
use super::market::Market;
use super::users::{ACCOUNTS, Cast};

/// A devnet whose accounts are the same every time.
pub(crate) async fn launch() -> Result<Node> {
    let config = NodeConfig {
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        block_mode: BlockMode::OnTransaction,
        data_dir: None,
        origin: Origin::Devnet {
            wishes: Wishes { seed: Some(0), accounts: Some(ACCOUNTS), ..Wishes::default() },
            timestamp: None,
            options: Box::default(),
        },
        limits: Limits::default(),
        state_history: None,
    };
    Node::launch(config).await.context("the node did not start")
}

/// Opens the order book and lets everybody who trades deposit both assets in it, all by ordinary transactions.
pub(crate) async fn open_market(chain: &Chain, cast: &Cast) -> Result<Market> {
    let market = Market::open(chain, &cast.submitter).await?;
    let mut deposits = JoinSet::new();
    for owner in cast.owners() {
        let (chain, owner) = (chain.clone(), owner.clone());
        deposits.spawn(async move { chain.execute(&owner, &market.deposits()).await });
    }
    while let Some(deposited) = deposits.join_next().await {
        deposited?.context("depositing")?;
    }
    Ok(market)
}
