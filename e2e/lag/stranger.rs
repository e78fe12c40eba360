//! A stranger who changes somebody's balance in every block of the chain.

use std::cell::RefCell;
use std::collections::HashSet;
use std::convert::Infallible;

use anyhow::{Context, Result};
use starknet_types_core::felt::Felt;
use zkthreads_e2e::heads::Heads;
use zkthreads_e2e::token::{STRK, balance, send_ether};
use zkthreads_e2e::{Rpc, Wallet};

/// The stranger.
pub(crate) struct Stranger<'a> {
    wallet: &'a Wallet,
    victim: Felt,
    sent: RefCell<HashSet<Felt>>,
}

impl<'a> Stranger<'a> {
    pub(crate) fn new(wallet: &'a Wallet, victim: Felt) -> Self {
        Self { wallet, victim, sent: RefCell::default() }
    }

    /// As soon as there is a block, sends the victim 1 wei in the next one.
    pub(crate) async fn write(&self, node: &Rpc) -> Result<Infallible> {
        let mut heads = Heads::of(node).await?;
        for nonce in 0.. {
            heads.next().await?;
            let sent = send_ether(node, self.wallet, nonce, self.victim, 1).await;
            self.sent.borrow_mut().insert(sent.context("the stranger's payment")?);
        }
        unreachable!("there are more nonces than blocks")
    }

    pub(crate) fn has_sent(&self, hash: Felt) -> bool {
        self.sent.borrow().contains(&hash)
    }

    /// What is left of the STRK that it pays fees with.
    pub(crate) async fn wealth(&self, node: &Rpc) -> Result<u128> {
        balance(node, STRK, self.wallet.address).await
    }
}
