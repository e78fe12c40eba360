//! The same transactions on another chain, sent to its node one by one: it must end in the same state, and shows what
//! they would have cost.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use starknet_api::transaction::{InvokeTransactionV3, TransactionHash};
use starknet_rust::core::types::ExecutionResult;
use starknet_types_core::felt::Felt;

use super::chain::Chain;
use super::ledger::Ledger;
use super::rows::count;
use super::screen::Screen;
use super::set_up::open_market;
use super::settled::{Cost, Done};
use super::users::Cast;

/// What became of them there.
pub(crate) struct Replayed {
    /// What each transaction that the thread had settled cost its sender.
    pub(crate) costs: Vec<Cost>,
    /// The order book in the end.
    pub(crate) picture: Vec<Felt>,
}

/// Sends `transactions` to a fresh chain, each after the one before it is in a block. Each must end as it did.
pub(crate) async fn replay(
    screen: &Screen,
    (chain, cast): (&Chain, &Cast),
    transactions: &[Done],
    ledger: &Ledger,
    direct: &HashMap<TransactionHash, InvokeTransactionV3>,
) -> Result<Replayed> {
    let market = open_market(screen, chain, cast).await?;
    let mut costs = Vec::new();
    let doing = screen.doing(format_args!("sending {}", count(transactions.len() as u64, "transaction")));
    for (sent, done) in transactions.iter().enumerate() {
        doing.so_far(format_args!("{sent} are in a block"));
        let inner = ledger.get(done.hash).map(|sent| sent.transaction);
        let invoke = inner.as_ref().map(|inner| inner.as_invoke()).or_else(|| direct.get(&done.hash));
        let invoke = invoke.with_context(|| format!("nobody sent transaction {:#x}", done.hash.0))?;
        let hash = chain.node.add_invoke(invoke, None).await?;
        let receipt = chain.receipt(hash).await?.receipt;
        let succeeded = *receipt.execution_result() == ExecutionResult::Succeeded;
        ensure!(
            succeeded == done.succeeded,
            "transaction {:#x} ends differently if it is sent to the node",
            hash.0
        );
        if inner.is_some() {
            costs.push(Cost::of(&receipt)?);
        }
    }
    let owners: Vec<_> = cast.owners().map(|owner| owner.address).collect();
    let picture = market.picture(chain, &owners).await?;
    Ok(Replayed { costs, picture })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use starknet_api::core::Nonce;
    use starknet_api::transaction::{TransactionHasher, TransactionVersion};
    use zkthreads_client::Account;

    use super::*;
    use crate::demo::host::Host;
    use crate::demo::ledger::Sent;
    use crate::demo::market::{Asset, DEPOSIT, Order, Side};

    const ASK: Order = Order { side: Side::Ask, price: 100, amount: 5 };
    const BID: Order = Order { side: Side::Bid, price: 101, amount: 3 };

    #[tokio::test(flavor = "multi_thread")]
    async fn orders_trade_and_cost_gas() {
        let (screen, directory) = (Screen::new(), tempfile::tempdir().unwrap());
        let node = Host::launch(&directory.path().join("node")).await.unwrap();
        let (chain, cast) = node.enter().await.unwrap();
        let market = open_market(&screen, &chain, &cast).await.unwrap();
        assert_eq!(market.balance(&chain, cast.zoe.address, Asset::Base).await.unwrap(), DEPOSIT.into());
        let ledger = Ledger::default();
        let sign = |account: &Account, nonce: u64, call| {
            let nonce = Nonce(Felt::from(nonce));
            let transaction = account.inner(&[call], nonce, Account::inner_bounds()).unwrap();
            let invoke = transaction.as_invoke();
            let hash = invoke.calculate_transaction_hash(&chain.id, &TransactionVersion::THREE).unwrap();
            ledger.took(Sent { hash, transaction, took: Duration::ZERO, succeeded: true });
            Done { hash, succeeded: true }
        };
        // Both have made their deposits with nonce 0.
        let (seller, buyer) = (&cast.traders[0], &cast.traders[1]);
        let mut orders = vec![sign(seller, 1, market.place(ASK)), sign(buyer, 1, market.place(BID))];
        let no_such_order = sign(buyer, 2, market.cancel(7));
        orders.push(Done { succeeded: false, ..no_such_order });

        let twin = Host::launch(&directory.path().join("twin")).await.unwrap();
        let (chain, cast) = twin.enter().await.unwrap();
        let replayed = replay(&screen, (&chain, &cast), &orders, &ledger, &HashMap::new()).await.unwrap();
        assert_eq!(replayed.costs.len(), 3);
        assert!(replayed.costs.iter().all(|cost| cost.l2_gas > 100_000), "{:?}", replayed.costs);
        let deposit = Felt::from(DEPOSIT);
        let [sold, earned, bought, paid] = replayed.picture[..4] else { panic!() };
        assert_eq!([sold, earned], [deposit - Felt::from(5), deposit + Felt::from(300)]);
        assert_eq!([bought, paid], [deposit + Felt::from(3), deposit - Felt::from(300)]);
        let best = &replayed.picture[replayed.picture.len() - 6..];
        // No bid; order 1 asks for the rest.
        assert_eq!(best, [0, 0, 0, 1, 100, 2].map(Felt::from));
        twin.stop().await.unwrap();
        node.stop().await.unwrap();
    }
}
