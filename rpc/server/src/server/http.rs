//! What is served where, and how a request by HTTP is answered.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Extension, Request, State};
use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, UPGRADE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use bytes::Bytes;
use jsonrpsee::core::server::Extensions;
use tower_http::cors::CorsLayer;

use super::connections::{ConnectionSlot, Full};
use super::failure::{busy, failure, json};
use super::served::Server;
use super::{body, health, page, websocket};
use crate::dispatch::Answer;
use crate::memory::Share;
use crate::metrics;

/// A response's text, and its share of the memory for responses: both go once it is sent.
struct Sent {
    text: Box<str>,
    _share: Share,
}

impl AsRef<[u8]> for Sent {
    fn as_ref(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

/// The routes.
pub(super) fn router(server: Server) -> Router {
    let rpc = || MethodRouter::new().post(post).get(upgrade);
    let context = server.context.clone();
    Router::new()
        .route("/", rpc())
        .route("/rpc", rpc())
        .route("/rpc/v0_10", rpc())
        .route("/ws", get(upgrade))
        .route("/is_alive", get(health::is_alive))
        .route("/health", get(health::health))
        .route("/ready", get(move || health::ready(context.clone())))
        .merge(page::routes())
        .layer(CorsLayer::permissive())
        .with_state(server)
}

async fn post(State(server): State<Server>, request: Request) -> Response {
    if !is_json(request.headers()) {
        return failure(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the content type must be application/json");
    }
    let (message, request_share) = match body::read(request, &server.limits, &server.request_memory).await {
        Ok(read) => read,
        Err(refusal) => return refusal.into_response(),
    };
    let answer = server.dispatcher.answer(&message, &Extensions::new()).await;
    drop((message, request_share));
    // Whoever sends nothing but notifications wants no answer.
    let Some(Answer { text, retry_after }) = answer else { return StatusCode::NO_CONTENT.into_response() };
    let share = match server.response_memory.share(text.get().len()) {
        Ok(share) => share,
        Err(exhausted) => return busy(exhausted),
    };
    let sent = Bytes::from_owner(Sent { text: text.into(), _share: share });
    let mut response = json(StatusCode::OK, Body::from(sent));
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// A WebSocket, if that is what the client asks for.
async fn upgrade(
    State(server): State<Server>,
    Extension(place): Extension<Arc<ConnectionSlot>>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(_) if !headers.contains_key(UPGRADE) => {
            let reason = "send JSON-RPC by POST to /, or open a WebSocket here";
            let mut response = failure(StatusCode::METHOD_NOT_ALLOWED, reason);
            response.headers_mut().insert(ALLOW, const { HeaderValue::from_static("POST") });
            return response;
        }
        Err(rejection) => return failure(rejection.status(), &rejection.body_text()),
    };
    match place.websocket() {
        Ok(place) => websocket::accept(upgrade, server, place),
        Err(full) => {
            let (status, reason) = refusal(full);
            failure(status, reason)
        }
    }
}

/// What a client without a place is told.
pub(super) fn refusal(full: Full) -> (StatusCode, &'static str) {
    match full {
        Full::Server => {
            metrics::refused("connections");
            (StatusCode::SERVICE_UNAVAILABLE, "too many connections: come back later")
        }
        Full::Address => {
            metrics::refused("connections_per_ip");
            (StatusCode::TOO_MANY_REQUESTS, "too many connections from this address")
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    ["application/json", "application/json-rpc"].iter().any(|json| essence.eq_ignore_ascii_case(json))
}
