//! What the random sub-blocks covered.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use blockifier::execution::call_info::CallInfo;
use starknet_api::core::ClassHash;
use zkthreads_sub_block::LeftOutReason;

use super::chain::Outcome;
use super::corpus::corpus;

#[derive(Default)]
pub struct Report {
    pub sub_blocks: usize,
    pub succeeded: usize,
    pub reverted: usize,
    pub caught_failures: usize,
    pub calls_in_gas: usize,
    pub calls_in_steps: usize,
    pub max_steps: usize,
    pub left_out: BTreeMap<String, usize>,
    pub reverts: BTreeMap<String, usize>,
    pub syscalls: BTreeMap<String, usize>,
    pub classes: BTreeMap<ClassHash, usize>,
}

impl Report {
    /// Counts a transaction that is part of a sub-block.
    pub fn include(&mut self, outcome: &Outcome) {
        match &outcome.info.revert_error {
            None => self.succeeded += 1,
            Some(error) => {
                self.reverted += 1;
                let text = error.to_string();
                let cause = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
                let cause = cause.split_once("('").map_or(cause, |(_, cause)| cause);
                let cause: String = cause.chars().take(70).collect();
                *self.reverts.entry(cause).or_default() += 1;
            }
        }
        for tree in [&outcome.info.validate_call_info, &outcome.info.execute_call_info].into_iter().flatten()
        {
            tree.iter().for_each(|call| self.call(call));
        }
    }

    fn call(&mut self, call: &CallInfo) {
        use blockifier::execution::contract_class::TrackedResource;
        match call.tracked_resource {
            TrackedResource::SierraGas => self.calls_in_gas += 1,
            TrackedResource::CairoSteps => self.calls_in_steps += 1,
        }
        self.caught_failures += usize::from(call.execution.failed);
        *self.classes.entry(call.call.class_hash.unwrap_or_default()).or_default() += 1;
        for (syscall, usage) in &call.syscalls_usage {
            *self.syscalls.entry(format!("{syscall:?}")).or_default() += usage.call_count;
        }
    }

    pub fn leave_out(&mut self, reason: &LeftOutReason) {
        let kind = match reason {
            LeftOutReason::Abort { cause, .. } => {
                let cause = format!("{cause:?}");
                format!("Abort: {}", cause.split('(').next().unwrap_or_default())
            }
            LeftOutReason::Syscall { syscall } => format!("Syscall: {syscall}"),
            other => format!("{other:?}").split([' ', '{']).next().unwrap_or_default().to_owned(),
        };
        *self.left_out.entry(kind).or_default() += 1;
    }

    pub fn add(&mut self, other: Self) {
        self.sub_blocks += other.sub_blocks;
        self.succeeded += other.succeeded;
        self.reverted += other.reverted;
        self.caught_failures += other.caught_failures;
        self.calls_in_gas += other.calls_in_gas;
        self.calls_in_steps += other.calls_in_steps;
        self.max_steps = self.max_steps.max(other.max_steps);
        merge(&mut self.left_out, other.left_out);
        merge(&mut self.reverts, other.reverts);
        merge(&mut self.syscalls, other.syscalls);
        merge(&mut self.classes, other.classes);
    }
}

fn merge<K: Ord>(into: &mut BTreeMap<K, usize>, from: BTreeMap<K, usize>) {
    for (key, count) in from {
        *into.entry(key).or_default() += count;
    }
}

impl Display for Report {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "{} sub-blocks; transactions: {} succeeded, {} reverted, {} left out; at most {} steps",
            self.sub_blocks,
            self.succeeded,
            self.reverted,
            self.left_out.values().sum::<usize>(),
            self.max_steps
        )?;
        writeln!(
            formatter,
            "calls: {} metered in gas, {} in steps, {} failures caught",
            self.calls_in_gas, self.calls_in_steps, self.caught_failures
        )?;
        let names: BTreeMap<ClassHash, &str> =
            corpus().iter().map(|class| (class.class.hash, class.name.as_str())).collect();
        let class =
            |hash: &ClassHash| names.get(hash).map_or_else(|| hash.to_string(), |it| (*it).to_owned());
        writeln!(formatter, "left out: {:?}", self.left_out)?;
        writeln!(formatter, "syscalls: {:?}", self.syscalls)?;
        let classes: BTreeMap<_, _> = self.classes.iter().map(|(hash, count)| (class(hash), count)).collect();
        writeln!(formatter, "{} classes ran: {classes:?}", classes.len())?;
        let mut reverts: Vec<_> = self.reverts.iter().collect();
        reverts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        write!(formatter, "most frequent reverts: {:?}", &reverts[..reverts.len().min(12)])
    }
}
