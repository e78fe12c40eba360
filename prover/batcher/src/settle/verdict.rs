//! What a node's check of a thread means for the thread.

use starknet_api::core::ContractAddress;
use starknet_api::state::StorageKey;
use starknet_rust::core::types::FeeEstimate;
use zkthreads_client::{FailedCheck, FailedPrecondition, ThreadCheckAnswer};
use zkthreads_protocol::{Conflict, StateCell};

use crate::thread::BundleFailure;

/// The error of a thread whose base block the node does not have.
const BASE_BLOCK_UNKNOWN: &str = "BASE_BLOCK_UNKNOWN";
/// The error of a thread that runs a class which the node has not compiled for threads yet.
const CLASS_PENDING: &str = "CLASS_PENDING";
/// The error that stands for all conflicts.
const CONFLICT: &str = "CONFLICT";
/// The error of a thread whose time has not come. The node holds it until then.
const NOT_YET: &str = "NOT_YET";
/// The errors of a thread that is too old, whatever it reads.
const TOO_LATE: [&str; 2] = ["TOO_LATE", "BASE_BLOCK_TOO_OLD"];
/// The errors of a thread that is too old for what it reads.
const STALE_BASE: [&str; 2] = ["STALE_BASE", "CLASS_TOO_NEW"];

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

pub(super) fn verdict(check: &ThreadCheckAnswer) -> Verdict {
    if check.errors.iter().all(is_early) {
        return Verdict::Settles(check.fee_estimate.clone());
    }
    let segments = check.segments.iter();
    let settling = segments.take_while(|segment| segment.errors.iter().all(is_early)).count();
    let failure = match check.segments.get(settling) {
        Some(segment) => failure(&segment.errors, &segment.conflicts),
        None => failure(&check.errors, &check.conflicts),
    };
    Verdict::Fails { settling, failure }
}

fn is_early(error: &FailedCheck) -> bool {
    error.kind == NOT_YET
}

/// What it means that the node refuses a thread at the door, if a check of this kind fails.
pub(super) fn refused(kind: Option<&str>, reason: String) -> BundleFailure {
    match kind {
        Some(kind) if TOO_LATE.contains(&kind) => BundleFailure::TooLate { reason },
        _ => BundleFailure::NotSent { reason },
    }
}

fn failure(errors: &[FailedCheck], conflicts: &[FailedPrecondition]) -> BundleFailure {
    let errors: Vec<_> = errors.iter().filter(|error| !is_early(error)).collect();
    let among = |kinds: &[&str]| errors.iter().any(|error| kinds.contains(&error.kind.as_str()));
    let all_among = |kinds: &[&str]| errors.iter().all(|error| kinds.contains(&error.kind.as_str()));
    let of_time = [&TOO_LATE[..], &STALE_BASE].concat();
    let reasons: Vec<_> = errors.iter().map(|error| error.message.as_str()).collect();
    let reason = reasons.join("; ");
    if among(&[BASE_BLOCK_UNKNOWN, CLASS_PENDING]) {
        // The node's chain is another one now, which the follower will find out; or it comes to the class by and by.
        return BundleFailure::NotSent { reason };
    }
    let conflicts: Option<Vec<_>> = conflicts.iter().map(conflict).collect();
    match conflicts {
        // What has moved is newer as well.
        Some(conflicts) if !conflicts.is_empty() && all_among(&[&of_time[..], &[CONFLICT]].concat()) => {
            BundleFailure::Conflicts(conflicts)
        }
        Some(_) if all_among(&of_time) && among(&TOO_LATE) => BundleFailure::TooLate { reason },
        Some(_) if all_among(&of_time) => BundleFailure::StaleBase { reason },
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
    use zkthreads_client::SegmentCheck;

    fn check(errors: &[&str], conflicts: serde_json::Value) -> ThreadCheckAnswer {
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

    fn why_not(check: &ThreadCheckAnswer) -> BundleFailure {
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
    }

    #[test]
    fn what_is_too_old_is_nobody_s_fault() {
        let not = |errors: &[&str]| why_not(&check(errors, json!([])));
        for late in [&["TOO_LATE"][..], &["BASE_BLOCK_TOO_OLD"], &["TOO_LATE", "STALE_BASE"]] {
            assert_eq!(not(late), BundleFailure::TooLate { reason: late.join("; ") });
        }
        for stale in ["STALE_BASE", "CLASS_TOO_NEW"] {
            assert_eq!(not(&[stale]), BundleFailure::StaleBase { reason: stale.to_owned() });
        }
        assert_eq!(
            not(&["TOO_LATE", "PROOF"]),
            BundleFailure::WouldRevert { reason: "TOO_LATE; PROOF".to_owned() }
        );
        let moved = json!([{ "contract": "0x9", "kind": "NONCE", "expected": "0x3", "found": "0x4" }]);
        let conflict = why_not(&check(&["CONFLICT", "STALE_BASE", "TOO_LATE"], moved));
        assert!(matches!(conflict, BundleFailure::Conflicts(_)), "{conflict:?}");
    }

    #[test]
    fn what_comes_too_early_is_sent_all_the_same() {
        let early = verdict(&check(&["NOT_YET"], json!([])));
        assert!(matches!(early, Verdict::Settles(_)), "{early:?}");
        let also = why_not(&check(&["NOT_YET", "STALE_BASE"], json!([])));
        assert_eq!(also, BundleFailure::StaleBase { reason: "STALE_BASE".to_owned() });
    }

    #[test]
    fn what_the_node_does_not_take_is_looked_at() {
        let reason = || "refused".to_owned();
        assert_eq!(refused(Some("TOO_LATE"), reason()), BundleFailure::TooLate { reason: reason() });
        for other in [Some("NOT_YET"), None] {
            assert_eq!(refused(other, reason()), BundleFailure::NotSent { reason: reason() });
        }
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
        let segments = vec![segment(&[]), segment(&["NOT_YET"]), segment(&["PROOF"]), segment(&["CONFLICT"])];
        let whole = ThreadCheckAnswer { segments, ..check(&["PROOF", "CONFLICT"], json!([])) };
        let failure = BundleFailure::WouldRevert { reason: "PROOF".to_owned() };
        assert_eq!(verdict(&whole), Verdict::Fails { settling: 2, failure });
    }
}
