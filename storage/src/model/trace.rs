//! What a transaction did, call by call.

use serde::{Deserialize, Serialize};
use starknet_api::contract_class::EntryPointType;
use starknet_api::core::{ClassHash, ContractAddress, EntryPointSelector, L1Address};
use starknet_api::state::ThinStateDiff;
use starknet_api::transaction::EventContent;
use starknet_types_core::felt::Felt;

/// The calls a transaction made, and what it changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionTrace {
    /// `__validate__` or its kin.
    pub validate: Option<CallTrace>,
    /// `__execute__`, the constructor of a deployed account, or the handler of a message from L1. Absent if it
    /// reverted or there is none.
    pub execute: Option<CallTrace>,
    /// The fee transfer.
    pub fee_transfer: Option<CallTrace>,
    /// What it changed, fee included.
    pub state_diff: ThinStateDiff,
}

/// One call, with the calls inside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallTrace {
    /// The contract whose storage the call had.
    pub contract: ContractAddress,
    /// The entry point.
    pub selector: EntryPointSelector,
    /// Its arguments.
    pub calldata: Vec<Felt>,
    /// Who called.
    pub caller: ContractAddress,
    /// The class whose code ran; zero if none did.
    pub class_hash: ClassHash,
    /// Kind of entry point.
    pub entry_point_type: EntryPointType,
    /// Kind of call.
    pub call_type: CallType,
    /// What it returned.
    pub result: Vec<Felt>,
    /// The calls it made.
    pub calls: Vec<CallTrace>,
    /// The events it emitted itself.
    pub events: Vec<OrderedEvent>,
    /// The messages to L1 it sent itself.
    pub messages: Vec<OrderedMessage>,
    /// Gas of its computation, of the calls inside it too.
    pub gas: CallGas,
    /// Whether it panicked.
    pub failed: bool,
}

/// Kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallType {
    /// The contract's own code.
    Call,
    /// A class's code on the caller's storage.
    LibraryCall,
}

/// An event with its place among all events of the same outermost call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderedEvent {
    /// Its place.
    pub order: u64,
    /// Keys and data.
    pub content: EventContent,
}

/// A message to L1 with its place among all messages of the same outermost call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderedMessage {
    /// Its place.
    pub order: u64,
    /// Who shall receive it on L1.
    pub to: L1Address,
    /// What it says.
    pub payload: Vec<Felt>,
}

/// Gas of a call's computation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallGas {
    /// L1 gas.
    pub l1_gas: u64,
    /// L2 gas.
    pub l2_gas: u64,
}
