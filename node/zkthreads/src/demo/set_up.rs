//! The order book, open and with everybody's deposits in it. The demo needs it on both nodes.

use anyhow::{Context, Result};
use tokio::task::JoinSet;

use crate::terminal::short;

use super::chain::Chain;
use super::market::Market;
use super::screen::Screen;
use super::users::Cast;

/// Opens the order book and lets everybody who trades deposit both assets in it, all by ordinary transactions.
pub(crate) async fn open_market(screen: &Screen, chain: &Chain, cast: &Cast) -> Result<Market> {
    let doing = screen.doing("declaring and deploying an order book");
    let market = Market::open(chain, &cast.submitter).await?;
    drop(doing);
    screen.line("order book", format_args!("{}, deployed like any contract", short(market.address.0.key())));

    let users = cast.owners().count();
    let doing = screen.doing(format_args!("{users} users deposit both assets"));
    let mut deposits = JoinSet::new();
    for owner in cast.owners() {
        let (chain, owner) = (chain.clone(), owner.clone());
        deposits.spawn(async move { chain.execute(&owner, &market.deposits()).await });
    }
    while let Some(deposited) = deposits.join_next().await {
        deposited?.context("depositing")?;
    }
    drop(doing);
    screen.line("deposits", format_args!("of {users} users, on the chain"));
    Ok(market)
}
