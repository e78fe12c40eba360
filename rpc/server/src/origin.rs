//! The chain that this one was forked off. Calls about what happened there fall through to it, here and nowhere else.
//!
//! The origin goes on after the block that was forked, which is another future than ours: nothing later than that
//! block is let through. Not so for a thread, whose origin is the node that it follows: the node's future is its own.

use jsonrpsee::types::Params;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use starknet_api::block::BlockNumber;

use zkthreads_rpc_api::{Origin, OriginError};
use zkthreads_storage::EventPlace;

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::missing::{BLOCK_NOT_FOUND, Missing, ORIGIN_TOKEN, TRANSACTION_NOT_FOUND};
use crate::wire::event_cursor::EventCursor;

/// Anything that says in which block it is.
#[derive(Deserialize)]
pub(crate) struct Numbered {
    pub(crate) block_number: Option<u64>,
}

/// A page of events, which are left as they are.
#[derive(Serialize, Deserialize)]
struct EventsPage {
    events: Box<RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    continuation_token: Option<String>,
}

impl RpcContext {
    /// The origin's answer to a call that failed here; the failure, unless the origin may have what is missing.
    pub(crate) fn fall_through(
        &self,
        method: &str,
        params: &Params<'_>,
        failure: RpcError,
    ) -> Result<Box<RawValue>, RpcError> {
        let (Some(origin), RpcError::Missing(missing)) = (self.origin.as_deref(), &failure) else {
            return Err(failure);
        };
        if !self.shares(method) {
            return Err(failure);
        }
        let params = raw(params)?;
        match missing {
            Missing::L1Accepted if self.thread.is_none() => {
                match (self.l1_accepted_at_origin()?, self.storage.fork()) {
                    (Some(number), Some(fork)) => {
                        let params = naming(&params, number.min(fork.number))?;
                        Ok(origin.ask(method, &params)?)
                    }
                    _ => Err(failure),
                }
            }
            Missing::Transaction(_) if self.thread.is_some() => {
                self.ask_of_transaction(origin, method, &params, failure)
            }
            _ if !self.is_the_origins(origin, missing)? => Err(failure),
            Missing::Events { token, .. } => self.first_events(origin, &params, token.as_deref()),
            _ => Ok(origin.ask(method, &params)?),
        }
    }

    /// The number of a block of the origin's that this chain has in its past.
    pub(crate) fn number_at_origin(&self, missing: &Missing) -> Result<Option<BlockNumber>, RpcError> {
        let (Some(origin), Some(fork)) = (self.origin.as_deref(), self.storage.fork()) else {
            return Ok(None);
        };
        let found = self.found_at(origin, missing)?.map(BlockNumber);
        Ok(found.filter(|number| *number <= fork.number))
    }

    /// The newest block that the origin has accepted on L1, which a fork may not have in its past.
    pub(crate) fn l1_accepted_at_origin(&self) -> Result<Option<BlockNumber>, RpcError> {
        let Some(origin) = self.origin.as_deref() else { return Ok(None) };
        let params = json!({ "block_id": "l1_accepted" });
        Ok(ask_number(origin, "starknet_getBlockWithTxHashes", &params)?.map(BlockNumber))
    }

    /// Whether the origin's answers to a method stand beside ours.
    fn shares(&self, method: &str) -> bool {
        method.starts_with("starknet_") || (self.thread.is_some() && method.starts_with("zkthread_"))
    }

    /// Whether to take it from the origin: it may be there, at the forked block or earlier, or anywhere if this is a thread.
    fn is_the_origins(&self, origin: &dyn Origin, missing: &Missing) -> Result<bool, RpcError> {
        if self.thread.is_some() && !matches!(missing, Missing::Events { .. }) {
            return Ok(true);
        }
        if matches!(missing, Missing::Events { from: None, .. }) {
            return Ok(self.storage.fork().is_some());
        }
        let Some(fork) = self.storage.fork() else { return Ok(false) };
        Ok(self.found_at(origin, missing)?.is_some_and(|number| number <= fork.number.0))
    }

