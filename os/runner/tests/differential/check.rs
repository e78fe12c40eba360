//! One random sub-block: the chain, the sub-block builder and the thread OS must agree.

use std::collections::BTreeSet;

use starknet_api::core::{ContractAddress, Nonce};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{InnerEvent, InnerMessage, InnerTransaction};
use zkthreads_sub_block::{ExecutedSubBlock, LeftOutReason, SubBlockError};

use super::chain;
use super::difference::difference;
use super::random::Random;
use super::report::Report;
use super::scene::{Scene, scene};
use super::transaction;
use crate::sub_block_support::{MemoryState, address};

/// Most transactions in a random sub-block.
const MOST_TRANSACTIONS: usize = 8;

/// How often a transaction is made anew that fails, at most.
const MOST_CHANCES: usize = 6;

/// A sub-block as the chain executes it.
struct OnChain {
    transactions: Vec<InnerTransaction>,
    state: MemoryState,
    outcomes: Vec<chain::Outcome>,
}

/// Executes the sub-block that `seed` stands for in all three ways. An error says where they differ.
pub fn check(seed: u64, report: &mut Report) -> Result<(), String> {
    match check_builder(seed, report)? {
        Some(executed) => check_os(&executed, report),
        None => Ok(()),
    }
}

/// The chain against the sub-block builder; the sub-block, unless it is empty.
pub fn check_builder(seed: u64, report: &mut Report) -> Result<Option<ExecutedSubBlock>, String> {
    build(generate(seed, report)?, report)
}

/// The same for a transaction of a programmable account that runs `program`.
pub fn check_program(program: &[Felt], report: &mut Report) -> Result<(), String> {
    let mut on_chain = OnChain::new();
    let account = address(0xe0_u64);
    let nonce = on_chain.state.nonces.get(&account).copied().unwrap_or_default();
    let transaction = transaction::programmed(account, nonce, program, vec![]);
    let outcome = chain::execute(&on_chain.state, &scene().context, &transaction);
    on_chain.add(transaction, outcome, report)?;
    match build(on_chain, report)? {
        Some(executed) => check_os(&executed, report),
        None => Err("left out".to_owned()),
    }
}

fn check_os(executed: &ExecutedSubBlock, report: &mut Report) -> Result<(), String> {
    let run = zkthreads_runner::run(&executed.input).map_err(|error| format!("the OS fails: {error}"))?;
    report.max_steps = report.max_steps.max(run.steps);
    match difference(&executed.statement, &run.statement) {
        None => Ok(()),
        Some(difference) => Err(format!("blockifier / the OS: {difference}")),
    }
}

fn build(on_chain: OnChain, report: &mut Report) -> Result<Option<ExecutedSubBlock>, String> {
    report.sub_blocks += 1;
    if on_chain.transactions.is_empty() {
        return Ok(None);
    }
    let scene = scene();
    let executed =
        zkthreads_sub_block::execute(scene.state.clone(), &scene.context, on_chain.transactions.clone())
            .map_err(|error| format!("no sub-block: {error}"))?;
    compare(scene, &on_chain, &executed)?;
    Ok(Some(executed))
}

/// Makes random transactions, one on top of the other. Those that a sub-block leaves out are checked against the chain
/// and dropped, so that they do not spoil the nonces of the others.
fn generate(seed: u64, report: &mut Report) -> Result<OnChain, String> {
    let scene = scene();
    let mut random = Random::new(seed);
    let mut on_chain = OnChain { transactions: Vec::new(), state: scene.state.clone(), outcomes: Vec::new() };
    for index in 0..random.between(1, MOST_TRANSACTIONS) {
        let account = random.below(scene.accounts.len());
        let address = scene.accounts[account].address();
        let mut nonce = on_chain.state.nonces.get(&address).copied().unwrap_or_default();
        if random.chance(10) {
            nonce = Nonce(nonce.0 + Felt::ONE);
        }
        // Most random transactions are reverted: these get other chances.
        let mut chances = random.below(MOST_CHANCES);
        let (transaction, chain) = loop {
            let transaction = transaction::random(scene, account, nonce, &mut random);
            let chain = chain::execute(&on_chain.state, &scene.context, &transaction);
            if chances == 0 || chain.as_ref().is_ok_and(|outcome| !outcome.info.is_reverted()) {
                break (transaction, chain);
            }
            chances -= 1;
        };
        on_chain
            .add(transaction, chain, report)
            .map_err(|difference| format!("transaction {index}: {difference}"))?;
    }
    Ok(on_chain)
}

impl OnChain {
    fn new() -> Self {
        Self { transactions: Vec::new(), state: scene().state.clone(), outcomes: Vec::new() }
    }

