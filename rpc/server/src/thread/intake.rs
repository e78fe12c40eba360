//! A user's invoke on its way into a thread.

use starknet_api::transaction::TransactionHash;
use zkthreads_protocol::InnerTransaction;
use zkthreads_protocol::package::InnerTransactionError;

use zkthreads_rpc_api::{InnerRefusal, ThreadControl, ThreadLimit};

use crate::convert::submission;
use crate::error::RpcError;
use crate::thread_error::ThreadError;
use crate::unexpected::Unexpected;
use crate::wire::broadcast::BroadcastInvoke;

/// After how many seconds a full thread has room again, as a rule: its sub-blocks settle one after the other.
const ROOM_AFTER: u64 = 10;
/// The same for what is on its way in, which takes a moment each.
const ARRIVED_AFTER: u64 = 1;
/// Within how many seconds a thread forgets that one of its sub-blocks took longer than any forecast may be.
const FORGOTTEN_AFTER: u64 = 60;

/// Hands an invoke to `thread` as an inner transaction.
pub(crate) fn submit(
    thread: &dyn ThreadControl,
    transaction: BroadcastInvoke,
) -> Result<TransactionHash, RpcError> {
    let inner = inner(transaction)?;
    thread.submit(inner).map_err(|refusal| refused(refusal, || thread.status().node.url))
}

/// The inner transaction that an invoke is.
fn inner(transaction: BroadcastInvoke) -> Result<InnerTransaction, RpcError> {
    if transaction.proof.as_ref().is_some_and(|proof| !proof.is_empty()) {
        return Err(not_inner(InnerTransactionError::ProofFacts));
    }
    InnerTransaction::try_from(submission::invoke_v3(transaction)).map_err(not_inner)
}

fn not_inner(error: InnerTransactionError) -> RpcError {
    match error {
        InnerTransactionError::ProofFacts => RpcError::InvalidProof(ThreadError::NotInner(error)),
        InnerTransactionError::ResourceBounds | InnerTransactionError::ReservedFields => {
            RpcError::Unexpected { kind: Unexpected::NotInner, reason: error.to_string() }
        }
    }
}

/// A refusal in the specification's terms. What a thread cannot do, the chain can, whose node is at `url`.
fn refused(refusal: InnerRefusal, url: impl FnOnce() -> String) -> RpcError {
    let reason = refusal.to_string();
    match refusal {
        InnerRefusal::Duplicate => RpcError::DuplicateTransaction,
        InnerRefusal::Nonce { .. } => RpcError::InvalidTransactionNonce { reason },
        InnerRefusal::NotDeployed { .. } => RpcError::NonAccount,
        InnerRefusal::Validate { .. } => RpcError::ValidationFailure { reason },
        InnerRefusal::OutsideThread { .. } => for_the_chain(Unexpected::OutsideThread, &reason, url),
        InnerRefusal::NotProvable { .. } => for_the_chain(Unexpected::NotProvable, &reason, url),
        InnerRefusal::StateUnavailable { .. } => {
            RpcError::Unexpected { kind: Unexpected::StateUnavailable, reason }
        }
        InnerRefusal::TooManyFreshCells { .. } => for_the_chain(Unexpected::FreshCells, &reason, url),
        InnerRefusal::FreshCellsSpent { seconds, .. } => busy(reason, seconds),
        InnerRefusal::Full { limit: ThreadLimit::Arriving, .. } => busy(reason, ARRIVED_AFTER),
        InnerRefusal::Full { .. } => busy(reason, ROOM_AFTER),
        // What is ahead of time is so by a second less each second.
        InnerRefusal::Busy { seconds, max } => busy(reason, seconds.saturating_sub(max).min(FORGOTTEN_AFTER)),
        InnerRefusal::NotRecorded { .. } => RpcError::Unexpected { kind: Unexpected::NotRecorded, reason },
        InnerRefusal::Unavailable { .. } => for_the_chain(Unexpected::ThreadStopping, &reason, url),
    }
}

