//! The origin's JSON-RPC, asked patiently and by few at a time.

use std::time::{Duration, Instant, SystemTime};

use jsonrpsee::core::async_trait;
use jsonrpsee::types::ErrorObjectOwned;
use parking_lot::Mutex;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, Url};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use starknet_rust::providers::ProviderRequestData;
use starknet_rust::providers::jsonrpc::{JsonRpcMethod, JsonRpcResponse, JsonRpcTransport};
use tokio::sync::Semaphore;
use zkthreads_client::http_client;
use zkthreads_rpc_api::MAX_RESPONSE_BYTES;

use crate::backoff::{Backoff, Failure, GivenUp, RealTime};

/// Requests under way at once; public nodes turn away those who send many.
const MAX_REQUESTS: usize = 8;
/// Longest that one try may take.
const TRY_TIMEOUT: Duration = Duration::from_secs(10);
/// For so long after it was given up, a request is tried once only: a transaction may need many values, and whoever waits
/// for block production waits for each of them.
const AWAY: Duration = Duration::from_secs(30);
/// One try.
const ONE_TRY: Backoff =
    Backoff { first: Duration::from_secs(20), longest: Duration::from_secs(20), total: TRY_TIMEOUT };
/// Error codes by which providers ask us to slow down, in answers that are otherwise fine.
const RATE_LIMIT_CODES: [i64; 2] = [429, -32005];
/// Longest answer that is searched for one of them, bytes.
const SHORT: usize = 4096;

/// A client of the origin.
pub(super) struct OriginClient {
    http: Client,
    url: Url,
    permits: Semaphore,
    backoff: Backoff,
    /// When it was given up last, unless it has answered since.
    given_up: Mutex<Option<Instant>>,
}

/// Why a call has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// It did not answer in time, or kept asking us to come back later.
    #[error("{0}")]
    Unreachable(String),
    /// It refuses to answer.
    #[error("HTTP status {status}")]
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// The answer is longer than any that we give ourselves.
    #[error("an answer of more than {} bytes", MAX_RESPONSE_BYTES)]
    TooLong,
    /// Calls are sent one by one only.
    #[error("a batch of {calls} calls")]
    Batch {
        /// How many.
        calls: usize,
    },
    /// The answer is not JSON-RPC.
    #[error("not JSON-RPC: {0}")]
    NotJsonRpc(String),
}

#[derive(Deserialize)]
struct Reply {
    result: Option<Box<RawValue>>,
    error: Option<ErrorObjectOwned>,
}

impl OriginClient {
    /// A client of the node at `url`. Nothing is sent yet.
    pub(super) fn new(url: Url, backoff: Backoff) -> reqwest::Result<Self> {
        let http = http_client(&url)?;
        let (permits, given_up) = (Semaphore::new(MAX_REQUESTS), Mutex::default());
        Ok(Self { http, url, permits, backoff, given_up })
    }

    /// Calls a method. The inner result is the origin's own.
    pub(super) async fn ask(
        &self,
        method: &str,
        params: impl Serialize,
    ) -> Result<Result<Box<RawValue>, ErrorObjectOwned>, AskError> {
        reply(&self.post(call(&method, &params)?).await?)
    }

    /// Calls a method that does something: sent once, since whoever does not answer may have done it.
    pub(super) async fn tell(
        &self,
        method: &str,
        params: impl Serialize,
    ) -> Result<Result<Box<RawValue>, ErrorObjectOwned>, AskError> {
        let sending = self.post_once(call(&method, &params)?);
        let answer = tokio::time::timeout(TRY_TIMEOUT, sending).await.unwrap_or_else(|_| {
            let reason = format!("no answer within {} s", TRY_TIMEOUT.as_secs());
            Err(Failure::Passing { reason, retry_after: None })
        });
        match answer {
            Ok(body) => reply(&body),
            Err(Failure::Final(error)) => Err(error),
            Err(Failure::Passing { reason, .. }) => Err(AskError::Unreachable(reason)),
        }
    }

    /// Sends a request until it is answered.
    async fn post(&self, body: Vec<u8>) -> Result<Vec<u8>, AskError> {
        let attempt = |time: Duration| {
            let time = time.min(TRY_TIMEOUT);
            let body = body.clone();
            async move {
                tokio::time::timeout(time, self.post_once(body)).await.unwrap_or_else(|_| {
                    let reason = format!("no answer within {} s", time.as_secs());
                    Err(Failure::Passing { reason, retry_after: None })
                })
            }
        };
        let is_away = self.given_up.lock().is_some_and(|since| since.elapsed() < AWAY);
        let backoff = if is_away { ONE_TRY } else { self.backoff };
        let answer = backoff.persist(&RealTime::new(), attempt).await;
        match answer {
            Err(given_up @ GivenUp::Backoff { .. }) => {
                if !is_away {
                    *self.given_up.lock() = Some(Instant::now());
                }
                Err(AskError::Unreachable(given_up.to_string()))
            }
            Err(GivenUp::Final(error)) => Err(error),
            Ok(answer) => {
                *self.given_up.lock() = None;
                Ok(answer)
            }
        }
    }

