//! Phase *admit*, the part that only threads have: envelope, package, bounds.

use starknet_api::transaction::fields::ValidResourceBounds;
use zkthreads_protocol::ThreadTransaction;

use super::constants::minimal_l2_gas;
use crate::error::AdmitError;

/// Whether the L2 gas bound covers receiving and verifying the package. If it did not, whatever the fee is capped at
/// would not pay for the node's work.
pub(crate) fn check_bounds(thread: &ThreadTransaction) -> Result<(), AdmitError> {
    let minimal = minimal_l2_gas(thread.package(), thread.package_bytes());
    match thread.envelope().resource_bounds {
        ValidResourceBounds::AllResources(bounds) if bounds.l2_gas.max_amount < minimal => {
            Err(AdmitError::InsufficientResources(format!(
                "max L2Gas amount ({}) is lower than what verifying the thread takes: {minimal}",
                bounds.l2_gas.max_amount
            )))
        }
        _ => Ok(()),
    }
}
