//! Executes a sub-block: inner transactions on blockifier, over any state, recording everything they read.
//!
//! [`OpenSubBlock`] takes one transaction after the other; [`execute`] a list of them. Each goes through the account flow
//! of an ordinary INVOKE v3 (nonce, `__validate__`, `__execute__`) without a fee, on a snapshot of the state. If
//! `__execute__` fails, it is undone, and the transaction is part of the sub-block as a reverted one. A transaction that
//! the account refuses, or that does something the thread OS cannot prove, is left out with its reason and leaves no
//! trace. The rest becomes [`ExecutedInner`]s, and in the end
//!
//! * an [`OsInput`]: the recording the OS runs on, and
//! * the [`Statement`] that blockifier's execution implies. The OS must produce exactly the same one.

mod abort;
mod accesses;
mod account;
mod below;
mod beside;
mod class;
mod code;
mod execute;
mod fresh;
mod inner;
mod left_out;
mod outcome;
mod package;
mod record;
mod session;
mod size;
mod steps;
mod touched;
mod watched;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use blockifier::blockifier_versioned_constants::VersionedConstants;
use blockifier::bouncer::BouncerConfig;
use blockifier::context::{BlockContext, ChainInfo};
use blockifier::execution::contract_class::RunnableCompiledClass;
use blockifier::state::errors::StateError;
use blockifier::state::state_api::StateResult;
use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use starknet_api::StarknetApiError;
use starknet_api::block::BlockInfo;
use starknet_api::contract_class::compiled_class_hash::{HashVersion, HashableCompiledClass};
use starknet_api::core::{ChainId, ClassHash, CompiledClassHash, ContractAddress};
use starknet_api::versioned_constants_logic::VersionedConstantsTrait;
use zkthreads_program::input::OsInput;
use zkthreads_protocol::limits::MAX_INNER_TRANSACTIONS;
use zkthreads_protocol::{BaseBlock, Conflict, InnerEvent, StaleCell, Statement};

pub use abort::AbortCause;
pub use accesses::{Accesses, Cell};
pub use below::SubBlockState;
pub use class::SubBlockClass;
pub(crate) use class::in_threads;
pub use code::ClassCode;
pub use inner::ExecutedInner;
pub use left_out::{LeftOut, LeftOutReason, Limit};
pub use session::{OpenSubBlock, execute};
pub use zkthreads_storage::Hardened;

use crate::context::{STARKNET_VERSION, versioned_constants};
use crate::error::ExecutionError;
use crate::state::ChainState;
use crate::thread::precheck;
use crate::thread::times::Times;

/// Where the compiled classes come from: the state reader's side that keeps what blockifier's form of a class lacks.
pub trait ClassSource {
    /// The hardened code of a class: it computes the same as what
    /// [`StateReader::get_compiled_class`](blockifier::state::state_api::StateReader::get_compiled_class) runs.
    ///
    /// # Errors
    /// [`StateError::UndeclaredClassHash`] if there is no such Sierra class, or it has no hardened code.
    fn casm(&self, class_hash: ClassHash) -> StateResult<Arc<CasmContractClass>>;

    /// That code in the form that blockifier runs; the class itself if it has none. A thread's transactions run on it, so that
    /// the steps which it takes are those that a proof has to hold.
    ///
    /// # Errors
    /// [`StateError::UndeclaredClassHash`] if there is no such class.
    fn in_threads(&self, class_hash: ClassHash) -> StateResult<RunnableCompiledClass>;

    /// How that code hangs together.
    ///
    /// # Errors
    /// As [`Self::casm`].
    fn code(&self, class_hash: ClassHash) -> StateResult<Arc<ClassCode>> {
        Ok(Arc::new(ClassCode::new(self.casm(class_hash)?.as_ref())))
    }

    /// The compiled class hash of that code (version 2).
    ///
    /// # Errors
    /// As [`Self::casm`].
    fn compiled_class_hash(&self, class_hash: ClassHash) -> StateResult<CompiledClassHash> {
        Ok(self.casm(class_hash)?.hash(&HashVersion::V2))
    }

    /// Why a Sierra class has no hardened code, so that no thread may run or deploy it; `None` if it has.
    ///
    /// # Errors
    /// [`StateError::UndeclaredClassHash`] if there is no such class.
    fn unhardened(&self, class_hash: ClassHash) -> StateResult<Option<String>>;
}

