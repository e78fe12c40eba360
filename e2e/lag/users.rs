//! Users who pay by way of the thread, one after the other, at an even pace.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use starknet_types_core::felt::Felt;
use tokio::time::{Instant, interval};
use zkthreads_e2e::token::{ETH, transfer};
use zkthreads_e2e::wallet::{hash_of, wire};
use zkthreads_e2e::{Failure, Rpc, Wallet, felt, hex};

use crate::ledger::Ledger;
use crate::scenario::Written;

/// Of so many payments one is the first user's, so that nearly every sub-block holds one of them.
const FIRST_USER_EVERY: u64 = 4;

/// The users and what they remember.
pub(crate) struct Users<'a> {
    users: Vec<User<'a>>,
    turn: u64,
    /// What the thread did not take, by reason.
    pub(crate) refusals: BTreeMap<String, u64>,
}

struct User<'a> {
    wallet: &'a Wallet,
    payee: Felt,
    nonce: u64,
    /// Rejected payments of which it knows that later ones are void with them.
    rejected: usize,
}

impl<'a> Users<'a> {
    /// Accounts that have sent nothing yet.
    pub(crate) fn new(wallets: &'a [Wallet], written: Written) -> Self {
        let user = |(index, wallet)| User { wallet, payee: written.payee(index), nonce: 0, rejected: 0 };
        Self { users: wallets.iter().enumerate().map(user).collect(), turn: 0, refusals: BTreeMap::new() }
    }

    /// Pays so many times a second, for so long.
    pub(crate) async fn pay(
        &mut self,
        thread: &Rpc,
        ledger: &Ledger,
        per_second: f64,
        length: Duration,
    ) -> Result<()> {
        let (end, mut pace) = (Instant::now() + length, interval(Duration::from_secs_f64(1.0 / per_second)));
        loop {
            pace.tick().await;
            if Instant::now() >= end {
                return Ok(());
            }
            let index = self.next();
            let user = self.users.get_mut(index).context("a user")?;
            if let Some(refusal) = user.pay(index, thread, ledger).await? {
                *self.refusals.entry(refusal.to_string()).or_default() += 1;
            }
        }
    }

    /// Whose turn it is.
    fn next(&mut self) -> usize {
        let turn = self.turn;
        self.turn += 1;
        if turn.is_multiple_of(FIRST_USER_EVERY) {
            return 0;
        }
        let others = self.users.len() - 1;
        let earlier = turn - turn / FIRST_USER_EVERY - 1;
        1 + usize::try_from(earlier).unwrap_or_default() % others
    }
}

impl User<'_> {
    /// Pays 1 wei; why the thread did not take it, if it did not.
    async fn pay(&mut self, index: usize, thread: &Rpc, ledger: &Ledger) -> Result<Option<Failure>> {
        let rejected = ledger.rejected_of(index);
        if self.rejected < rejected {
            // Its nonce is free again. As a wallet would, the user waits until it is known which one is next.
            if ledger.pending_of(index) > 0 {
                return Ok(None);
            }
            self.read_nonce(thread).await?;
            self.rejected = rejected;
        }
        let invoke = self.wallet.invoke(self.nonce, &[transfer(ETH, self.payee, 1)?])?;
        let params = json!({ "invoke_transaction": wire(&invoke, None) });
        match thread.try_call("starknet_addInvokeTransaction", params).await? {
            Ok(_) => {
                ledger.acknowledge(hash_of(&invoke)?.0, index);
                self.nonce += 1;
                Ok(None)
            }
            Err(refusal) => Ok(Some(refusal)),
        }
    }

    async fn read_nonce(&mut self, thread: &Rpc) -> Result<()> {
        let params = json!({ "block_id": "pre_confirmed", "contract_address": hex(self.wallet.address) });
        let nonce = felt(&thread.call("starknet_getNonce", params).await?)?;
        self.nonce = u64::try_from(nonce).ok().context("a nonce")?;
        Ok(())
    }
}
