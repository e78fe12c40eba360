//! Which transactions a subscription wants: by finality and by sender.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use starknet_api::core::ContractAddress;
use zkthreads_rpc_api::number::AddressHex;
use zkthreads_storage::BlockTransaction;

use super::Seen;
use crate::error::RpcError;
use crate::limits::MAX_SENDER_ADDRESSES;
use crate::wire::place::Finality;

/// How far a transaction has come, as far as subscriptions to transactions tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
pub(super) enum Status {
    /// In the pool.
    #[serde(rename = "RECEIVED")]
    Received,
    /// About to be executed. Never told: the pool's transactions are executed one by one.
    #[serde(rename = "CANDIDATE")]
    Candidate,
    /// In the open block.
    #[serde(rename = "PRE_CONFIRMED")]
    PreConfirmed,
    /// In a stored block.
    #[serde(rename = "ACCEPTED_ON_L2")]
    AcceptedOnL2,
}

/// A block's status, where transactions in the pool do not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum BlockStatus {
    #[serde(rename = "PRE_CONFIRMED")]
    PreConfirmed,
    #[serde(rename = "ACCEPTED_ON_L2")]
    AcceptedOnL2,
}

/// Senders; empty: all.
#[derive(Debug)]
pub(super) struct Senders(HashSet<ContractAddress>);

impl Senders {
    pub(super) fn new(addresses: Option<Vec<AddressHex>>) -> Result<Self, RpcError> {
        let addresses = addresses.unwrap_or_default();
        if addresses.len() > MAX_SENDER_ADDRESSES {
            return Err(RpcError::TooManyAddressesInFilter);
        }
        Ok(Self(addresses.into_iter().map(|address| address.0).collect()))
    }

    pub(super) fn has(&self, sender: ContractAddress) -> bool {
        self.0.is_empty() || self.0.contains(&sender)
    }

    /// Whether the transaction is from one of them.
    pub(super) fn sent(&self, transaction: &BlockTransaction) -> bool {
        // The sender of an account that is being deployed has to be computed.
        self.0.is_empty() || transaction.body.sender().is_ok_and(|sender| self.0.contains(&sender))
    }
}

impl Status {
    /// What a transaction in a block is told as.
    pub(super) fn of(seen: &Seen<'_>) -> Self {
        match seen.place.finality {
            Finality::PreConfirmed => Self::PreConfirmed,
            Finality::AcceptedOnL2 | Finality::AcceptedOnL1 => Self::AcceptedOnL2,
        }
    }
}
