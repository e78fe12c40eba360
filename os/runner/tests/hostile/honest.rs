//! An honest sub-block, and how a run about it is judged.

use zkthreads_program::input::OsInput;
use zkthreads_protocol::Statement;
use zkthreads_runner::{OsError, OsRun};
use zkthreads_sub_block::ExecutedSubBlock;

use blockifier::state::state_api::StateReader;

use crate::fault_injector::{Lie, run_with_lies};
use crate::sub_block_support::MemoryState;

/// What is true: the state before a sub-block, and what the sub-block does.
pub struct Honest {
    pub state: MemoryState,
    pub executed: ExecutedSubBlock,
}

/// What becomes of a lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// An assertion of the run fails, so that nothing can be proven.
    Refused,
    /// The run fails in a hint: a builtin refuses the value, or more lies would be needed to see what the OS makes of
    /// this one.
    Stuck,
    /// The statement says something that the node sees not to be so.
    Told,
    /// The statement is that of the honest run.
    Unchanged,
}

impl Verdict {
    /// Whether the run fails.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Refused | Self::Stuck)
    }
}

impl Honest {
    pub fn statement(&self) -> &Statement {
        &self.executed.statement
    }

    /// What becomes of a run. Panics if it proves what is not so.
    pub fn judge(&self, run: Result<OsRun, OsError>, lie: &str) -> Verdict {
        let run = match run {
            Ok(run) => run,
            Err(error) if error_chain(&error).contains("while executing a hint") => return Verdict::Stuck,
            Err(_) => return Verdict::Refused,
        };
        if self.is_caught_by_the_node(&run.statement) {
            return Verdict::Told;
        }
        assert_eq!(&run.statement, self.statement(), "{lie}");
        Verdict::Unchanged
    }

    /// Whether `claim` says anything of the time before the sub-block that is not so, of a class that the chain knows
    /// otherwise, or is about other transactions or another context.
    fn is_caught_by_the_node(&self, claim: &Statement) -> bool {
        let honest = self.statement();
        let same_header = claim.chain_id == honest.chain_id
            && claim.submitter == honest.submitter
            && claim.base_block == honest.base_block
            && claim.transaction_hashes().eq(honest.transaction_hashes());
        let declared = claim.classes.iter().all(|class| honest.classes.contains(class));
        let holds = claim.contracts.iter().all(|contract| {
            let address = contract.address;
            self.state.get_class_hash_at(address).ok() == Some(contract.class_hash_before)
                && (!contract.consumes_nonces()
                    || self.state.get_nonce_at(address).ok() == Some(contract.nonce_before))
                && contract
                    .storage
                    .iter()
                    .all(|cell| self.state.get_storage_at(address, cell.key).ok() == Some(cell.before))
        });
        !(same_header && declared && holds)
    }

    /// Runs the OS on an altered recording.
    pub fn altered(&self, alter: impl FnOnce(&mut OsInput)) -> Result<OsRun, OsError> {
        let mut input = self.executed.input.clone();
        // Other code may run then.
        input.classes.values_mut().for_each(|class| class.ran = None);
        alter(&mut input);
        zkthreads_runner::run(&input)
    }

    /// Asserts that an assertion of the OS fails on an altered recording: a hint that does would only say that our own prover
    /// does not go on.
    pub fn refuses(&self, alter: impl FnOnce(&mut OsInput)) {
        assert_eq!(self.judge(self.altered(alter), "altered"), Verdict::Refused);
    }

    /// Asserts that a hint has no answer on an altered recording. What the OS makes of an answer that is none, lies show.
    pub fn leaves_a_hint_without_answer(&self, alter: impl FnOnce(&mut OsInput)) {
        assert_eq!(self.judge(self.altered(alter), "altered"), Verdict::Stuck);
    }

    /// Asserts that an altered recording changes what the statement says of the chain, and returns the statement.
    pub fn tells(&self, alter: impl FnOnce(&mut OsInput)) -> Statement {
        let run = self.altered(alter).unwrap_or_else(|error| panic!("the OS fails: {error}"));
        assert!(self.is_caught_by_the_node(&run.statement), "the node does not see it");
        run.statement
    }

    /// Asserts that an altered recording proves nothing false, and changes something.
    pub fn catches(&self, alter: impl FnOnce(&mut OsInput)) {
        assert_ne!(self.judge(self.altered(alter), "altered"), Verdict::Unchanged);
    }

    /// What becomes of lies.
    pub fn hears(&self, lies: &[Lie]) -> Verdict {
        self.judge(run_with_lies(&self.executed.input, lies), &format!("{lies:?}"))
    }
}

/// An error with all its causes.
fn error_chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).map(|error| format!("{error}; ")).collect()
}
