//! Executes a sub-block: inner transactions on blockifier, over any state, recording everything they read.
//!
//! Each inner transaction goes through the account flow of an ordinary INVOKE v3 (nonce, `__validate__`,
//! `__execute__`) without a fee, on a transactional state of its own. If `__execute__` fails, it is undone, and the
//! transaction is part of the sub-block as a reverted one. A transaction that the account refuses, or that does
//! something the thread OS cannot prove, is left out with its reason and leaves no trace. The rest becomes
//!
//! * an [`OsInput`]: the recording the OS runs on, and
//! * the [`Statement`] that blockifier's execution implies. The OS must produce exactly the same one.

mod abort;
mod account;
mod class;
mod execute;
mod left_out;
mod lent;
mod outcome;
mod package;
mod record;
mod touched;
mod watched;

use std::sync::Arc;

use blockifier::blockifier_versioned_constants::VersionedConstants;
use blockifier::bouncer::BouncerConfig;
use blockifier::context::{BlockContext, ChainInfo};
use blockifier::state::cached_state::{CachedState, TransactionalState};
use blockifier::state::errors::StateError;
use blockifier::state::state_api::{StateReader, StateResult};
use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use starknet_api::StarknetApiError;
use starknet_api::block::{BlockInfo, StarknetVersion};
use starknet_api::core::{ChainId, ClassHash, ContractAddress};
use starknet_api::transaction::TransactionHash;
use starknet_api::versioned_constants_logic::VersionedConstantsTrait;
use zkthreads_program::input::OsInput;
use zkthreads_protocol::limits::{MAX_INNER_TRANSACTIONS, MAX_STATEMENT_FELTS};
use zkthreads_protocol::{BaseBlock, InnerEvent, InnerTransaction, Statement};

pub use abort::AbortCause;
pub use class::SubBlockClass;
pub use left_out::LeftOutReason;

use lent::Lent;
use outcome::Outcome;

/// Where the compiled classes come from: the state reader's side that keeps what blockifier's form of a class lacks.
pub trait ClassSource {
    /// The CASM that [`StateReader::get_compiled_class`] runs for `class_hash`.
    ///
    /// # Errors
    /// [`StateError::UndeclaredClassHash`] if there is no such Sierra class.
    fn casm(&self, class_hash: ClassHash) -> StateResult<Arc<CasmContractClass>>;

    /// Whether threads may run and deploy the class: see [`SubBlockClass::confined`].
    ///
    /// # Errors
    /// [`StateError::UndeclaredClassHash`] if there is no such class.
    fn is_confined(&self, class_hash: ClassHash) -> StateResult<bool>;
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
    /// Transactions that are not in the sub-block, in the order they came.
    pub left_out: Vec<LeftOut>,
}

/// An inner transaction that is not in the sub-block.
#[derive(Debug, Clone)]
pub struct LeftOut {
    /// The transaction.
    pub transaction: InnerTransaction,
    /// Its hash.
    pub hash: TransactionHash,
    /// Why.
    pub reason: LeftOutReason,
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
    /// The statement would be larger than a verifier accepts: split the sub-block.
    #[error("the statement has {felts} felts, at most {MAX_STATEMENT_FELTS} are accepted")]
    TooLarge {
        /// Its length.
        felts: usize,
    },
}

fn reasons(left_out: &[LeftOut]) -> String {
    let reasons: Vec<String> = left_out.iter().map(|it| format!("{:#x}: {}", it.hash.0, it.reason)).collect();
    if reasons.is_empty() { "none was given".to_owned() } else { reasons.join("; ") }
}

/// Executes `transactions` in order on top of `state`, the state of `context.base_block` or of a later block.
///
/// # Errors
/// If the state cannot be read, nothing can be included, or the sub-block is too large. A transaction that fails is
/// not an error: it is left out.
pub fn execute<S: StateReader + ClassSource>(
    state: S,
    context: &SubBlockContext,
    transactions: Vec<InnerTransaction>,
) -> Result<ExecutedSubBlock, SubBlockError> {
    if transactions.len() > MAX_INNER_TRANSACTIONS {
        return Err(SubBlockError::TooMany { transactions: transactions.len() });
    }
    let block_context = Arc::new(block_context(context));
    let below = state;
    let mut state = CachedState::new(Lent(&below));
    let mut outcome = Outcome::default();
    let mut left_out = Vec::new();
    for transaction in transactions {
        let hash = transaction.hash(&context.chain_id)?;
        let mut transactional = TransactionalState::create_transactional(&mut state);
        match account::run(&mut transactional, &below, &block_context, &transaction, hash) {
            Ok(execution) => {
                transactional.commit();
                outcome.include(transaction, hash, execution);
            }
            Err(reason) => {
                tracing::debug!(%hash, %reason, "inner transaction left out");
                transactional.abort();
                left_out.push(LeftOut { transaction, hash, reason });
            }
        }
    }
    outcome.finish(&below, &state, context, left_out)
}

/// The base block's context under the current protocol version. Fee fields are immaterial: no fee is charged.
fn block_context(context: &SubBlockContext) -> BlockContext {
    let BaseBlock { number, timestamp, sequencer } = context.base_block;
    BlockContext::new(
        BlockInfo {
            block_number: number,
            block_timestamp: timestamp,
            starknet_version: StarknetVersion::LATEST,
            sequencer_address: sequencer,
            gas_prices: Default::default(),
            use_kzg_da: true,
        },
        ChainInfo { chain_id: context.chain_id.clone(), ..Default::default() },
        VersionedConstants::latest_constants().clone(),
        BouncerConfig::max(),
    )
}
