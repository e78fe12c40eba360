//! What a thread leaves to its node.

use jsonrpsee::types::Params;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};
use starknet_api::block::BlockNumber;
use zkthreads_rpc_api::{Origin, OriginError};

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::origin::{Numbered, internal, raw, read};

/// How a method is passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PassedOn {
    /// A question, which may be asked again.
    Asked,
    /// It changes something: sent once.
    Told,
}

/// The methods that a thread passes on to its node, and answers with what the node answers. All others are about what
/// the thread has itself; of those, what is not found there is asked of the node, too (`origin`).
const LEFT_TO_THE_NODE: [(&str, PassedOn); 9] = [
    // A sub-block holds INVOKE transactions only.
    ("starknet_addDeclareTransaction", PassedOn::Told),
    ("starknet_addDeployAccountTransaction", PassedOn::Told),
    // The thread follows the node's blocks without their tries, and has not seen messages from before it began.
    ("starknet_getMessagesStatus", PassedOn::Asked),
    ("starknet_getStorageProof", PassedOn::Asked),
    // Threads settle on the node.
    ("zkthread_addThreadTransaction", PassedOn::Told),
    ("zkthread_checkThread", PassedOn::Asked),
    ("zkthread_getRules", PassedOn::Asked),
    ("zkthread_listThreads", PassedOn::Asked),
    ("zkthread_osVersions", PassedOn::Asked),
];

/// What the methods begin with that control a devnet: the node may be one.
const DEVNET: &str = "devnet_";

fn passed_on(method: &str) -> Option<PassedOn> {
    let listed = LEFT_TO_THE_NODE.iter().find(|(name, _)| *name == method).map(|(_, how)| *how);
    listed.or_else(|| method.starts_with(DEVNET).then_some(PassedOn::Told))
}

/// Whether a thread passes calls of this method on.
pub(crate) fn is_left_to_the_node(method: &str) -> bool {
    passed_on(method).is_some()
}

impl RpcContext {
    /// The node's answer to a call.
    pub(crate) fn pass_on(&self, method: &str, params: &Params<'_>) -> Result<Box<RawValue>, RpcError> {
        let Some(node) = self.origin.as_deref() else {
            let reason = "this thread has no node to ask".to_owned();
            return Err(OriginError::Unavailable { reason }.into());
        };
        let params = raw(params)?;
        Ok(match passed_on(method) {
            Some(PassedOn::Told) => node.tell(method, &params)?,
            Some(PassedOn::Asked) | None => node.ask(method, &params)?,
        })
    }

    /// The node's answer to a question about a transaction that is not here. Where the node is ahead, the transaction has not
    /// happened yet as far as the thread's state goes: it has been received.
    pub(crate) fn ask_of_transaction(
        &self,
        node: &dyn Origin,
        method: &str,
        params: &RawValue,
        failure: RpcError,
    ) -> Result<Box<RawValue>, RpcError> {
        let answer = node.ask(method, params)?;
        match (method, &failure) {
            ("starknet_getTransactionReceipt", _) => {
                if self.is_past(read::<Numbered>(&answer)?.block_number) { Ok(answer) } else { Err(failure) }
            }
            ("starknet_getTransactionStatus", RpcError::Missing(missing)) => {
                let is_so_here = match read::<Status>(&answer)? {
                    // The node has not executed it either.
                    Status { execution_status: None, .. } => true,
                    Status { finality_status, .. } if finality_status == "PRE_CONFIRMED" => false,
                    Status { .. } => self.is_past(self.found_at(node, missing)?),
                };
                if is_so_here {
                    return Ok(answer);
                }
                to_raw_value(&json!({ "finality_status": "RECEIVED" })).map_err(internal)
            }
            _ => Ok(answer),
        }
    }

    /// Whether a block of the node is from before the thread began. What is in any later one that the thread has built on is here.
    fn is_past(&self, number: Option<u64>) -> bool {
        number.is_some_and(|number| BlockNumber(number) < self.first())
    }
}

/// A transaction's status, as far as it matters here.
#[derive(Deserialize)]
struct Status {
    finality_status: String,
    /// None of one that was not executed.
    execution_status: Option<String>,
}
