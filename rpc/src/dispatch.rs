//! JSON-RPC messages: reads them, calls the methods, puts the answers together. The same for HTTP and WebSockets.

use std::time::Duration;

use jsonrpsee::core::server::{BatchResponseBuilder, Extensions, MethodCallback, MethodResponse, Methods};
use jsonrpsee::server::ConnectionId;
use jsonrpsee::types::error::reject_too_big_batch_request;
use jsonrpsee::types::{ErrorCode, ErrorObject, Id, InvalidRequest, Notification, Params, Request};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

use crate::error::BUSY;
use crate::limits::{MAX_BATCH, MAX_RESPONSE_BYTES};
use crate::memory::{Budget, Exhausted};
use crate::metrics;

/// Code of the errors that the server answers in a method's place, JSON-RPC's first "server error".
pub(crate) const SERVER_ERROR: i32 = -32000;

/// Answers messages. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Dispatcher {
    methods: Methods,
    timeout: Duration,
    /// For the answers of a batch, until it is complete.
    memory: Budget,
}

/// An answer to a message.
pub(crate) struct Answer {
    pub(crate) text: Box<RawValue>,
    /// Whether it was not carried out, because there is too much to do.
    pub(crate) is_busy: bool,
}

impl Dispatcher {
    /// Answers with `methods`, each message within `timeout`. What a batch has collected counts towards `memory`.
    pub(crate) fn new(methods: Methods, timeout: Duration, memory: Budget) -> Self {
        Self { methods, timeout, memory }
    }

    /// The answer to a message; `None` if it holds nothing but notifications (calls without an id, which are not
    /// carried out: no method of ours makes sense as one). `extensions` reach the methods.
    pub(crate) async fn answer(&self, message: &[u8], extensions: &Extensions) -> Option<Answer> {
        let deadline = Instant::now() + self.timeout;
        if message.trim_ascii_start().first() == Some(&b'[') {
            return Some(Answer { text: self.batch(message, extensions, deadline).await?, is_busy: false });
        }
        let answer = self.single(message, extensions, deadline).await?;
        Some(Answer { is_busy: answer.as_error_code() == Some(BUSY), text: answer.into_json() })
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
        let mut answers = BatchResponseBuilder::new_with_limit(MAX_RESPONSE_BYTES as usize);
        for call in calls {
            let Some(answer) = self.single(call.get().as_bytes(), extensions, deadline).await else {
                continue;
            };
            collected = collected.saturating_add(answer.as_json().get().len());
            if let Err(too_much) = share.grow(collected) {
                return exhausted(too_much);
            }
            if let Err(too_big) = answers.append(answer) {
                return Some(too_big.into_json());
            }
        }
        (!answers.is_empty()).then(|| MethodResponse::from_batch(answers.finish()).into_json())
    }

    async fn single(
        &self,
        call: &[u8],
        extensions: &Extensions,
        deadline: Instant,
    ) -> Option<MethodResponse> {
        if let Ok(request) = serde_json::from_slice::<Request<'_>>(call) {
            return Some(self.call(request, extensions, deadline).await);
        }
        if serde_json::from_slice::<Notification<'_, Option<&RawValue>>>(call).is_ok() {
            return None;
        }
        let (id, code) = match serde_json::from_slice::<InvalidRequest<'_>>(call) {
            Ok(request) => (request.id, ErrorCode::InvalidRequest),
            Err(_) if serde_json::from_slice::<IgnoredAny>(call).is_ok() => {
                (Id::Null, ErrorCode::InvalidRequest)
            }
            Err(_) => (Id::Null, ErrorCode::ParseError),
        };
        Some(MethodResponse::error(id, code))
    }

    async fn call(&self, request: Request<'_>, extensions: &Extensions, deadline: Instant) -> MethodResponse {
        let id = request.id.into_owned();
        let Some((name, callback)) = self.methods.method_with_name(&request.method) else {
            metrics::unknown_method();
            return MethodResponse::error(id, ErrorCode::MethodNotFound);
        };
        let started = Instant::now();
        let params = Params::new(request.params.as_ref().map(|params| params.get())).into_owned();
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
