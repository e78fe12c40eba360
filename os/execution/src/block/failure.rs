//! Why a transaction was not executed, or not to an end that a block can hold.

use super::Refusal;
use crate::error::AdmitError;
use crate::unfit::Unfit;

/// Why a transaction was not executed, or not to an end that a block can hold.
pub(super) enum Failure {
    /// The block does not take it.
    Refused(Refusal),
    /// It is to be executed without its `__execute__`.
    Unfit(Unfit),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<AdmitError> for Failure {
    fn from(error: AdmitError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<Unfit> for Failure {
    fn from(unfit: Unfit) -> Self {
        Self::Unfit(unfit)
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => refusal,
            Failure::Unfit(unfit) => AdmitError::Execution(unfit.reason.into()).into(),
        }
    }
}
