//! What the thread OS spends: for each kind of transaction, for each class, and in which of its functions.
//!
//! ```text
//! cargo bench -p zkthreads-runner --bench os_costs
//! ```
//!
//! What a transaction costs is the difference of two sub-blocks, one of which has ten more of its kind. Nothing here
//! is timed: the numbers are the same on every machine, but for a few steps, since the random points that contracts
//! begin a signature check with are the VM's choice.

#[path = "../tests/costs/mod.rs"]
mod costs;
#[path = "../tests/sub_block_support/mod.rs"]
mod sub_block_support;

use std::collections::BTreeMap;

use costs::profile::ClassCost;
use costs::table::{Table, number};
use costs::{FEW, KINDS, MORE, Metering, Names, Profile, Resource, Usage, WALLETS, kinds, stage};
use starknet_api::core::ClassHash;
use sub_block_support::classes;

/// Functions in the profile.
const FUNCTIONS: usize = 25;

fn main() {
    let names = Names::read();
    let (mut transactions, mut fixed_costs) = (Vec::new(), Vec::new());
    let mut costs_of_classes = BTreeMap::new();
    for metering in Metering::ALL {
        for kind in KINDS {
            let [few, more] = costs::profiles(kind, metering, names.as_ref());
            let label = vec![kind.name.to_owned(), metering.name().to_owned()];
            transactions.push((label, more_of(&few, &more)));
            if kind.name == kinds::TRANSFER.name && names.is_some() {
                print_profile(metering, &few, &more);
            }
            if kind.name == kinds::NO_CALLS.name && names.is_some() {
                let fixed = few.total - more_of(&few, &more) * FEW - few.of_classes();
                fixed_costs.push((vec![metering.name().to_owned()], fixed));
            }
            // As much of a class as any kind of transaction needs.
            for (class, cost) in more.classes {
                let most: &mut ClassCost = costs_of_classes.entry(class).or_default();
                if most.hashed <= cost.hashed {
                    *most = cost;
                }
            }
        }
    }
    Table::of_usages(&["a transaction", "counting"], &transactions).print("What a transaction adds:");
    print_classes(&costs_of_classes);
    print_wallets(names.as_ref());
    if names.is_some() {
        Table::of_usages(&["counting"], &fixed_costs).print("What a sub-block takes besides:");
    } else {
        println!("\nThe names of the OS's functions are not there: `os/program/compile` writes them.");
    }
}

/// What each of the additional transactions of the larger sub-block costs.
fn more_of(few: &Profile, more: &Profile) -> Usage {
    (more.total - few.total) / MORE
}

/// Where the sub-blocks of transfers spend what they do.
fn print_profile(metering: Metering, few: &Profile, more: &Profile) {
    let transfer = more.functions_since(few, MORE);
    print_functions(&transfer, &format!("Where a transfer spends it, counting {}:", metering.name()));
    let rest = few.functions_without(&transfer, FEW);
    print_functions(&rest, "Where the rest of its sub-block does:");
}

fn print_functions(functions: &[(&str, Usage)], title: &str) {
    let rows: Vec<_> =
        functions.iter().take(FUNCTIONS).map(|(name, usage)| (vec![(*name).to_owned()], *usage)).collect();
    Table::of_usages(&["function"], &rows).print(title);
}

fn print_classes(costs: &BTreeMap<ClassHash, ClassCost>) {
    let mut rows: Vec<_> = costs
        .iter()
        .map(|(class, cost)| (vec![class_name(*class), number(cost.felts), number(cost.hashed)], cost.usage))
        .collect();
    rows.sort();
    Table::of_usages(&["a class", "felts", "of which hashed"], &rows).print("What a class adds, once:");
}

/// What payments of wallets' accounts take, and the account's class.
fn print_wallets(names: Option<&Names>) {
    let mut table = Table::new(&[
        "a payment",
        "steps",
        "the class once: felts hashed",
        "steps",
        "a sub-block of one",
        "fit into 8 GiB",
    ]);
    for wallet in WALLETS {
        let (payment, alone) = wallet.costs(names);
        // The account's is the largest class in it.
        let class = alone.classes.values().max_by_key(|class| class.felts).copied().unwrap_or_default();
        let steps = [payment, class.usage, alone.total].map(|usage| number(usage[Resource::Steps]));
        let [payment, class_steps, alone] = steps;
        let fit = wallet.fit().to_string();
        table.row(vec![wallet.name.to_owned(), payment, number(class.hashed), class_steps, alone, fit]);
    }
    table.print("What wallets' payments take:");
}

fn class_name(hash: ClassHash) -> String {
    let known = [
        ("OpenZeppelin account 1.0.0", classes::account()),
        ("Cairo compiler's account", classes::cairo_account()),
        ("STRK", classes::strk()),
        ("universal deployer", classes::load(stage::DEPLOYER)),
        ("order book", classes::load(stage::ORDER_BOOK)),
        ("pool", classes::load(stage::AMM)),
        ("game", classes::load(stage::GAME)),
    ];
    let name = known.iter().find(|(_, class)| class.hash == hash).map(|(name, _)| (*name).to_owned());
    name.unwrap_or_else(|| hash.to_string())
}
