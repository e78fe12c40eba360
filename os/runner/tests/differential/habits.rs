//! Arguments that make sense to our own contracts, where random ones would only be refused, and what every account
//! did before the first sub-block: deposit, place an order, add to the pool, spawn a fighter.

use starknet_types_core::felt::Felt;

use super::random::Random;
use super::scene::Contract;
use crate::sub_block_support::Call;

/// Deposited of each asset.
const DEPOSIT: u64 = 1_000_000;

/// Sensible arguments for the entry point `name` of `class`. The account with index `caller` owns the order and the
/// fighter with the next number.
pub fn arguments(
    class: &str,
    name: &str,
    caller: Option<usize>,
    accounts: usize,
    random: &mut Random,
) -> Option<Vec<Felt>> {
    let own = caller.filter(|_| random.chance(850)).unwrap_or_else(|| random.below(accounts)) + 1;
    let numbers = match (class.split(' ').next()?, name) {
        ("order_book", "place") => vec![random.below(2), random.between(40, 60), random.between(1, 30)],
        ("order_book", "cancel" | "order") => vec![own],
        ("order_book", "best") => vec![random.below(2)],
        ("order_book", "deposit" | "withdraw") | ("amm", "deposit") => {
            vec![random.below(2), random.between(1, 2_000)]
        }
        ("amm", "add") => vec![random.between(1, 1_000), random.between(1, 1_000)],
        ("amm", "remove") => vec![random.between(1, 300)],
        ("amm", "swap") => vec![random.below(2), random.between(1, 5_000), random.below(2)],
        ("game", "wander") => vec![own, random.below(6)],
        ("game", "strike") => vec![own, random.between(1, accounts)],
        ("game", "heal" | "fighter") => vec![own],
        _ => return None,
    };
    Some(numbers.into_iter().map(Felt::from).collect())
}

/// What the account with this index does first: its order and its fighter get the next number.
pub fn beginning(index: usize, contracts: &[Contract]) -> Vec<Call> {
    let mut calls = Vec::new();
    for contract in contracts {
        let mut call = |name: &str, arguments: &[u64]| {
            calls.push(Call::new(
                contract.address,
                name,
                arguments.iter().copied().map(Felt::from).collect(),
            ));
        };
        let (side, price) =
            if index.is_multiple_of(2) { (0, 46 - index as u64 / 2) } else { (1, 54 + index as u64 / 2) };
        match contract.class.name.split(' ').next().unwrap_or_default() {
            "order_book" => {
                call("deposit", &[0, DEPOSIT]);
                call("deposit", &[1, DEPOSIT]);
                call("place", &[side, price, 10]);
            }
            "amm" => {
                call("deposit", &[0, DEPOSIT]);
                call("deposit", &[1, DEPOSIT]);
                call("add", &[10_000, 20_000]);
            }
            "game" => call("spawn", &[]),
            _ => {}
        }
    }
    calls
}
