//! What a node's check of a thread means for the thread.

use starknet_api::core::ContractAddress;
use starknet_api::state::StorageKey;
use starknet_rust::core::types::FeeEstimate;
use zkthreads_protocol::{Conflict, StateCell};

use crate::node::{FailedCheck, FailedPrecondition, ThreadCheck};
use crate::thread::BundleFailure;

/// The error of a thread whose base block the node does not have.
const BASE_BLOCK_UNKNOWN: &str = "BASE_BLOCK_UNKNOWN";
/// The error that stands for all conflicts.
const CONFLICT: &str = "CONFLICT";

/// What a node's check says of a bundle.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    /// It would settle, at this price.
    Settles(FeeEstimate),
    /// So many of its segments would, from the first on, perhaps none; the next would not.
    Fails {
        /// How many.
        settling: usize,
        /// Why not the next.
        failure: BundleFailure,
    },
}

pub(super) fn verdict(check: &ThreadCheck) -> Verdict {
    if check.would_settle {
        return Verdict::Settles(check.fee_estimate.clone());
    }
    let settling = check.segments.iter().take_while(|segment| segment.would_settle).count();
    let failure = match check.segments.get(settling) {
        Some(segment) => failure(&segment.errors, &segment.conflicts),
        None => failure(&check.errors, &check.conflicts),
    };
    Verdict::Fails { settling, failure }
}

fn failure(errors: &[FailedCheck], conflicts: &[FailedPrecondition]) -> BundleFailure {
    let reasons: Vec<_> = errors.iter().map(|error| error.message.as_str()).collect();
    let reason = reasons.join("; ");
    if errors.iter().any(|error| error.kind == BASE_BLOCK_UNKNOWN) {
        // The node's chain is another one now, which the follower will find out.
        return BundleFailure::NotSent { reason };
    }
    let conflicts: Option<Vec<_>> = conflicts.iter().map(conflict).collect();
    match conflicts {
        Some(conflicts) if !conflicts.is_empty() && errors.iter().all(|error| error.kind == CONFLICT) => {
            BundleFailure::Conflicts(conflicts)
        }
        _ => BundleFailure::WouldRevert { reason },
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
    use crate::node::SegmentCheck;

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

    fn why_not(check: &ThreadCheck) -> BundleFailure {
        match verdict(check) {
            Verdict::Fails { settling: 0, failure } => failure,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_would_settle_has_a_price() {
        let found = verdict(&check(&[], json!([])));
        assert!(matches!(&found, Verdict::Settles(fee) if fee.overall_fee == 6), "{found:?}");
    }

    #[test]
    fn conflicts_are_told_by_their_cells() {
        let moved = json!([
            { "contract": "0x7", "kind": "STORAGE", "key": "0x8", "expected": "0x1", "found": "0x2" },
            { "contract": "0x9", "kind": "NONCE", "expected": "0x3", "found": "0x4" },
        ]);
        let BundleFailure::Conflicts(conflicts) = why_not(&check(&["CONFLICT"], moved.clone())) else {
            panic!("conflicts");
        };
        assert_eq!(conflicts[0].cell, StateCell::Storage(StorageKey::from(8_u32)));
        assert_eq!(conflicts[1].cell, StateCell::Nonce);
        assert_eq!((conflicts[1].expected, conflicts[1].found), (Felt::from(3), Felt::from(4)));

        let also = why_not(&check(&["CONFLICT", "PROOF"], moved));
        assert_eq!(also, BundleFailure::WouldRevert { reason: "CONFLICT; PROOF".to_owned() });
    }

    #[test]
    fn another_chain_is_the_followers_business() {
        let unknown = why_not(&check(&["BASE_BLOCK_UNKNOWN", "CONFLICT"], json!([])));
        assert!(matches!(unknown, BundleFailure::NotSent { .. }));
        let old = why_not(&check(&["BASE_BLOCK_TOO_OLD"], json!([])));
        assert!(matches!(old, BundleFailure::WouldRevert { .. }));
    }

    #[test]
    fn the_segments_before_the_one_that_fails_would_settle() {
        let segment = |errors: &[&str]| {
            let whole = check(errors, json!([]));
            SegmentCheck {
                would_settle: whole.would_settle,
                errors: whole.errors,
                conflicts: whole.conflicts,
            }
        };
        let segments = vec![segment(&[]), segment(&[]), segment(&["PROOF"]), segment(&["CONFLICT"])];
        let whole = ThreadCheck { segments, ..check(&["PROOF", "CONFLICT"], json!([])) };
        let failure = BundleFailure::WouldRevert { reason: "PROOF".to_owned() };
        assert_eq!(verdict(&whole), Verdict::Fails { settling: 2, failure });
    }
}