    /// Adds a transaction, with what the chain makes of it, unless a sub-block leaves it out.
    fn add(
        &mut self,
        transaction: InnerTransaction,
        chain: Result<chain::Outcome, String>,
        report: &mut Report,
    ) -> Result<(), String> {
        let alone =
            zkthreads_sub_block::execute(self.state.clone(), &scene().context, vec![transaction.clone()]);
        match (alone, chain) {
            (Ok(executed), Ok(outcome)) => {
                let reverted = executed.statement.inner_transactions[0].reverted;
                same("reverted", &outcome.info.is_reverted(), &reverted)?;
                report.include(&outcome);
                self.state = outcome.after(&self.state);
                self.transactions.push(transaction);
                self.outcomes.push(outcome);
                Ok(())
            }
            (Ok(_), Err(error)) => Err(format!("the chain refuses it: {error}")),
            (Err(SubBlockError::Empty { left_out }), chain) => {
                let reason = &left_out[0].reason;
                report.leave_out(reason);
                let expected = match reason {
                    LeftOutReason::Abort { .. } => chain.as_ref().is_ok_and(|it| it.info.is_reverted()),
                    LeftOutReason::Syscall { .. }
                    | LeftOutReason::LegacyClass { .. }
                    | LeftOutReason::Message { .. }
                    // The chain gives it more time.
                    | LeftOutReason::TooLong(_) => true,
                    _ => chain.is_err(),
                };
                let chain = chain.map(|outcome| outcome.info.revert_error.map(|it| it.to_string()));
                if expected { Ok(()) } else { Err(format!("left out for {reason}; on the chain: {chain:?}")) }
            }
            (Err(error), _) => Err(error.to_string()),
        }
    }
}

/// Compares what the sub-block builder says with what the chain did.
fn compare(scene: &Scene, on_chain: &OnChain, executed: &ExecutedSubBlock) -> Result<(), String> {
    if let Some(left_out) = executed.left_out.first() {
        return Err(format!("left out among others, not alone: {}", left_out.reason));
    }
    let reverted: Vec<bool> = executed.statement.inner_transactions.iter().map(|it| it.reverted).collect();
    let expected: Vec<bool> = on_chain.outcomes.iter().map(|outcome| outcome.info.is_reverted()).collect();
    same("reverted", &expected, &reverted)?;

    let mut after = scene.state.clone();
    after.apply(&executed.statement);
    let mut chain = on_chain.state.clone();
    for state in [&mut after, &mut chain] {
        state.storage.retain(|_, value| *value != Felt::ZERO);
        state.nonces.retain(|_, nonce| *nonce != Nonce::default());
    }
    same("nonces", &chain.nonces, &after.nonces)?;
    same("class hashes", &chain.class_hashes, &after.class_hashes)?;
    let changed: BTreeSet<_> = chain
        .storage
        .iter()
        .filter(|(cell, value)| after.storage.get(*cell) != Some(value))
        .chain(after.storage.iter().filter(|(cell, value)| chain.storage.get(*cell) != Some(value)))
        .collect();
    same("storage", &BTreeSet::new(), &changed)?;

    let (events, messages) = effects(on_chain);
    same("events", &events, &executed.events)?;
    same("messages", &messages, &executed.statement.messages)?;

    let cells: BTreeSet<(ContractAddress, StorageKey)> =
        on_chain.outcomes.iter().flat_map(|outcome| outcome.cells.iter().copied()).collect();
    let stated: BTreeSet<_> = executed
        .statement
        .contracts
        .iter()
        .flat_map(|contract| contract.storage.iter().map(|cell| (contract.address, cell.key)))
        .collect();
    let missing: Vec<_> = cells.difference(&stated).collect();
    let invented: Vec<_> = stated.difference(&cells).collect();
    same("cells read (missing, invented)", &(vec![], vec![]), &(missing, invented))
}

fn effects(on_chain: &OnChain) -> (Vec<InnerEvent>, Vec<InnerMessage>) {
    let (mut events, mut messages) = (Vec::new(), Vec::new());
    for (index, outcome) in on_chain.outcomes.iter().enumerate() {
        let transaction_index = u32::try_from(index).expect("few");
        let info = &outcome.info;
        for tree in [&info.validate_call_info, &info.execute_call_info].into_iter().flatten() {
            events.extend(tree.get_sorted_events().into_iter().map(|event| InnerEvent {
                transaction_index,
                from_address: event.from_address,
                content: event.content,
            }));
            let mut sent: Vec<_> = tree
                .iter()
                .flat_map(|call| {
                    call.execution.l2_to_l1_messages.iter().map(move |sent| (sent.order, call, sent))
                })
                .collect();
            sent.sort_by_key(|(order, ..)| *order);
            messages.extend(sent.into_iter().map(|(_, call, sent)| InnerMessage {
                transaction_index,
                from_address: call.call.storage_address,
                to_address: sent.message.to_address,
                payload: sent.message.payload.0.clone(),
            }));
        }
    }
    (events, messages)
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, chain: &T, thread: &T) -> Result<(), String> {
    if chain == thread {
        return Ok(());
    }
    let text = format!("{what}: on the chain {chain:?}, in the sub-block {thread:?}");
    Err(text.chars().take(3000).collect())
}
