//! A transaction depends on what it says it reads, and on nothing else.

use std::collections::{BTreeMap, BTreeSet};

use starknet_api::core::{ClassHash, ContractAddress, Nonce};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;
use zkthreads_execution::ChainState;
use zkthreads_protocol::{ContractAccess, InnerTransaction, StateCell, Statement, StorageAccess};
use zkthreads_sub_block::{Cell, ExecutedInner, OpenSubBlock};

use super::stage::{chain, context, deploy, open, pay, pay_too_much, put};
use crate::support::{Call, TestChain, address};

const USERS: usize = 4;

/// Numbers that look random, the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn random_calls(chain: &TestChain, random: &mut Random) -> Vec<Call> {
    (0..=random.below(2))
        .map(|_| {
            let to = chain.users[random.below(USERS as u64) as usize].address;
            match random.below(6) {
                0 | 1 => pay(to, u128::from(random.below(50))),
                2 => pay_too_much(to),
                3 => deploy(random.below(1 << 30)),
                _ => put(random.below(4), random.below(3)),
            }
        })
        .collect()
}

/// `state` with other values in all of `cells`.
fn disturbed(state: &ChainState, cells: &BTreeSet<Cell>, template: &Statement) -> ChainState {
    let mut contracts: BTreeMap<ContractAddress, ContractAccess> = BTreeMap::new();
    for Cell { contract, cell } in cells {
        let access = contracts.entry(*contract).or_insert_with(|| ContractAccess {
            address: *contract,
            class_hash_before: ClassHash::default(),
            class_hash_after: ClassHash::default(),
            nonce_before: Nonce::default(),
            nonce_after: Nonce::default(),
            storage: Vec::new(),
        });
        match cell {
            StateCell::Storage(key) => {
                let before = state.storage(*contract, *key).unwrap();
                access.storage.push(StorageAccess { key: *key, before, after: before + Felt::ONE });
            }
            StateCell::Nonce => access.nonce_after = Nonce(Felt::from(77)),
            StateCell::ClassHash => access.class_hash_after = ClassHash(Felt::from(0xc1a55)),
        }
    }
    state.with(&Statement { contracts: contracts.into_values().collect(), ..template.clone() })
}

fn alone(
    chain: &TestChain,
    state: ChainState,
    transaction: &InnerTransaction,
) -> std::sync::Arc<ExecutedInner> {
    let mut open = OpenSubBlock::open(state, context(&chain.executor));
    open.execute(transaction.clone()).expect("included again")
}

fn assert_same(one: &ExecutedInner, other: &ExecutedInner) {
    assert_eq!(one.accesses, other.accesses);
    assert_eq!(one.steps, other.steps);
    assert_eq!(one.in_block.transaction, other.in_block.transaction);
    assert_eq!(one.in_block.trace, other.in_block.trace);
}

#[test]
fn other_cells_do_not_matter() {
    let mut chain = chain(USERS as u64);
    let mut random = Random(5);
    let mut open = open(&chain);
    let mut runs = Vec::new();
    for _ in 0..40 {
        let user = random.below(USERS as u64) as usize;
        let calls = random_calls(&chain, &mut random);
        let transaction = chain.users[user].inner(&calls);
        let before = open.state().clone();
        runs.push((before, open.execute(transaction).expect("included")));
    }
    let template = open.close().unwrap().statement;
    let touched = runs.iter().flat_map(|(_, inner)| inner.accesses.reads.iter().copied());
    let nowhere = (0..20).map(|n| Cell {
        contract: address(0xaaaa_u64),
        cell: StateCell::Storage(StorageKey::from(1_000 + n as u128)),
    });
    let all: BTreeSet<Cell> = touched.chain(nowhere).collect();
    assert!(runs.iter().any(|(_, inner)| inner.is_reverted()));
    assert!(
        runs.iter().any(|(_, inner)| inner.accesses.writes.iter().any(|it| it.cell == StateCell::ClassHash))
    );
    for (before, inner) in &runs {
        assert!(inner.accesses.writes.is_subset(&inner.accesses.reads));
        let others: BTreeSet<Cell> = all.difference(&inner.accesses.reads).copied().collect();
        let state = disturbed(before, &others, &template);
        assert_same(inner, &alone(&chain, state, &inner.transaction));
    }
}
