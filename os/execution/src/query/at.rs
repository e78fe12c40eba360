//! Where a question is asked.

use blockifier::context::BlockContext;
use starknet_api::block::BlockNumber;

use crate::block::pre_confirmed::PreConfirmed;
use crate::block::session::Session;
use crate::context::{BlockEnv, Capacity};
use crate::error::ExecutionError;
use crate::executor::Executor;
use crate::state::ChainState;

/// A moment in the chain's life.
#[derive(Debug, Clone)]
pub enum StateAt {
    /// After a stored block.
    Block(BlockNumber),
    /// After the latest transaction of an open block.
    PreConfirmed(PreConfirmed),
}

impl StateAt {
    /// The number of the block, stored or open.
    #[must_use]
    pub fn number(&self) -> BlockNumber {
        match self {
            Self::Block(number) => *number,
            Self::PreConfirmed(block) => block.number(),
        }
    }
}

impl From<BlockNumber> for StateAt {
    fn from(number: BlockNumber) -> Self {
        Self::Block(number)
    }
}

impl From<PreConfirmed> for StateAt {
    fn from(block: PreConfirmed) -> Self {
        Self::PreConfirmed(block)
    }
}

impl Executor {
    /// The state at a moment. A block that does not exist yet has the latest state.
    #[must_use]
    pub fn state(&self, at: &StateAt) -> ChainState {
        match at {
            StateAt::Block(number) => self.state_after(*number),
            StateAt::PreConfirmed(block) => block.state().apart(),
        }
    }

    /// What contracts learn of the block that they are called in; `None` if there is no such block.
    pub(crate) fn context_of(&self, at: &StateAt) -> Result<Option<BlockContext>, ExecutionError> {
        let (number, env) = match at {
            StateAt::Block(number) => match self.storage().header(*number)? {
                Some(header) => (*number, BlockEnv::of(&header)?),
                None => return Ok(None),
            },
            StateAt::PreConfirmed(block) => (block.told_number(), BlockEnv::from(block.info())),
        };
        self.config().block_context(number, &env, Capacity::Unlimited).map(Some)
    }

    /// The context of the block that the next transaction goes into: the open one itself, or the one after a stored
    /// block, with the prices and the time of that; `None` if there is no such block.
    pub(crate) fn next_context(&self, at: &StateAt) -> Result<Option<BlockContext>, ExecutionError> {
        let StateAt::Block(number) = at else { return self.context_of(at) };
        let Some(header) = self.storage().header(*number)? else { return Ok(None) };
        let next = number.next().ok_or(ExecutionError::BlockNumberOverflow)?;
        self.config().block_context(next, &BlockEnv::of(&header)?, Capacity::Unlimited).map(Some)
    }

    /// The block that the next transaction goes into, as a simulation sees it; `None` if `at` does not exist.
    pub(crate) fn session_on(&self, at: &StateAt) -> Result<Option<Session>, ExecutionError> {
        let Some(context) = self.next_context(at)? else { return Ok(None) };
        match at {
            StateAt::Block(number) => Session::open(self, *number, context).map(Some),
            StateAt::PreConfirmed(block) => {
                Ok(Some(Session::resume(self, block.state().apart(), block.settling(), context)))
            }
        }
    }

    /// The latest block.
    ///
    /// # Errors
    /// If there is no block yet, or the database fails.
    pub fn latest(&self) -> Result<StateAt, ExecutionError> {
        self.storage().latest()?.map(StateAt::Block).ok_or(ExecutionError::NoGenesis)
    }
}
