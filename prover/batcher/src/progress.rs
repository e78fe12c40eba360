//! What a builder tells while it works.

use std::fmt;
use std::sync::Arc;

use zkthreads_protocol::BaseBlock;

/// Hears of each step. Called on the thread that works: be quick.
pub type Listener = Arc<dyn Fn(Progress) + Send + Sync>;

/// A step of making a sub-block. Its `Display` is a line for a human.
#[derive(Debug, Clone)]
pub enum Progress {
    /// The state is pinned at this block.
    Forked {
        /// The block.
        base_block: BaseBlock,
    },
    /// Blockifier has executed the transactions.
    Executed {
        /// In the sub-block.
        included: usize,
        /// Of these, reverted.
        reverted: usize,
        /// Not in it.
        left_out: usize,
    },
    /// The thread OS has run, and states what blockifier did.
    OsRan {
        /// Cairo steps.
        steps: usize,
    },
    /// The prover has begun a stage.
    Proving(zkthreads_prover::ProofStage),
    /// The package is made.
    Packed {
        /// Size of the proof.
        proof_bytes: usize,
        /// Size of the package.
        package_bytes: usize,
    },
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forked { base_block } => write!(f, "forked at block {}", base_block.number.0),
            Self::Executed { included, reverted, left_out } => {
                write!(f, "executed {included} transactions")?;
                for (count, what) in [(reverted, "reverted"), (left_out, "left out")] {
                    if *count > 0 {
                        write!(f, ", {what} {count}")?;
                    }
                }
                Ok(())
            }
            Self::OsRan { steps } => write!(f, "ran the thread OS: {steps} steps"),
            Self::Proving(stage) => write!(f, "proving: {stage}"),
            Self::Packed { proof_bytes, package_bytes } => {
                write!(f, "packed: {proof_bytes} bytes of proof in {package_bytes}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Progress;

    #[test]
    fn what_did_not_succeed_is_told() {
        let told = |reverted, left_out| Progress::Executed { included: 5, reverted, left_out }.to_string();
        assert_eq!(told(0, 0), "executed 5 transactions");
        assert_eq!(told(2, 0), "executed 5 transactions, reverted 2");
        assert_eq!(told(2, 1), "executed 5 transactions, reverted 2, left out 1");
    }
}
