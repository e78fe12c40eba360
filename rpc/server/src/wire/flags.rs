//! The flags of requests.

use serde::Deserialize;

/// Extra fields in transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum TransactionFlag {
    /// `proof_facts` also where they are empty.
    #[serde(rename = "INCLUDE_PROOF_FACTS")]
    IncludeProofFacts,
}

/// Extra fields in storage values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum StorageFlag {
    /// The block that last wrote the cell.
    #[serde(rename = "INCLUDE_LAST_UPDATE_BLOCK")]
    IncludeLastUpdateBlock,
}

/// How to simulate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum SimulationFlag {
    /// Without `__validate__`.
    #[serde(rename = "SKIP_VALIDATE")]
    SkipValidate,
    /// Without charging the fee.
    #[serde(rename = "SKIP_FEE_CHARGE")]
    SkipFeeCharge,
    /// With the state values that were read.
    #[serde(rename = "RETURN_INITIAL_READS")]
    ReturnInitialReads,
}

/// What to add to traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum TraceFlag {
    /// The state values that were read.
    #[serde(rename = "RETURN_INITIAL_READS")]
    ReturnInitialReads,
}

/// Whether a list of flags, absent or not, holds `flag`.
pub(crate) fn has<F: PartialEq>(flags: &Option<Vec<F>>, flag: F) -> bool {
    flags.as_ref().is_some_and(|flags| flags.contains(&flag))
}
