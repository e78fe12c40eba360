//! Answers outside any call.

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use jsonrpsee::types::error::{ErrorCode, OVERSIZED_REQUEST_CODE};

use crate::error::SERVER_ERROR;
use crate::memory::Exhausted;
use crate::metrics;

/// What a client is told when memory is short.
pub(super) fn busy(exhausted: Exhausted) -> Response {
    metrics::refused("memory");
    failure(StatusCode::SERVICE_UNAVAILABLE, &exhausted.to_string())
}

pub(super) fn json(status: StatusCode, body: Body) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}

/// An answer outside any call: a JSON-RPC error with the HTTP status that fits.
pub(super) fn failure(status: StatusCode, reason: &str) -> Response {
    let code = match status {
        StatusCode::PAYLOAD_TOO_LARGE => OVERSIZED_REQUEST_CODE,
        StatusCode::BAD_REQUEST => ErrorCode::InvalidRequest.code(),
        _ => SERVER_ERROR,
    };
    let body = serde_json::json!({
        "jsonrpc": "2.0", "id": null, "error": { "code": code, "message": reason },
    });
    json(status, Body::from(body.to_string()))
}
