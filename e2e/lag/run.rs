//! Runs a scenario: a node, a thread with provers, users, perhaps a stranger.

use std::convert::Infallible;
use std::future::pending;
use std::time::{Duration, Instant};

use anyhow::Result;
use zkthreads_e2e::{TestNode, ThreadOptions};

use crate::confirm::confirm;
use crate::goals::Demands;
use crate::ledger::Ledger;
use crate::outcome::{Outcome, Share};
use crate::scenario::Scenario;
use crate::stranger::Stranger;
use crate::users::Users;
use crate::watch::Watch;

/// Accounts: who settles, who is a stranger, and from here on the users.
const SUBMITTER: usize = 0;
const STRANGER: usize = 1;
const FIRST_USER: usize = 2;
const USERS: usize = 16;

/// How often to see whether all payments have ended.
const LOOK: Duration = Duration::from_millis(100);

/// Runs a scenario. Node and thread end with it, however it ends.
pub(crate) async fn run(
    scenario: &'static Scenario,
    demands: Demands,
    payments_per_second: f64,
) -> Result<Outcome> {
    let accounts = (FIRST_USER + USERS).to_string();
    let options = TestNode::options().of_today().block_time(Duration::from_secs(scenario.block_time));
    let node = options
        .with(&["--max-thread-lag", &scenario.max_lag.to_string(), "--accounts", &accounts])
        .start()?;
    // As it is shipped, without any option that is not needed.
    let thread = ThreadOptions::new(node.rpc.url(), node.account(SUBMITTER)).start()?;

    let wallets = &node.accounts[FIRST_USER..];
    let victim = scenario.written.victim(wallets);
    let stranger = victim.map(|victim| Stranger::new(node.account(STRANGER), victim));
    let wealth = async || match &stranger {
        Some(stranger) => stranger.wealth(&node.rpc).await,
        None => Ok(0),
    };
    let before = wealth().await?;

    let (ledger, mut users) = (Ledger::default(), Users::new(wallets, scenario.written));
    let watch = Watch::new(&node.rpc, &thread, &ledger, stranger.as_ref());
    let begun = Instant::now();
    let paying = async {
        users.pay(&thread.rpc, &ledger, payments_per_second, demands.length).await?;
        all_ended(&ledger, demands.within).await;
        anyhow::Ok(())
    };
    // The stranger goes on while the last payments are on their way: they shall have it no better than the others.
    let writing = async {
        match &stranger {
            Some(stranger) => stranger.write(&node.rpc).await,
            None => pending::<Result<Infallible>>().await,
        }
    };
    tokio::select! {
        paid = paying => paid?,
        Err(error) = writing => return Err(error),
        Err(error) = watch.run() => return Err(error),
    }
    let took = begun.elapsed();
    let seen = watch.end().await?;
    let confirmed = confirm(&node.rpc, &thread.rpc, &ledger).await?;
    let written = Share { part: usize::try_from(seen.written)?, whole: usize::try_from(seen.blocks)? };
    let paid = before.saturating_sub(wealth().await?);
    let mut outcome = Outcome::new(scenario, took, &ledger.payments(), confirmed, seen);
    outcome.refusals = users.refusals;
    outcome.stranger = stranger.as_ref().map(|_| (written, paid));
    thread.stop()?;
    node.stop()?;
    Ok(outcome)
}

/// Waits until all payments have ended; no longer than the last of them may take.
async fn all_ended(ledger: &Ledger, within: Duration) {
    let start = Instant::now();
    while !ledger.pending().is_empty() && start.elapsed() < within {
        tokio::time::sleep(LOOK).await;
    }
}
