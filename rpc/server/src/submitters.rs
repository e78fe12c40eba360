//! Whose questions about packages do not wait behind strangers': submitters who signed them and could pay for a bad proof.
//!
//! To verify a proof for an answer costs the node 10 to 200 ms, and nobody pays. So who asks about a bad one is a stranger for
//! some minutes, and so is an account that takes long to say whether it signed.

use std::time::Duration;

use moka::sync::Cache;
use starknet_api::transaction::InvokeTransactionV3;
use starknet_types_core::felt::Felt;
use zkthreads_execution::{AdmitError, Executor, StateAt};

use crate::error::RpcError;

/// Processor time that looking at a signature may take. It takes 2 to 5 ms, with a class that was not used for long some 50
/// more.
const SIGNATURE: Duration = Duration::from_millis(100);
/// How many strangers are remembered, and for how long.
const STRANGERS: u64 = 10_000;
const STRANGE_FOR: Duration = Duration::from_secs(600);

/// Tells submitters from strangers. Cheap to clone; all clones know the same strangers.
#[derive(Clone)]
pub(crate) struct Submitters {
    strangers: Cache<Felt, ()>,
}

impl Submitters {
    pub(crate) fn new() -> Self {
        Self { strangers: Cache::builder().max_capacity(STRANGERS).time_to_live(STRANGE_FOR).build() }
    }

    /// The account that asks about a package of so many bytes by this envelope; `None` if it is a stranger.
    ///
    /// # Errors
    /// If the node fails.
    pub(crate) fn asks(
        &self,
        executor: &Executor,
        at: &StateAt,
        envelope: &InvokeTransactionV3,
        package_bytes: usize,
    ) -> Result<Option<Felt>, RpcError> {
        let account = *envelope.sender_address.0.key();
        if envelope.signature.0.is_empty() || self.strangers.contains_key(&account) {
            return Ok(None);
        }
        match executor.check_submitter(at, envelope, package_bytes, SIGNATURE) {
            Ok(()) => Ok(Some(account)),
            Err(AdmitError::Internal(error)) => Err(error.into()),
            Err(error) => {
                if let AdmitError::TooLong(_) = error {
                    self.is_strange(account);
                }
                Ok(None)
            }
        }
    }

    /// Remembers that an account is a stranger.
    pub(crate) fn is_strange(&self, account: Felt) {
        self.strangers.insert(account, ());
    }
}
