//! JSON-RPC messages: reads them, calls the methods, puts the answers together. The same for HTTP and WebSockets.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jsonrpsee::core::server::{Extensions, MethodCallback, MethodResponse, Methods};
use jsonrpsee::server::ConnectionId;
use jsonrpsee::types::error::{reject_too_big_batch_request, reject_too_big_batch_response};
use jsonrpsee::types::{ErrorCode, ErrorObject, Id, Params};
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

use crate::error::{SERVER_ERROR, retry_after};
use crate::limits::{MAX_BATCH, MAX_RESPONSE_BYTES, ServerLimits};
use crate::memory::{Budget, Exhausted};
use crate::metrics;
use crate::request::{Call, CallId, NotACall};

/// Code of a call of a method that exists and is forbidden (`--restrictive-mode`); starknet-devnet's.
const METHOD_FORBIDDEN: i32 = -32604;

/// Answers messages. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Dispatcher {
    methods: Methods,
    forbidden: Arc<HashSet<String>>,
    timeout: Duration,
    /// For the answers of a batch, until it is complete.
    memory: Budget,
}

/// An answer to a message.
pub(crate) struct Answer {
    pub(crate) text: Box<RawValue>,
    /// If it was not carried out because there is too much to do: in how many seconds to try again.
    pub(crate) retry_after: Option<u64>,
}

impl Dispatcher {
    /// Answers with `methods` within `limits`. What a batch has collected counts towards `memory`.
    pub(crate) fn new(methods: Methods, limits: &ServerLimits, memory: Budget) -> Self {
        let forbidden = limits.forbidden_methods.iter().cloned().collect();
        Self { methods, forbidden: Arc::new(forbidden), timeout: limits.request_timeout, memory }
    }

    /// Carries out a message's calls. `None` if none of them has an id: nobody wants an answer. `extensions` reach the methods.
    pub(crate) async fn answer(&self, message: &[u8], extensions: &Extensions) -> Option<Answer> {
        let deadline = Instant::now() + self.timeout;
        if message.trim_ascii_start().first() == Some(&b'[') {
            let text = self.batch(message, extensions, deadline).await?;
            return Some(Answer { text, retry_after: None });
        }
        self.single(message, extensions, deadline).await
    }

    async fn batch(
        &self,
        message: &[u8],
        extensions: &Extensions,
        deadline: Instant,
    ) -> Option<Box<RawValue>> {
        let Ok(calls) = serde_json::from_slice::<Vec<&RawValue>>(message) else {
            return Some(MethodResponse::error(Id::Null, ErrorCode::ParseError).into_json());
        };
        if calls.is_empty() {
            return Some(MethodResponse::error(Id::Null, ErrorCode::InvalidRequest).into_json());
        }
        if calls.len() > MAX_BATCH as usize {
            let error = reject_too_big_batch_request(MAX_BATCH as usize);
            return Some(MethodResponse::error(Id::Null, error).into_json());
        }
        let exhausted = |exhausted: Exhausted| {
            let error = ErrorObject::owned(SERVER_ERROR, exhausted.to_string(), None::<()>);
            Some(MethodResponse::error(Id::Null, error).into_json())
        };
        let (mut collected, Ok(mut share)) = (0_usize, self.memory.share(0)) else {
            return exhausted(Exhausted);
        };
        let mut answers = String::new();
        for call in calls {
            let Some(answer) = self.single(call.get().as_bytes(), extensions, deadline).await else {
                continue;
            };
            // With the comma before it.
            collected = collected.saturating_add(answer.text.get().len()).saturating_add(1);
            if let Err(too_much) = share.grow(collected) {
                return exhausted(too_much);
            }
            if collected >= MAX_RESPONSE_BYTES as usize {
                let error = reject_too_big_batch_response(MAX_RESPONSE_BYTES as usize);
                return Some(MethodResponse::error(Id::Null, error).into_json());
            }
            answers.push(if answers.is_empty() { '[' } else { ',' });
            answers.push_str(answer.text.get());
        }
        if answers.is_empty() {
            return None;
        }
        answers.push(']');
        RawValue::from_string(answers).ok()
    }

    async fn single(&self, call: &[u8], extensions: &Extensions, deadline: Instant) -> Option<Answer> {
        let (id, response) = match Call::read(call) {
            // Nobody would know which one to end.
            Ok(call) if call.id.is_none() && call.method.starts_with("starknet_subscribe") => return None,
            Ok(call) => {
                let id = call.id;
                let response = self.call(&call, extensions, deadline).await;
                (id?, response)
            }
            Err(NotACall { code, id }) => (id, MethodResponse::error(Id::Null, code)),
        };
        let retry_after = retry_after(&response);
        // Whoever has a plain id was answered by it.
        let text = response.into_json();
        Some(Answer { text: if id.plain().is_some() { text } else { id.put_into(text) }, retry_after })
    }

    async fn call(&self, call: &Call<'_>, extensions: &Extensions, deadline: Instant) -> MethodResponse {
        let id = call.id.and_then(CallId::plain).unwrap_or(Id::Null);
        let Some((name, callback)) = self.methods.method_with_name(&call.method) else {
            metrics::unknown_method();
            return MethodResponse::error(id, ErrorCode::MethodNotFound);
        };
        if self.forbidden.contains(&*call.method) {
            let error = ErrorObject::owned(METHOD_FORBIDDEN, "Method forbidden", None::<()>);
            return MethodResponse::error(id, error);
        }
        let started = Instant::now();
        let params = Params::new(call.params.map(RawValue::get)).into_owned();
        let (most, extensions) = (MAX_RESPONSE_BYTES as usize, extensions.clone());
        let response = match callback {
            MethodCallback::Sync(method) => method(id, params, most, extensions),
            MethodCallback::Async(method) => {
                let answer = method(id.clone(), params, ConnectionId(0), most, extensions);
                timeout_at(deadline, answer).await.unwrap_or_else(|_| {
                    let reason = format!("the request took longer than {} s", self.timeout.as_secs());
                    MethodResponse::error(id, ErrorObject::owned(SERVER_ERROR, reason, None::<()>))
                })
            }
            // Ours are methods like all others (`subscription`).
            MethodCallback::Subscription(_) | MethodCallback::Unsubscription(_) => {
                MethodResponse::error(id, ErrorCode::MethodNotFound)
            }
        };
        metrics::call(name, &response, started.elapsed());
        response
    }
}
