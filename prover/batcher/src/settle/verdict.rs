//! What a node's check of a thread means for the thread.

use starknet_api::core::ContractAddress;
use starknet_api::state::StorageKey;
use starknet_rust::core::types::FeeEstimate;
use zkthreads_protocol::{Conflict, StateCell};

use crate::node::{FailedPrecondition, ThreadCheck};
use crate::thread::BundleFailure;

/// The error of a thread whose base block the node does not have.
const BASE_BLOCK_UNKNOWN: &str = "BASE_BLOCK_UNKNOWN";
/// The error that stands for all conflicts.
const CONFLICT: &str = "CONFLICT";

/// What it would cost to settle the bundle, or why it would not.
pub(super) fn verdict(check: ThreadCheck) -> Result<FeeEstimate, BundleFailure> {
    if check.would_settle {
        return Ok(check.fee_estimate);
    }
    let is = |kind: &str| check.errors.iter().any(|error| error.kind == kind);
    let reasons: Vec<_> = check.errors.iter().map(|error| error.message.as_str()).collect();
    let reason = reasons.join("; ");
    if is(BASE_BLOCK_UNKNOWN) {
        // The node's chain is another one now, which the follower will find out.
        return Err(BundleFailure::NotSent { reason });
    }
    let conflicts: Option<Vec<_>> = check.conflicts.iter().map(conflict).collect();
    match conflicts {
        Some(conflicts)
            if !conflicts.is_empty() && check.errors.iter().all(|error| error.kind == CONFLICT) =>
        {
            Err(BundleFailure::Conflicts(conflicts))
        }
        _ => Err(BundleFailure::WouldRevert { reason }),
    }
}

/// `None` if it is no conflict that our node tells.
fn conflict(failed: &FailedPrecondition) -> Option<Conflict> {
    let cell = match (failed.kind.as_str(), failed.key) {
        ("STORAGE", Some(key)) => StateCell::Storage(StorageKey::try_from(key).ok()?),
        ("NONCE", None) => StateCell::Nonce,
        ("CLASS_HASH", None) => StateCell::ClassHash,
        _ => return None,
    };
    let contract = ContractAddress::try_from(failed.contract).ok()?;
    Some(Conflict { contract, cell, expected: failed.expected, found: failed.found })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use starknet_types_core::felt::Felt;

    use super::*;

    fn check(errors: &[&str], conflicts: serde_json::Value) -> ThreadCheck {
        let errors: Vec<_> = errors.iter().map(|kind| json!({ "kind": kind, "message": kind })).collect();
        let fee = json!({
            "l1_gas_consumed": "0x0", "l1_gas_price": "0x1", "l2_gas_consumed": "0x2", "l2_gas_price": "0x3",
            "l1_data_gas_consumed": "0x0", "l1_data_gas_price": "0x1", "overall_fee": "0x6", "unit": "FRI"
        });
        serde_json::from_value(json!({
            "would_settle": errors.is_empty(), "errors": errors, "conflicts": conflicts, "fee_estimate": fee
        }))
        .unwrap()
    }

    #[test]
    fn what_would_settle_has_a_price() {
        assert_eq!(verdict(check(&[], json!([]))).unwrap().overall_fee, 6);
    }

    #[test]
    fn conflicts_are_told_by_their_cells() {
        let moved = json!([
            { "contract": "0x7", "kind": "STORAGE", "key": "0x8", "expected": "0x1", "found": "0x2" },
            { "contract": "0x9", "kind": "NONCE", "expected": "0x3", "found": "0x4" },
        ]);
        let Err(BundleFailure::Conflicts(conflicts)) = verdict(check(&["CONFLICT"], moved.clone())) else {
            panic!("conflicts");
        };
        assert_eq!(conflicts[0].cell, StateCell::Storage(StorageKey::from(8_u32)));
        assert_eq!(conflicts[1].cell, StateCell::Nonce);
        assert_eq!((conflicts[1].expected, conflicts[1].found), (Felt::from(3), Felt::from(4)));

        let also = verdict(check(&["CONFLICT", "PROOF"], moved));
        assert_eq!(also, Err(BundleFailure::WouldRevert { reason: "CONFLICT; PROOF".to_owned() }));
    }

    #[test]
    fn another_chain_is_the_followers_business() {
        let unknown = verdict(check(&["BASE_BLOCK_UNKNOWN", "CONFLICT"], json!([])));
        assert!(matches!(unknown, Err(BundleFailure::NotSent { .. })));
        let old = verdict(check(&["BASE_BLOCK_TOO_OLD"], json!([])));
        assert!(matches!(old, Err(BundleFailure::WouldRevert { .. })));
    }
}
