//! What is traded: a limit order book, `contracts/metered/order_book.cairo`.

use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use rand_mt::Mt64;
use starknet_api::abi::abi_utils::{get_storage_var_address, selector_from_name};
use starknet_api::core::{ClassHash, ContractAddress, calculate_contract_address};
use starknet_api::state::StorageKey;
use starknet_api::transaction::TransactionHash;
use starknet_api::transaction::fields::{Calldata, ContractAddressSalt};
use starknet_rust::accounts::{Account as _, ExecutionEncoding, SingleOwnerAccount};
use starknet_rust::core::types::TransactionReceiptWithBlockInfo;
use starknet_rust::core::utils::cairo_short_string_to_felt;
use starknet_rust::signers::{LocalWallet, SigningKey};
use starknet_types_core::felt::Felt;
use zkthreads_client::{Account, Call};
use zkthreads_execution::class::compile;
use zkthreads_genesis::accounts::PredeployedAccount;
use zkthreads_genesis::classes::{flatten, sierra};
use zkthreads_genesis::constants::UDC_ADDRESS;

use super::chain::Chain;

const ARTIFACT: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../contracts/metered/order_book.sierra.json"));

/// What everybody begins with, of either asset.
pub(crate) const DEPOSIT: u64 = 1_000_000;
/// Prices of orders: from this one on, ..
const LOWEST_PRICE: u64 = 95;
/// .. so many of them.
const PRICES: u64 = 11;
/// Largest amount of an order.
const MAX_AMOUNT: u64 = 20;

/// One of the two things that are traded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asset {
    /// What is bought and sold.
    Base,
    /// What it is paid with.
    Quote,
}

impl Asset {
    pub(crate) const ALL: [Self; 2] = [Self::Base, Self::Quote];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Quote => "quote",
        }
    }
}

/// A side of the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Bid,
    Ask,
}

/// An order to trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) side: Side,
    pub(crate) price: u64,
    pub(crate) amount: u64,
}

impl Order {
    /// One that crosses the other side about every other time.
    pub(crate) fn random(random: &mut Mt64) -> Self {
        Self {
            side: if random.next_u64().is_multiple_of(2) { Side::Bid } else { Side::Ask },
            price: LOWEST_PRICE + random.next_u64() % PRICES,
            amount: 1 + random.next_u64() % MAX_AMOUNT,
        }
    }
}

/// The order book at its address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Market {
    pub(crate) address: ContractAddress,
}

impl Market {
    /// Declares the class and deploys it, by two ordinary transactions of `owner`.
    pub(crate) async fn open(chain: &Chain, owner: &PredeployedAccount) -> Result<Self> {
        let class_hash = declare(chain, owner).await?;
        let deployed = calculate_contract_address(
            ContractAddressSalt(Felt::ZERO),
            ClassHash(class_hash),
            &Calldata::default(),
            ContractAddress::default(),
        )?;
        // Class, salt, not depending on who deploys it, no arguments.
        let calldata = vec![class_hash, Felt::ZERO, Felt::ZERO, Felt::ZERO];
        let deploy = Call::new(UDC_ADDRESS.try_into()?, "deployContract", calldata);
        let account = Account::new(owner.address, owner.private_key, chain.id.clone());
        chain.execute(&account, &[deploy]).await.context("deploying the order book")?;
        Ok(Self { address: deployed })
    }

    /// Both assets, enough for all orders of a demo.
    pub(crate) fn deposits(&self) -> [Call; 2] {
        Asset::ALL.map(|asset| self.call("deposit", &[asset as u64, DEPOSIT]))
    }

    pub(crate) fn withdraw(&self, asset: Asset, amount: u64) -> Call {
        self.call("withdraw", &[asset as u64, amount])
    }

    pub(crate) fn place(&self, order: Order) -> Call {
        self.call("place", &[order.side as u64, order.price, order.amount])
    }

