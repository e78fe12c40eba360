//! Reading a request's body.

use std::time::Duration;

use axum::body::{BodyDataStream, HttpBody};
use axum::extract::Request;
use axum::http::header::EXPECT;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use tokio::time::timeout;

use super::failure::{busy, failure};
use crate::limits::{MAX_DISCARDED_BYTES, MAX_REQUEST_BYTES, ServerLimits};
use crate::memory::{Budget, Exhausted, Share};

/// Why there is no body.
#[derive(Debug)]
pub(super) enum BodyError {
    /// More than [`MAX_REQUEST_BYTES`].
    TooLarge,
    /// The client pauses for too long, or sends too slowly.
    TooSlow,
    /// All requests on their way in take too much memory together.
    Busy,
    /// The client went away or broke HTTP's rules.
    Broken,
}

/// A request's whole body, and its share of the memory for requests.
pub(super) async fn read(
    request: Request,
    limits: &ServerLimits,
    memory: &Budget,
) -> Result<(Vec<u8>, Share), BodyError> {
    let (parts, body) = request.into_parts();
    let reading = async {
        let most = MAX_REQUEST_BYTES as usize;
        let announced = body.size_hint().lower();
        let mut stream = body.into_data_stream();
        if announced > most as u64 {
            return Err(refuse(&parts.headers, stream, limits.body_pause).await);
        }
        let mut share = memory.share(0)?;
        let mut bytes = Vec::new();
        while let Some(chunk) = next(&mut stream, limits.body_pause).await? {
            if bytes.len() + chunk.len() > most {
                drop((bytes, share));
                return Err(refuse(&HeaderMap::new(), stream, limits.body_pause).await);
            }
            share.grow(bytes.len() + chunk.len())?;
            bytes.extend_from_slice(&chunk);
        }
        Ok((bytes, share))
    };
    timeout(limits.body_timeout, reading).await.unwrap_or(Err(BodyError::TooSlow))
}

async fn next(stream: &mut BodyDataStream, pause: Duration) -> Result<Option<bytes::Bytes>, BodyError> {
    match timeout(pause, stream.next()).await {
        Ok(Some(Ok(chunk))) => Ok(Some(chunk)),
        Ok(None) => Ok(None),
        Ok(Some(Err(_))) => Err(BodyError::Broken),
        Err(_) => Err(BodyError::TooSlow),
    }
}

/// Refuses a body that is too large: at once if the client waits for leave to send it, else when it was sent.
async fn refuse(headers: &HeaderMap, mut stream: BodyDataStream, pause: Duration) -> BodyError {
    if headers.contains_key(EXPECT) {
        return BodyError::TooLarge;
    }
    let mut discarded = 0;
    while let Ok(Some(chunk)) = next(&mut stream, pause).await {
        discarded += chunk.len();
        if discarded > MAX_DISCARDED_BYTES {
            break;
        }
    }
    BodyError::TooLarge
}

impl From<Exhausted> for BodyError {
    fn from(_: Exhausted) -> Self {
        Self::Busy
    }
}

impl IntoResponse for BodyError {
    fn into_response(self) -> Response {
        match self {
            Self::TooLarge => {
                let reason = format!("the request is too big: at most {MAX_REQUEST_BYTES} bytes are taken");
                failure(StatusCode::PAYLOAD_TOO_LARGE, &reason)
            }
            Self::TooSlow => failure(StatusCode::REQUEST_TIMEOUT, "the request's body came too slowly"),
            Self::Busy => busy(Exhausted),
            Self::Broken => failure(StatusCode::BAD_REQUEST, "the request's body could not be read"),
        }
    }
}