/// What the inner transactions see around them.
#[derive(Debug, Clone)]
pub struct SubBlockContext {
    /// The chain's id.
    pub chain_id: ChainId,
    /// The existing block whose context they execute in.
    pub base_block: BaseBlock,
    /// The only account that may settle the sub-block; zero admits anyone.
    pub submitter: ContractAddress,
    /// The contracts whose storage and class may be written; `None` admits all. Nonces of senders always may.
    pub writable: Option<Arc<BTreeSet<ContractAddress>>>,
    /// The most steps that the thread OS may take, as estimated, what takes as much of a prover's memory counted in;
    /// `None` sets no limit.
    pub max_steps: Option<u64>,
    /// The most fresh cells of a sub-block: storage cells that hold zero when it opens, and something else after it. One that holds
    /// any transaction already is full before it has more; a transaction that makes more by itself has a sub-block of its own.
    /// `None` sets no limit.
    pub max_fresh_cells: Option<usize>,
    /// The most fresh cells that the transactions of one account may make in a sub-block; `None` sets no limit. It is a matter of
    /// what is taken: [`OpenSubBlock::execute_again`] does not look at it.
    pub max_fresh_cells_per_account: Option<usize>,
    /// Longest that a transaction may keep a processor busy. It costs its sender nothing, and whatever comes after it
    /// waits.
    pub max_time: Duration,
}

impl SubBlockContext {
    /// A context in which all contracts may be written, with any number of steps and fresh cells, and in any time.
    #[must_use]
    pub fn new(chain_id: ChainId, base_block: BaseBlock, submitter: ContractAddress) -> Self {
        Self {
            chain_id,
            base_block,
            submitter,
            writable: None,
            max_steps: None,
            max_fresh_cells: None,
            max_fresh_cells_per_account: None,
            max_time: Duration::MAX,
        }
    }
}

/// A sub-block as blockifier executed it.
#[derive(Debug, Clone)]
pub struct ExecutedSubBlock {
    /// What the thread OS is run on.
    pub input: OsInput,
    /// What the OS must state.
    pub statement: Statement,
    /// The events the statement commits to, in its order.
    pub events: Vec<InnerEvent>,
    /// About how many steps the OS will take: seldom more than a tenth less than it does.
    pub steps: u64,
    /// About how large the proof will be: those steps, and what takes as much of a prover's memory as so many steps.
    pub proof_steps: u64,
    /// How many cells its transactions read and write: each counts for every transaction that does.
    pub accesses: usize,
    /// Transactions that are not in the sub-block, in the order they came.
    pub left_out: Vec<LeftOut>,
}

/// Why no sub-block was made.
#[derive(Debug, thiserror::Error)]
pub enum SubBlockError {
    /// The chain id is not a short string, or a transaction's fields cannot be hashed.
    #[error("cannot hash: {0}")]
    Hash(#[from] StarknetApiError),
    /// The state could not be read.
    #[error("state: {0}")]
    State(#[from] StateError),
    /// Every transaction was left out.
    #[error("no transaction to include: {}", reasons(.left_out))]
    Empty {
        /// The transactions with their reasons.
        left_out: Vec<LeftOut>,
    },
    /// More transactions than one sub-block holds.
    #[error("a sub-block has at most {MAX_INNER_TRANSACTIONS} transactions, these are {transactions}")]
    TooMany {
        /// How many were given.
        transactions: usize,
    },
    /// Not all transactions have room in one sub-block: split them.
    #[error("a sub-block is full after {transactions} of these transactions")]
    Full {
        /// How many have room.
        transactions: usize,
    },
}

fn reasons(left_out: &[LeftOut]) -> String {
    let reasons: Vec<String> = left_out.iter().map(|it| format!("{:#x}: {}", it.hash.0, it.reason)).collect();
    if reasons.is_empty() { "none was given".to_owned() } else { reasons.join("; ") }
}

/// Every precondition of `statement` that does not hold in `state`.
///
/// # Errors
/// If the state cannot be read.
pub fn conflicts(state: &ChainState, statement: &Statement) -> Result<Vec<Conflict>, ExecutionError> {
    let state = state.apart();
    let conflicts = precheck::conflicts(&state, statement);
    state.all_read()?;
    Ok(conflicts?)
}

/// The cells that `statement` lists and that were written later than it was executed, in `state`.
///
/// # Errors
/// If the state cannot be read.
pub fn stale_cells(state: &ChainState, statement: &Statement) -> Result<Vec<StaleCell>, ExecutionError> {
    Ok(Times::before(state).stale(statement)?)
}

/// The base block's context under the current protocol version. Fee fields are immaterial: no fee is charged.
fn block_context(context: &SubBlockContext) -> BlockContext {
    let BaseBlock { number, timestamp, sequencer } = context.base_block;
    BlockContext::new(
        BlockInfo {
            block_number: number,
            block_timestamp: timestamp,
            starknet_version: STARKNET_VERSION,
            sequencer_address: sequencer,
            gas_prices: Default::default(),
            use_kzg_da: true,
        },
        ChainInfo { chain_id: context.chain_id.clone(), ..Default::default() },
        // Those of this version are built in: see a test of `context`.
        versioned_constants().unwrap_or_else(|_| VersionedConstants::latest_constants()).clone(),
        BouncerConfig::max(),
    )
}