    pub(crate) fn cancel(&self, order: u64) -> Call {
        self.call("cancel", &[order])
    }

    fn call(&self, function: &str, arguments: &[u64]) -> Call {
        Call::new(self.address, function, arguments.iter().copied().map(Felt::from).collect())
    }

    /// The number of the order that waits in the book since this transaction, if one does.
    pub(crate) fn placed(&self, receipt: &TransactionReceiptWithBlockInfo) -> Option<u64> {
        let placed = selector_from_name("Placed").0;
        let mut events = receipt.receipt.events().iter();
        let event = events.find(|event| event.keys.first() == Some(&placed))?;
        u64::try_from(*event.data.first()?).ok()
    }

    pub(crate) async fn balance(&self, chain: &Chain, owner: ContractAddress, asset: Asset) -> Result<u128> {
        let calldata = vec![*owner.0.key(), Felt::from(asset as u64)];
        match chain.view(self.address, "balance", calldata).await?.as_slice() {
            [balance] => u128::try_from(*balance).context("a balance beyond 128 bits"),
            other => bail!("balance returned {other:?}"),
        }
    }

    /// Everything that orders change: the owners' balances, then the best order of each side.
    pub(crate) async fn picture(&self, chain: &Chain, owners: &[ContractAddress]) -> Result<Vec<Felt>> {
        let mut picture = Vec::new();
        for owner in owners {
            for asset in Asset::ALL {
                picture.push(self.balance(chain, *owner, asset).await?.into());
            }
        }
        for side in [Side::Bid, Side::Ask] {
            picture.extend(chain.view(self.address, "best", vec![Felt::from(side as u64)]).await?);
        }
        Ok(picture)
    }

    /// The cell that holds a balance.
    pub(crate) fn balance_cell(owner: ContractAddress, asset: Asset) -> StorageKey {
        get_storage_var_address("balances", &[*owner.0.key(), Felt::from(asset as u64)])
    }
}

/// Declares the order book's class; returns its hash.
async fn declare(chain: &Chain, owner: &PredeployedAccount) -> Result<Felt> {
    let class = flatten(ARTIFACT).map_err(anyhow::Error::msg)?;
    let to_compile = sierra(&class);
    let compiled = tokio::task::spawn_blocking(move || compile(to_compile)).await??;
    let signer = LocalWallet::from(SigningKey::from_secret_scalar(owner.private_key));
    let chain_id = cairo_short_string_to_felt(&chain.id.to_string())?;
    let (provider, address) = (chain.node.starknet(), *owner.address.0.key());
    let account = SingleOwnerAccount::new(provider, signer, address, chain_id, ExecutionEncoding::New);
    let class_hash = class.class_hash();
    let declared = account.declare_v3(Arc::new(class), compiled.compiled_class_hash.0).send().await?;
    ensure!(declared.class_hash == class_hash, "the node knows the class by another hash");
    chain.receipt(TransactionHash(declared.transaction_hash)).await.context("declaring the order book")?;
    Ok(class_hash)
}

#[cfg(test)]
mod tests {
    use rand_core::SeedableRng;

    use super::*;

    #[test]
    fn orders_are_random_and_the_same_for_the_same_seed() {
        let orders = |seed| {
            let mut random = Mt64::seed_from_u64(seed);
            std::iter::repeat_with(|| Order::random(&mut random)).take(100).collect::<Vec<_>>()
        };
        assert_eq!(orders(1), orders(1));
        assert_ne!(orders(1), orders(2));
        let in_range = |order: &Order| {
            (LOWEST_PRICE..LOWEST_PRICE + PRICES).contains(&order.price)
                && (1..=MAX_AMOUNT).contains(&order.amount)
        };
        assert!(orders(3).iter().all(in_range));
        assert!(orders(3).iter().any(|order| order.side == Side::Bid));
        assert!(orders(3).iter().any(|order| order.side == Side::Ask));
    }
}
