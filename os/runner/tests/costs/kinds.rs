//! Kinds of transactions whose cost is measured.

use starknet_api::core::ContractAddress;
use starknet_types_core::felt::Felt;

use super::stage::{Stage, USERS};
use crate::sub_block_support::{Call, transfer};

pub struct Kind {
    pub name: &'static str,
    /// What user `index` (they take turns) does beforehand.
    pub preparation: fn(&Stage, usize) -> Vec<Call>,
    /// The calls of the transaction with this index.
    pub calls: fn(&Stage, usize) -> Vec<Call>,
    pub reverts: bool,
}

pub const KINDS: &[Kind] = &[
    NO_CALLS,
    TRANSFER,
    Kind {
        name: "transfer, reverted",
        preparation: nothing,
        calls: |stage, index| vec![transfer(stage.world.strk(), neighbour(stage, index), u128::MAX)],
        reverts: true,
    },
    Kind {
        name: "order that waits",
        preparation: deposit_in_order_book,
        // Each is better than those before, hence the first of its side.
        calls: |stage, index| vec![place(stage, BID, 1 + index, 10)],
        reverts: false,
    },
    Kind {
        name: "order that meets another",
        preparation: |stage, index| {
            let mut calls = deposit_in_order_book(stage, index);
            calls.push(place(stage, ASK, 200 - index, 10));
            calls
        },
        calls: |stage, _| vec![place(stage, BID, 1_000, 10)],
        reverts: false,
    },
    Kind {
        name: "swap",
        preparation: |stage, index| {
            let mut calls = deposits(stage.amm, index);
            if index == 0 {
                calls.push(call(stage.amm, "add", &[500_000, 500_000]));
            }
            calls
        },
        calls: |stage, index| vec![call(stage.amm, "swap", &[0, 100 + index, 1])],
        reverts: false,
    },
    Kind {
        name: "game: a step at random",
        preparation: spawn,
        calls: |stage, index| vec![call(stage.game, "wander", &[1 + index % USERS, 1])],
        reverts: false,
    },
    Kind {
        name: "game: a blow",
        preparation: spawn,
        calls: |stage, index| vec![call(stage.game, "strike", &[1 + index % USERS, 1 + (index + 1) % USERS])],
        reverts: false,
    },
    Kind {
        name: "deploy an account",
        preparation: nothing,
        calls: |stage, index| {
            let class = stage.metering.account().hash.0;
            let calldata = vec![class, index.into(), Felt::ZERO, Felt::ONE, Felt::from(0x5eed)];
            vec![Call::new(stage.deployer, "deploy_contract", calldata)]
        },
        reverts: false,
    },
];

/// An account's signature alone.
pub const NO_CALLS: Kind = Kind { name: "no calls", preparation: nothing, calls: nothing, reverts: false };

/// The transfer of a token, which the budget is about.
pub const TRANSFER: Kind = Kind {
    name: "transfer",
    preparation: nothing,
    calls: |stage, index| vec![transfer(stage.world.strk(), neighbour(stage, index), 1_000 + index as u128)],
    reverts: false,
};

const BID: usize = 0;
const ASK: usize = 1;

fn nothing(_: &Stage, _: usize) -> Vec<Call> {
    vec![]
}

fn call(contract: ContractAddress, entry_point: &str, arguments: &[usize]) -> Call {
    Call::new(contract, entry_point, arguments.iter().copied().map(Felt::from).collect())
}

/// Another user.
fn neighbour(stage: &Stage, index: usize) -> ContractAddress {
    stage.world.users[(index + 2) % USERS].address
}

/// Deposits of both assets, once for each user.
fn deposits(contract: ContractAddress, index: usize) -> Vec<Call> {
    if index >= USERS {
        return vec![];
    }
    vec![call(contract, "deposit", &[0, 1_000_000]), call(contract, "deposit", &[1, 1_000_000])]
}

fn deposit_in_order_book(stage: &Stage, index: usize) -> Vec<Call> {
    deposits(stage.order_book, index)
}

fn place(stage: &Stage, side: usize, price: usize, amount: usize) -> Call {
    call(stage.order_book, "place", &[side, price, amount])
}

/// A fighter for each user: user `index` commands the one with the next number.
fn spawn(stage: &Stage, index: usize) -> Vec<Call> {
    if index < USERS { vec![call(stage.game, "spawn", &[])] } else { vec![] }
}
