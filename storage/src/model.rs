//! What a block is made of, as the rest of the node hands it in and reads it back.

use std::collections::BTreeMap;
use std::sync::Arc;

use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use serde::{Deserialize, Serialize};
use starknet_api::block::BlockNumber;
use starknet_api::core::{CompiledClassHash, ContractAddress};
use starknet_api::deprecated_contract_class::ContractClass as LegacyContractClass;
use starknet_api::execution_resources::GasVector;
use starknet_api::state::{SierraContractClass, ThinStateDiff};
use starknet_api::transaction::fields::Fee;
use starknet_api::transaction::{Event, MessageToL1, TransactionHash};
use zkthreads_protocol::{LogicalTime, StateCell, Transaction};

mod origin;
mod outcome;
mod package_summary;
mod pool;
mod settled_inner;
mod trace;

pub use origin::{ChainKind, ForkPoint};
pub use outcome::ThreadOutcome;
pub use package_summary::{PackageSummary, SegmentSummary};
pub use pool::{Dropped, PooledTransaction, RejectedTransaction};
pub use settled_inner::SettledInner;
pub use trace::{CallGas, CallTrace, CallType, OrderedEvent, OrderedMessage, TransactionTrace};

/// Cells that sub-blocks wrote, with the sub-blocks' times.
pub type ThreadTimes = Vec<((ContractAddress, StateCell), LogicalTime)>;

/// A write to a cell of the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CellWrite {
    /// The block that holds it.
    pub block: BlockNumber,
    /// When its writer was executed, as the writer saw it, if that was a sub-block; the block's own time otherwise.
    pub sub_block: Option<LogicalTime>,
}

impl CellWrite {
    /// Whether what was executed at `base` is too old to have seen this write.
    #[must_use]
    pub fn is_after(&self, base: LogicalTime) -> bool {
        match self.sub_block {
            Some(time) => self.block > base.number && !time.is_by(base),
            None => self.block > base.number,
        }
    }
}

/// Whether a diff sets a cell.
#[must_use]
pub fn is_changed(diff: &ThinStateDiff, contract: ContractAddress, cell: StateCell) -> bool {
    match cell {
        StateCell::Storage(key) => {
            diff.storage_diffs.get(&contract).is_some_and(|cells| cells.contains_key(&key))
        }
        StateCell::Nonce => diff.nonces.contains_key(&contract),
        StateCell::ClassHash => diff.deployed_contracts.contains_key(&contract),
    }
}

/// A transaction in a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockTransaction {
    /// Its hash.
    pub hash: TransactionHash,
    /// What was sent.
    pub body: Transaction,
    /// What came of it.
    pub receipt: Receipt,
}

/// What executing a transaction came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The fee taken from the sender, in fri.
    pub actual_fee: Fee,
    /// Succeeded or reverted.
    pub status: ExecutionStatus,
    /// Events in order of emission; those of a thread's inner transactions included.
    pub events: Vec<Event>,
    /// Messages to L1 in order of sending; those of a thread's inner transactions included.
    pub messages: Vec<MessageToL1>,
    /// The gas charged for.
    pub gas: GasVector,
    /// The contract that a DEPLOY_ACCOUNT made.
    pub deployed: Option<ContractAddress>,
    /// What became of a thread; `None` for every other kind.
    pub thread: Option<ThreadOutcome>,
}

/// Whether a transaction took effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExecutionStatus {
    /// It did.
    Succeeded,
    /// Only its fee and nonce did.
    Reverted {
        /// Why.
        reason: String,
    },
}

/// A declared class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassRecord {
    /// The class itself.
    pub definition: ClassDefinition,
    /// Compiled class hash v2 (Blake): the one in the class trie.
    pub compiled_class_hash: CompiledClassHash,
    /// The block that declared it.
    pub declared_at: BlockNumber,
}

impl ClassRecord {
    /// The class as threads run it, hardened in the way of this number. `None` if it is not known yet, as in a database that is
    /// older than the way; and of a Cairo 0 class, which threads do not run.
    #[must_use]
    pub fn hardened(&self, hardening: u32) -> Option<&Hardened> {
        match &self.definition {
            ClassDefinition::Sierra { hardened, .. } => hardened.get(&hardening),
            ClassDefinition::Legacy { .. } => None,
        }
    }

    /// About how many felts its code has in all forms: Sierra, compiled, hardened. By it, caches of classes are bounded.
    #[must_use]
    pub fn felts(&self) -> u32 {
        let felts = match &self.definition {
            ClassDefinition::Sierra { sierra, casm, hardened, .. } => {
                let hardened = hardened.values().filter_map(Hardened::casm).map(|casm| casm.bytecode.len());
                sierra.sierra_program.len() + casm.bytecode.len() + hardened.sum::<usize>()
            }
            ClassDefinition::Legacy { .. } => LEGACY_FELTS,
        };
        // Even what has no code takes some room.
        u32::try_from(felts).unwrap_or(u32::MAX).max(LEAST_FELTS)
    }
}

/// What a Cairo 0 class counts as, few of which are as large.
const LEGACY_FELTS: usize = 50_000;
const LEAST_FELTS: u32 = 100;

/// What a class is to threads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hardened {
    /// They run this code.
    Code {
        /// It computes the same as the class's own code, and no jump.
        casm: Arc<CasmContractClass>,
        /// Its compiled class hash (version 2), which statements bind.
        compiled_class_hash: CompiledClassHash,
    },
    /// They may not run it.
    Refused {
        /// Why there is no such code.
        reason: String,
    },
}

impl Hardened {
    /// The code that threads run; `None` if they may not run it.
    #[must_use]
    pub fn casm(&self) -> Option<&Arc<CasmContractClass>> {
        match self {
            Self::Code { casm, .. } => Some(casm),
            Self::Refused { .. } => None,
        }
    }

    /// The compiled class hash of that code.
    #[must_use]
    pub fn compiled_class_hash(&self) -> Option<CompiledClassHash> {
        match self {
            Self::Code { compiled_class_hash, .. } => Some(*compiled_class_hash),
            Self::Refused { .. } => None,
        }
    }

    /// Why threads may not run it, if they may not.
    #[must_use]
    pub fn refusal(&self) -> Option<&str> {
        match self {
            Self::Code { .. } => None,
            Self::Refused { reason } => Some(reason),
        }
    }
}

/// A class's code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClassDefinition {
    /// A Cairo 1 class.
    Sierra {
        /// As declared.
        sierra: SierraContractClass,
        /// What it compiles to.
        casm: CasmContractClass,
        /// Version of the Sierra compiler that the program names.
        sierra_version: String,
        /// What it is to threads, by the way of hardening; empty in a database of before.
        #[serde(default)]
        hardened: BTreeMap<u32, Hardened>,
    },
    /// A Cairo 0 class (predeployed contracts only).
    Legacy {
        /// As declared.
        class: LegacyContractClass,
    },
}
