//! A user's invoke on its way into a thread.

use starknet_api::transaction::TransactionHash;
use zkthreads_protocol::InnerTransaction;
use zkthreads_protocol::package::InnerTransactionError;

use super::{InnerRefusal, ThreadControl};
use crate::convert::submission;
use crate::error::RpcError;
use crate::thread_error::ThreadError;
use crate::wire::broadcast::BroadcastInvoke;

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
            RpcError::Unexpected { reason: error.to_string() }
        }
    }
}

/// A refusal in the specification's terms. What the chain can do and a thread cannot is for the node at `url`.
fn refused(refusal: InnerRefusal, url: impl FnOnce() -> String) -> RpcError {
    let reason = refusal.to_string();
    match refusal {
        InnerRefusal::Duplicate => RpcError::DuplicateTransaction,
        InnerRefusal::Nonce { .. } => RpcError::InvalidTransactionNonce { reason },
        InnerRefusal::NotDeployed { .. } => RpcError::NonAccount,
        InnerRefusal::Validate { .. } => RpcError::ValidationFailure { reason },
        InnerRefusal::OutsideThread { .. } | InnerRefusal::NotProvable { .. } => {
            RpcError::Unexpected { reason: format!("{reason}; send it to the node: {}", url()) }
        }
        InnerRefusal::StateUnavailable { .. }
        | InnerRefusal::Full { .. }
        | InnerRefusal::NotRecorded { .. }
        | InnerRefusal::Unavailable { .. } => RpcError::Unexpected { reason },
    }
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
        let cases = [
            (InnerRefusal::Duplicate, 59),
            (InnerRefusal::Nonce { account, expected: nonce, found: nonce }, 52),
            (InnerRefusal::NotDeployed { account }, 58),
            (InnerRefusal::Validate { reason: reason() }, 55),
            (InnerRefusal::OutsideThread { contract: account }, 63),
            (InnerRefusal::NotProvable { reason: reason() }, 63),
            (InnerRefusal::StateUnavailable { reason: reason() }, 63),
            (InnerRefusal::Full { capacity: 1 }, 63),
            (InnerRefusal::NotRecorded { reason: reason() }, 63),
            (InnerRefusal::Unavailable { reason: reason() }, 63),
        ];
        for (refusal, code) in cases {
            let sends_on =
                matches!(refusal, InnerRefusal::OutsideThread { .. } | InnerRefusal::NotProvable { .. });
            let error = refused(refusal, || "http://node".to_owned());
            assert_eq!(error.code(), code, "{error:?}");
            let data = error.data().map(|data| data.to_string()).unwrap_or_default();
            assert_eq!(data.contains("send it to the node: http://node"), sends_on, "{data}");
        }
    }

    #[test]
    fn what_cannot_be_inner_is_told_apart() {
        let proof = not_inner(InnerTransactionError::ProofFacts);
        assert_eq!((proof.code(), proof.data().unwrap()["code"].as_i64()), (69, Some(10008)));
        assert_eq!(not_inner(InnerTransactionError::ReservedFields).code(), 63);
    }
}
