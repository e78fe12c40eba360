//! Reading a request's body.

use axum::body::{Body, BodyDataStream};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;

use crate::server::{MAX_REQUEST_BYTES, failure};

/// How much of an oversized body is read and thrown away, bytes. A client reads the answer only once it has sent its
/// request: closing the connection earlier would show it a broken pipe instead of the error.
const MAX_DISCARDED_BYTES: usize = 64 * 1024 * 1024;

/// Why there is no body.
pub(crate) enum BodyError {
    /// More than [`MAX_REQUEST_BYTES`].
    TooLarge,
    /// The client went away or broke HTTP's rules.
    Broken,
}

/// The request with its whole body in memory.
pub(crate) async fn read(request: Request) -> Result<Request, BodyError> {
    let (parts, body) = request.into_parts();
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| BodyError::Broken)?;
        if bytes.len() + chunk.len() > MAX_REQUEST_BYTES as usize {
            drop(bytes);
            discard(stream).await;
            return Err(BodyError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

async fn discard(mut stream: BodyDataStream) {
    let mut discarded = 0;
    while let Some(Ok(chunk)) = stream.next().await {
        discarded += chunk.len();
        if discarded > MAX_DISCARDED_BYTES {
            return;
        }
    }
}

impl IntoResponse for BodyError {
    fn into_response(self) -> Response {
        match self {
            Self::TooLarge => {
                let reason = format!("the request is too big: at most {MAX_REQUEST_BYTES} bytes are taken");
                failure(StatusCode::PAYLOAD_TOO_LARGE, &reason)
            }
            Self::Broken => failure(StatusCode::BAD_REQUEST, "the request's body could not be read"),
        }
    }
}