/// Says when there may be room again, in seconds.
fn busy(reason: String, retry_after: u64) -> RpcError {
    RpcError::ThreadBusy { reason, retry_after: retry_after.max(1) }
}

/// Says where the chain is.
fn for_the_chain(kind: Unexpected, reason: &str, url: impl FnOnce() -> String) -> RpcError {
    RpcError::Unexpected { kind, reason: format!("{reason} (the chain is at {})", url()) }
}

#[cfg(test)]
mod tests {
    use starknet_api::core::{ContractAddress, Nonce};

    use super::*;

    #[test]
    fn refusals_have_the_specification_s_codes() {
        let reason = || "why".to_owned();
        let account = ContractAddress::from(7_u64);
        let nonce = Nonce::default();
        for (refusal, code) in [
            (InnerRefusal::Duplicate, 59),
            (InnerRefusal::Nonce { account, expected: nonce, found: nonce }, 52),
            (InnerRefusal::NotDeployed { account }, 58),
            (InnerRefusal::Validate { reason: reason() }, 55),
        ] {
            assert_eq!(refused(refusal, String::new).code(), code);
        }
        for (refusal, said, advised) in [
            (InnerRefusal::OutsideThread { contract: account }, "OUTSIDE_THREAD: ", "send it to the chain"),
            (InnerRefusal::NotProvable { reason: reason() }, "NOT_PROVABLE: ", "send it to the chain"),
            (
                InnerRefusal::StateUnavailable { reason: reason() },
                "STATE_UNAVAILABLE: ",
                "send it again, here",
            ),
            (
                InnerRefusal::TooManyFreshCells { account, cells: 9, max: 8 },
                "FRESH_CELLS: ",
                "send it to the chain",
            ),
            (InnerRefusal::NotRecorded { reason: reason() }, "NOT_RECORDED: ", "send it again later, here"),
            (InnerRefusal::Unavailable { reason: reason() }, "THREAD_STOPPING: ", "or to the chain"),
        ] {
            let error = refused(refusal, || "http://node".to_owned());
            let data = error.data().unwrap();
            let data = data.as_str().expect("a text, as the specification has it");
            assert!(error.code() == 63 && data.starts_with(said) && data.ends_with(advised), "{data}");
            assert_eq!(data.contains("http://node"), advised.contains("chain"), "{data}");
        }
    }

    #[test]
    fn whoever_has_to_come_back_is_told_when() {
        let account = ContractAddress::from(7_u64);
        let full = |limit| InnerRefusal::Full { limit, capacity: 20_000 };
        let busy = |seconds| InnerRefusal::Busy { seconds, max: 600 };
        let spent = |seconds| InnerRefusal::FreshCellsSpent { account, cells: 9, max: 8, seconds };
        for (refusal, said, retry_after) in [
            (full(ThreadLimit::Unsettled), "at most 20000 transactions that are not settled", 10),
            (full(ThreadLimit::UnsettledBytes), "at most 20000 bytes", 10),
            (full(ThreadLimit::UnsettledCells), "at most 20000 cells", 10),
            (full(ThreadLimit::WaitingOfAccount), "of one account", 10),
            (full(ThreadLimit::Arriving), "on their way in", 1),
            (busy(603), "603 s", 3),
            (busy(9_000), "9000 s", 60),
            (spent(4), "at most 8", 4),
            (spent(0), "at most 8", 1),
        ] {
            let error = refused(refusal, String::new);
            let data = error.data().unwrap();
            assert_eq!((error.code(), &data["work"]), (-32005, &"thread".into()));
            assert_eq!(data["retry_after_seconds"], retry_after, "{data}");
            assert!(data["reason"].as_str().unwrap().contains(said), "{data}");
        }
    }

    #[test]
    fn what_cannot_be_inner_is_told_apart() {
        let proof = not_inner(InnerTransactionError::ProofFacts);
        assert_eq!((proof.code(), proof.data().unwrap()["code"].as_i64()), (69, Some(10008)));
        assert_eq!(not_inner(InnerTransactionError::ReservedFields).code(), 63);
    }
}
