//! The calls that were open when an execution failed.

use std::fmt;

use blockifier::execution::stack_trace::{
    Cairo1RevertSummary, ErrorStack, ErrorStackSegment, TRACE_LENGTH_CAP, gen_tx_execution_error_trace,
};
use blockifier::transaction::errors::TransactionExecutionError;
use blockifier::transaction::objects::RevertError;
use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::core::{ClassHash, ContractAddress, EntryPointSelector};
use starknet_api::execution_utils::format_panic_data;

/// Why an execution failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallStack {
    /// The calls that were open, the outermost first; none if it was no contract that failed.
    pub calls: Vec<OpenCall>,
    /// What the innermost said.
    pub reason: String,
    /// All of it in blockifier's words, as receipts have it.
    text: String,
}

/// A call that had not returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenCall {
    /// The contract in whose name it ran.
    pub contract: ContractAddress,
    /// The class that ran; zero if none was found.
    pub class_hash: ClassHash,
    /// The function.
    pub selector: EntryPointSelector,
}

/// Most felts of a panic that are told: as many as the text holds, since each takes five characters.
const MAX_PANIC_FELTS: usize = TRACE_LENGTH_CAP / 5;

impl CallStack {
    fn summary(&mut self, summary: &Cairo1RevertSummary) {
        for (index, frame) in summary.stack.iter().enumerate() {
            let call = OpenCall {
                contract: frame.contract_address,
                class_hash: frame.class_hash.unwrap_or_default(),
                selector: frame.selector,
            };
            // Blockifier names the call around it twice.
            if index > 0 || self.calls.last() != Some(&call) {
                self.calls.push(call);
            }
        }
        let felts = &summary.last_retdata.0;
        self.reason = String::new();
        self.say(&format_panic_data(felts.get(..MAX_PANIC_FELTS).unwrap_or(felts)));
    }

    /// Adds what an execution says besides the calls.
    fn say(&mut self, said: &str) {
        if !self.reason.is_empty() {
            self.reason.push('\n');
        }
        self.reason.push_str(said.trim_end());
        self.reason.truncate(self.reason.floor_char_boundary(TRACE_LENGTH_CAP));
    }

    /// The same, with `call` if no call is told: blockifier tells none if it is in doubt which of several failed.
    pub(crate) fn at_least(mut self, call: OpenCall) -> Self {
        if self.calls.is_empty() {
            self.calls.push(call);
        }
        self
    }
}

/// That no contract failed.
impl From<String> for CallStack {
    fn from(reason: String) -> Self {
        Self { calls: Vec::new(), text: reason.clone(), reason }
    }
}

impl From<&Cairo1RevertSummary> for CallStack {
    fn from(summary: &Cairo1RevertSummary) -> Self {
        let mut stack = Self { calls: Vec::new(), reason: String::new(), text: summary.to_string() };
        stack.summary(summary);
        stack
    }
}

impl From<&ErrorStack> for CallStack {
    fn from(error: &ErrorStack) -> Self {
        let mut stack = Self { calls: Vec::new(), reason: String::new(), text: error.to_string() };
        for segment in &error.stack {
            match segment {
                ErrorStackSegment::EntryPoint(frame) => {
                    stack.calls.push(OpenCall {
                        contract: frame.storage_address,
                        class_hash: frame.class_hash,
                        selector: frame.selector.unwrap_or_else(|| selector_from_name("constructor")),
                    });
                    // What was said so far is about the calls outside.
                    stack.reason.clear();
                }
                ErrorStackSegment::Cairo1RevertSummary(summary) => stack.summary(summary),
                ErrorStackSegment::Vm(_) => stack.say(&String::from(segment)),
                ErrorStackSegment::StringFrame(said) => stack.say(said),
            }
        }
        stack
    }
}

impl From<&TransactionExecutionError> for CallStack {
    fn from(error: &TransactionExecutionError) -> Self {
        Self { text: error.to_string(), ..Self::from(&gen_tx_execution_error_trace(error)) }
    }
}

impl From<&RevertError> for CallStack {
    fn from(error: &RevertError) -> Self {
        match error {
            RevertError::Execution(stack) => stack.into(),
            RevertError::PostExecution(error) => error.to_string().into(),
        }
    }
}

impl fmt::Display for CallStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
