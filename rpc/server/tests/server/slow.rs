//! Clients that take their time over HTTP.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use zkthreads_rpc::{LaneLimits, LanesLimits, ServerLimits};

use crate::chain::Chain;

/// How long a test that hangs is let go on.
const PATIENCE: Duration = Duration::from_secs(300);

const BODY: &str = r#"{"jsonrpc":"2.0","id":1,"method":"starknet_blockNumber"}"#;

impl Chain {
    /// A bare connection.
    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.server.address()).await.unwrap()
    }
}

/// The head of a request with a body of `length` bytes.
pub(crate) fn head(length: usize) -> String {
    format!(
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    )
}

/// All that the server sends until it closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is an end as well.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("an end in time");
    String::from_utf8(bytes).unwrap()
}

/// Writes bytes one by one, slowly, until the server closes.
async fn drip(stream: &mut TcpStream, bytes: &[u8], pause: Duration) {
    for byte in bytes {
        if stream.write_all(&[*byte]).await.is_err() {
            return;
        }
        sleep(pause).await;
    }
}

/// Asks until it is answered, and waits for the end: on a busy machine this client may be slower than allowed, too.
async fn ask(chain: &Chain) -> String {
    loop {
        let mut stream = chain.connect().await;
        let _ = stream.write_all((head(BODY.len()) + BODY).as_bytes()).await;
        let answer = rest(&mut stream).await;
        if answer.starts_with("HTTP/1.1 200") {
            return answer;
        }
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn headers() {
    let limits = ServerLimits { header_timeout: Duration::from_millis(500), ..ServerLimits::default() };
    let chain = Chain::start_with(limits).await;
    // Nothing at all; a part; and an endless trickle.
    let mut nothing = chain.connect().await;
    let mut part = chain.connect().await;
    part.write_all(b"POST / HTTP/1.1\r\nhost: a\r\n").await.unwrap();
    let mut trickle = chain.connect().await;
    let lines = "x-filler: 1\r\n".repeat(100);
    let text = format!("POST / HTTP/1.1\r\n{lines}");
    let dripping = async {
        drip(&mut trickle, text.as_bytes(), Duration::from_millis(20)).await;
        rest(&mut trickle).await
    };
    let (dripped, nothing, part) = tokio::join!(dripping, rest(&mut nothing), rest(&mut part));
    for answer in [dripped, nothing, part] {
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
    // Others are answered. After an answer the same time counts again.
    let answer = timeout(PATIENCE, ask(&chain)).await.expect("an answer");
    assert!(answer.ends_with(r#""result":0}"#), "{answer}");
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies() {
    let (body_timeout, body_pause) = (Duration::from_secs(2), Duration::from_millis(500));
    let chain = Chain::start_with(ServerLimits { body_timeout, body_pause, ..ServerLimits::default() }).await;
    // One stops in the middle, one goes on for ever.
    let mut stops = chain.connect().await;
    stops.write_all((head(BODY.len()) + &BODY[..20]).as_bytes()).await.unwrap();
    let mut trickles = chain.connect().await;
    trickles.write_all(head(100_000).as_bytes()).await.unwrap();
    let (mut reading, mut writing) = trickles.split();
    let mut answer = String::new();
    tokio::select! {
        read = timeout(PATIENCE, reading.read_to_string(&mut answer)) => { let _ = read.unwrap(); },
        () = async {
            while writing.write_all(b" ").await.is_ok() {
                sleep(Duration::from_millis(20)).await;
            }
            std::future::pending().await
        } => {}
    }
    for answer in [answer, rest(&mut stops).await] {
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["error"]["code"], -32000);
    }
    assert_eq!(chain.ok("starknet_blockNumber", json!([])).await, 0);
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readers() {
    let send_timeout = Duration::from_secs(1);
    let one = LaneLimits { running: 1, waiting: 1 };
    let lanes = LanesLimits { reading: one, scanning: one, ..LanesLimits::default() };
    let limits = ServerLimits { lanes, send_timeout, ..ServerLimits::default() };
    let chain = Chain::start_with(limits).await;
    let class = json!(["latest", chain.account_class]);
    let one = chain.ok("starknet_getClass", class.clone()).await.to_string().len();
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "starknet_getClass", "params": class });
    // More than the system's buffers hold.
    let batch = serde_json::to_string(&vec![call; 32 * 1024 * 1024 / one]).unwrap();
    let mut deaf = chain.connect().await;
    deaf.write_all((head(batch.len()) + &batch).as_bytes()).await.unwrap();
    // The only turn is free again while the answer waits to be read.
    let mut start = [0; 15];
    deaf.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 200 OK");
    assert_eq!(chain.ok("starknet_blockNumber", json!([])).await, 0);
    // Until it is given up: then a part of the answer is missing.
    let mut received = 0;
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count) = timeout(PATIENCE, deaf.read(&mut buffer)).await.expect("an end in time") {
        if count == 0 {
            break;
        }
        received += count;
        sleep(Duration::from_millis(100)).await;
    }
    assert!(received < 31 * 1024 * 1024, "{received}");
    chain.server.stop().await;
}
