//! For those that watch over the node: whether it runs, and whether it can be used.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::task::spawn_blocking;

use crate::context::RpcContext;

/// `/is_alive`, as starknet-devnet answers it.
pub(super) async fn is_alive() -> &'static str {
    "Alive!!!"
}

/// `/health`: the process runs and answers.
pub(super) async fn health() -> Response {
    Json(json!({ "status": "ok" })).into_response()
}

/// `/ready`: transactions are taken and the database answers. If not, says why, with status 503.
pub(super) async fn ready(context: RpcContext) -> Response {
    let checked = spawn_blocking(move || {
        if let Some(reason) = context.sink.refuses() {
            return Err(reason);
        }
        let number = context.latest().map_err(|error| error.to_string())?;
        // The header is read from the database, the number is not.
        context.header_at(number).map_err(|error| error.to_string())?;
        Ok(number)
    });
    match checked.await.unwrap_or_else(|error| Err(error.to_string())) {
        Ok(number) => Json(json!({ "ready": true, "block_number": number.0 })).into_response(),
        Err(reason) => {
            let body = Json(json!({ "ready": false, "reason": reason }));
            (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
        }
    }
}
