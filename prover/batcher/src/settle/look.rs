//! What a node says of a thread transaction that was sent to it.

use std::future::Future;
use std::time::Duration;

use jsonrpsee::core::ClientError;
use serde::Deserialize;
use starknet_api::core::{ContractAddress, Nonce};
use starknet_api::transaction::TransactionHash;
use starknet_rust::core::types::{BlockTag, ExecutionResult, StarknetError, TransactionStatus};
use starknet_rust::providers::ProviderError;

use zkthreads_client::{NodeClient, NodeError};

/// Longest that a question which is answered out of memory may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// The code of the specification's error about a hash that nobody knows.
pub(super) const TRANSACTION_HASH_NOT_FOUND: i32 = 29;
/// The pool has it already.
pub(super) const DUPLICATE_TRANSACTION: i32 = 59;
/// Any other error.
const OTHER: i32 = 0;

/// Where a sent transaction is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// The node does not know it.
    Unknown,
    /// It waits for a block.
    Waiting,
    /// It is in the open block, and settled there.
    PreConfirmed,
    /// It is in a block, and settled.
    Settled,
    /// It is in a block, and was reverted.
    Reverted {
        /// Why.
        reason: String,
    },
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unanswered {
    /// The node does not answer, or is not able to: asking again may help.
    #[error("{0}")]
    Away(String),
    /// The node refuses.
    #[error("{reason}")]
    Refused {
        /// The error's code.
        code: i32,
        /// The check of a thread that fails, if it is one.
        check: Option<String>,
        /// What it says.
        reason: String,
    },
}

/// Asks where a transaction is.
pub(super) async fn look(node: &NodeClient, hash: TransactionHash) -> Result<Seen, Unanswered> {
    match ask(node.transaction_status(hash)).await {
        Ok(status) => Ok(seen(status)),
        Err(Unanswered::Refused { code: TRANSACTION_HASH_NOT_FOUND, .. }) => Ok(Seen::Unknown),
        Err(unanswered) => Err(unanswered),
    }
}

fn seen(status: TransactionStatus) -> Seen {
    match status {
        TransactionStatus::Received | TransactionStatus::Candidate => Seen::Waiting,
        TransactionStatus::PreConfirmed(ExecutionResult::Succeeded) => Seen::PreConfirmed,
        // Until a block has it, it may still be executed again.
        TransactionStatus::PreConfirmed(ExecutionResult::Reverted { .. }) => Seen::Waiting,
        TransactionStatus::AcceptedOnL2(result) | TransactionStatus::AcceptedOnL1(result) => match result {
            ExecutionResult::Succeeded => Seen::Settled,
            ExecutionResult::Reverted { reason } => Seen::Reverted { reason },
        },
    }
}

/// The account's next nonce after everything that the node has taken.
pub(super) async fn next_nonce(node: &NodeClient, account: ContractAddress) -> Result<Nonce, Unanswered> {
    ask(node.nonce_after(account, BlockTag::PreConfirmed)).await
}

/// The account's next nonce after the newest block.
pub(super) async fn nonce_in_block(node: &NodeClient, account: ContractAddress) -> Result<Nonce, Unanswered> {
    ask(node.nonce_after(account, BlockTag::Latest)).await
}

/// The answer, unless it takes too long.
async fn ask<T>(answer: impl Future<Output = Result<T, NodeError>>) -> Result<T, Unanswered> {
    match tokio::time::timeout(ANSWER_TIMEOUT, answer).await {
        Ok(answer) => answer.map_err(|error| unanswered(&error)),
        Err(_) => Err(Unanswered::Away(format!("no answer within {} s", ANSWER_TIMEOUT.as_secs()))),
    }
}

/// Tells a node that refuses from one that is away.
pub(super) fn unanswered(error: &NodeError) -> Unanswered {
    match error {
        error if error.is_passing() => Unanswered::Away(error.to_string()),
        NodeError::Zkthread(ClientError::Call(error)) => {
            let check = error.data().and_then(|data| failed_check(data.get()));
            let data = error.data().map(|data| format!(": {data}")).unwrap_or_default();
            Unanswered::Refused { code: error.code(), check, reason: format!("{}{data}", error.message()) }
        }
        NodeError::Starknet(ProviderError::StarknetError(known)) => {
            let code = match known {
                StarknetError::TransactionHashNotFound => TRANSACTION_HASH_NOT_FOUND,
                StarknetError::DuplicateTx => DUPLICATE_TRANSACTION,
                _ => OTHER,
            };
            Unanswered::Refused { code, check: None, reason: known.to_string() }
        }
        error => Unanswered::Refused { code: OTHER, check: None, reason: error.to_string() },
    }
}

/// Which check fails, if an error's data says it as it says why a thread cannot settle.
fn failed_check(data: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Data {
        error: Check,
    }
    #[derive(Deserialize)]
    struct Check {
        kind: String,
    }
    Some(serde_json::from_str::<Data>(data).ok()?.error.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_that_fails_is_found() {
        let data =
            r#"{"code":10010,"kind":"UNSETTLEABLE","message":"…","error":{"segment":0,"kind":"TOO_LATE"}}"#;
        assert_eq!(failed_check(data).as_deref(), Some("TOO_LATE"));
        for other in [r#""a text""#, r#"{"code":10001,"kind":"MALFORMED_PACKAGE"}"#] {
            assert_eq!(failed_check(other), None);
        }
    }
}