    async fn post_once(&self, body: Vec<u8>) -> Result<Vec<u8>, Failure<AskError>> {
        // It is never closed.
        let _permit = self.permits.acquire().await;
        let request = self.http.post(self.url.clone()).header(CONTENT_TYPE, "application/json").body(body);
        let mut response = request.send().await.map_err(connection)?;
        let status = response.status();
        let retry_after = retry_after(&response);
        if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
            return Err(Failure::Passing { reason: format!("HTTP status {status}"), retry_after });
        }
        if !status.is_success() {
            return Err(Failure::Final(AskError::Status { status: status.as_u16() }));
        }
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(connection)? {
            if answer.len() + chunk.len() > MAX_RESPONSE_BYTES as usize {
                return Err(Failure::Final(AskError::TooLong));
            }
            answer.extend_from_slice(&chunk);
        }
        match rate_limit(&answer) {
            Some(reason) => Err(Failure::Passing { reason, retry_after }),
            None => Ok(answer),
        }
    }
}

#[async_trait]
impl JsonRpcTransport for OriginClient {
    type Error = AskError;

    async fn send_request<P, R>(
        &self,
        method: JsonRpcMethod,
        params: P,
    ) -> Result<JsonRpcResponse<R>, AskError>
    where
        P: Serialize + Send + Sync,
        R: DeserializeOwned + Send,
    {
        let request = call(&method, &params)?;
        serde_json::from_slice(&self.post(request).await?).map_err(not_json_rpc)
    }

    /// Many providers count a batch's calls one by one, or take none, so none is sent.
    async fn send_requests<R>(&self, requests: R) -> Result<Vec<JsonRpcResponse<Value>>, AskError>
    where
        R: AsRef<[ProviderRequestData]> + Send + Sync,
    {
        Err(AskError::Batch { calls: requests.as_ref().len() })
    }
}

/// What an answer says.
fn reply(body: &[u8]) -> Result<Result<Box<RawValue>, ErrorObjectOwned>, AskError> {
    match serde_json::from_slice(body).map_err(not_json_rpc)? {
        Reply { error: Some(error), .. } => Ok(Err(error)),
        Reply { result: Some(result), .. } => Ok(Ok(result)),
        Reply { .. } => Err(AskError::NotJsonRpc("neither a result nor an error".to_owned())),
    }
}

fn call(method: &impl Serialize, params: &impl Serialize) -> Result<Vec<u8>, AskError> {
    #[derive(Serialize)]
    struct Call<'a, M, P> {
        jsonrpc: &'static str,
        id: u64,
        method: &'a M,
        params: &'a P,
    }
    serde_json::to_vec(&Call { jsonrpc: "2.0", id: 1, method, params }).map_err(not_json_rpc)
}

fn not_json_rpc(error: serde_json::Error) -> AskError {
    AskError::NotJsonRpc(error.to_string())
}

/// The URL may hold a key: it is left out.
fn connection(error: reqwest::Error) -> Failure<AskError> {
    let error = error.without_url();
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
    Failure::Passing { reason: format!("{error}{cause}"), retry_after: None }
}

/// Seconds, or a date.
fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    match value.trim().parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => httpdate::parse_http_date(value).ok()?.duration_since(SystemTime::now()).ok(),
    }
}

/// What the answer says if it is that we ask too often.
fn rate_limit(answer: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Refusal {
        error: RefusalError,
    }
    #[derive(Deserialize)]
    struct RefusalError {
        code: i64,
        #[serde(default)]
        message: String,
    }
    let refusal: Refusal = serde_json::from_slice(answer.get(..SHORT.min(answer.len()))?).ok()?;
    RATE_LIMIT_CODES.contains(&refusal.error.code).then_some(refusal.error.message)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// A node that has trouble whenever it is asked, and how often that was.
    async fn troubled() -> (Url, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let mut request = [0; 1024];
                let _ = stream.read(&mut request).await;
                let answer =
                    "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        (url, asked)
    }

    /// Whoever does not answer may have done it.
    #[tokio::test]
    async fn what_does_something_is_sent_once() {
        let (url, asked) = troubled().await;
        let client = OriginClient::new(url, Backoff::default()).unwrap();
        let failure = client.tell("devnet_mint", [0]).await.unwrap_err();
        assert!(matches!(failure, AskError::Unreachable(_)), "{failure}");
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }
}
