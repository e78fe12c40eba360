//! The people of the demo and what they pay each other.

use anyhow::{Context, Result};
use starknet_api::core::{ChainId, Nonce};
use starknet_types_core::felt::Felt;
use zkthreads_batcher::{Account, Call};
use zkthreads_protocol::InnerTransaction;

use crate::devnet::accounts::PredeployedAccount;
use crate::devnet::constants::STRK_ADDRESS;

use super::chain::Chain;

/// One STRK, in fri.
pub(crate) const STRK: u128 = 1_000_000_000_000_000_000;

/// Someone with an account.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) name: &'static str,
    pub(crate) account: Account,
}

/// A payment in whole STRK, by place in the list of users.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Payment {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) strk: u128,
}

/// The operator, who runs the thread and pays for it, and five users.
pub(crate) const NAMES: [&str; 6] = ["operator", "Ada", "Bo", "Cleo", "Dan", "Eve"];

/// What the first sub-block holds.
pub(crate) const FIRST: [Payment; 6] =
    [pay(1, 2, 25), pay(2, 3, 40), pay(3, 4, 15), pay(4, 5, 10), pay(5, 1, 5), pay(1, 3, 7)];
/// What the second one holds.
pub(crate) const SECOND: [Payment; 2] = [pay(2, 1, 3), pay(3, 2, 4)];
/// What Bo sends to the chain himself while the second one is on its way.
pub(crate) const ORDINARY: Payment = pay(2, 5, 1);

const fn pay(from: usize, to: usize, strk: u128) -> Payment {
    Payment { from, to, strk }
}

/// The predeployed accounts, named.
pub(crate) fn users(accounts: &[PredeployedAccount], chain_id: &ChainId) -> Vec<User> {
    let user = |(name, account): (_, &PredeployedAccount)| User {
        name,
        account: Account::new(account.address, account.private_key, chain_id.clone()),
    };
    NAMES.into_iter().zip(accounts).map(user).collect()
}

impl Payment {
    /// The transfer that its payer signs.
    pub(crate) fn sign(self, users: &[User], nonce: Nonce) -> Result<InnerTransaction> {
        let [from, to] = [self.from, self.to].map(|index| users.get(index).context("a user is missing"));
        let call = Call::transfer(STRK_ADDRESS.try_into()?, to?.account.address, self.strk * STRK);
        Ok(from?.account.inner(&[call], nonce, Account::inner_bounds())?)
    }
}

/// Signs payments with the nonces that follow the chain's.
pub(crate) async fn sign_all(
    chain: &Chain,
    users: &[User],
    payments: &[Payment],
) -> Result<Vec<InnerTransaction>> {
    let mut next: Vec<Option<Nonce>> = vec![None; users.len()];
    let mut signed = Vec::new();
    for payment in payments {
        let (user, next) =
            users.get(payment.from).zip(next.get_mut(payment.from)).context("a user is missing")?;
        let nonce = match *next {
            Some(nonce) => nonce,
            None => chain.nonce(user.account.address).await?,
        };
        *next = Some(Nonce(nonce.0 + Felt::ONE));
        signed.push(payment.sign(users, nonce)?);
    }
    Ok(signed)
}

/// What each user gains by payments, in whole STRK.
pub(crate) fn gains(payments: &[Payment]) -> [i128; NAMES.len()] {
    let mut gains = [0; NAMES.len()];
    for payment in payments {
        let strk = i128::try_from(payment.strk).unwrap_or(i128::MAX);
        gains[payment.from] -= strk;
        gains[payment.to] += strk;
    }
    gains
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_some_gain_others_lose() {
        assert_eq!(gains(&FIRST), [0, -27, -15, 32, 5, 5]);
        assert_eq!(gains(&FIRST).iter().sum::<i128>(), 0);
    }
}