    /// The number of the origin's block in which something is, if one says so by itself.
    pub(crate) fn found_at(&self, origin: &dyn Origin, missing: &Missing) -> Result<Option<u64>, RpcError> {
        match missing {
            Missing::Block(number) => Ok(Some(number.0)),
            Missing::BlockHash(hash) | Missing::Events { from: Some(hash), .. } => {
                let block_id = json!({ "block_hash": hash.0 });
                ask_number(origin, "starknet_getBlockWithTxHashes", &json!({ "block_id": block_id }))
            }
            Missing::Transaction(hash) => {
                let params = json!({ "transaction_hash": hash.0 });
                ask_number(origin, "starknet_getTransactionReceipt", &params)
            }
            Missing::L1Accepted | Missing::Events { from: None, .. } => Ok(None),
        }
    }

    /// A page of the events up to the forked block. After the last one, the token leads to the first block of ours.
    fn first_events(
        &self,
        origin: &dyn Origin,
        params: &RawValue,
        token: Option<&str>,
    ) -> Result<Box<RawValue>, RpcError> {
        let mut params: Value = serde_json::from_str(params.get()).map_err(internal)?;
        let filter = if params.is_array() { params.get_mut(0) } else { params.get_mut("filter") };
        let last = self.storage.fork().map(|fork| fork.number.0);
        if let Some(filter) = filter.and_then(Value::as_object_mut) {
            filter.insert("to_block".to_owned(), json!({ "block_number": last }));
            filter.insert("continuation_token".to_owned(), json!(token));
            filter.retain(|_, value| !value.is_null());
        }
        let page = origin.ask("starknet_getEvents", &to_raw_value(&params).map_err(internal)?)?;
        let page: EventsPage = read(&page)?;
        let continuation_token = match page.continuation_token {
            Some(token) => format!("{ORIGIN_TOKEN}{token}"),
            None => EventCursor(EventPlace::first_of(self.first())).to_string(),
        };
        let page = EventsPage { continuation_token: Some(continuation_token), ..page };
        to_raw_value(&page).map_err(internal)
    }
}

/// The same parameters, with a block's number where `l1_accepted` was.
fn naming(params: &RawValue, number: BlockNumber) -> Result<Box<RawValue>, RpcError> {
    let mut params: Value = serde_json::from_str(params.get()).map_err(internal)?;
    name(&mut params, number, PARAMS_DEPTH);
    to_raw_value(&params).map_err(internal)
}

/// How deep parameters name blocks: in the list or object of all, or in a filter among them.
const PARAMS_DEPTH: usize = 2;

fn name(value: &mut Value, number: BlockNumber, depth: usize) {
    match value {
        Value::String(tag) if tag == "l1_accepted" => *value = json!({ "block_number": number }),
        Value::Array(values) if depth > 0 => {
            values.iter_mut().for_each(|value| name(value, number, depth - 1));
        }
        Value::Object(members) if depth > 0 => {
            members.values_mut().for_each(|value| name(value, number, depth - 1));
        }
        _ => {}
    }
}

/// The block in which something is; `None` if the origin does not know it.
fn ask_number(origin: &dyn Origin, method: &str, params: &Value) -> Result<Option<u64>, RpcError> {
    match origin.ask(method, &to_raw_value(params).map_err(internal)?) {
        Ok(answer) => Ok(read::<Numbered>(&answer)?.block_number),
        Err(OriginError::Refused(error))
            if matches!(error.code(), BLOCK_NOT_FOUND | TRANSACTION_NOT_FOUND) =>
        {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn read<'a, T: Deserialize<'a>>(answer: &'a RawValue) -> Result<T, OriginError> {
    serde_json::from_str(answer.get()).map_err(|error| OriginError::Unavailable { reason: error.to_string() })
}

/// A call's parameters as they came.
pub(crate) fn raw(params: &Params<'_>) -> Result<Box<RawValue>, RpcError> {
    RawValue::from_string(params.as_str().unwrap_or("[]").to_owned()).map_err(internal)
}

pub(crate) fn internal(error: serde_json::Error) -> RpcError {
    RpcError::Internal { reason: error.to_string() }
}
