//! A WebSocket: calls come in, answers and notifications go out.
//!
//! Three things run side by side until one of them ends the connection: reading messages and answering them, telling
//! the subscriptions what is new, and sending what waits in the outbox. Each of them waits for the next: a client
//! that does not read fills its outbox, then nothing more is prepared for it, then it is disconnected.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use bytes::Bytes;
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use jsonrpsee::core::server::Extensions;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::tungstenite::Error as Broken;

use super::connections::WebSocketSlot;
use super::served::Server;
use crate::error::RpcError;
use crate::limits::WebSocketLimits;
use crate::metrics;
use crate::outbox::{Closed, Outbox, Queued, outbox};
use crate::subscription::{Answered, Notifier, Session, Stop};

/// Size of the buffers for reading and writing, bytes. Each connection has both.
const BUFFER: usize = 4 * 1024;

/// How long a client may take to read why it is disconnected.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// How many answers that change subscriptions may wait.
const MAX_CHANGES: usize = 16;

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The client is gone.
    Gone,
    /// The client closed it.
    Closed,
    /// The client does not read what it is sent.
    Slow,
    /// More happened than the client could be told.
    Lagged,
    /// The client does not answer pings.
    Silent,
    /// The client's message is too large.
    TooLarge,
    /// The client breaks the protocol.
    Invalid,
    /// Memory is short.
    Busy,
    /// The chain that this one was forked off does not answer.
    OriginAway,
    /// The node failed.
    Failed,
    /// The node stops.
    Stopping,
}

/// Accepts a WebSocket.
pub(super) fn accept(upgrade: WebSocketUpgrade, server: Server, place: WebSocketSlot) -> Response {
    let most = server.limits.websocket.message_bytes;
    let upgrade = upgrade.read_buffer_size(BUFFER).write_buffer_size(BUFFER);
    upgrade.max_message_size(most).max_frame_size(most).on_upgrade(|socket| async move {
        run(socket, server).await;
        drop(place);
    })
}

async fn run(socket: WebSocket, server: Server) {
    let limits = &server.limits.websocket;
    let (mut sink, mut stream) = socket.split();
    let (outbox, queue) = outbox(limits);
    let session = Session::new(limits.subscriptions);
    let (changes, to_tell) = mpsc::channel(MAX_CHANGES);
    let notifier = Notifier::new(server.blocks.clone(), session.clone(), outbox.clone(), to_tell);
    let mut stopping = server.stopping.clone();
    let (pings, to_ping) = mpsc::channel(1);
    let reader = Reader { server: &server, session, outbox, changes, pings };
    let end = tokio::select! {
        end = reader.read(&mut stream) => end,
        stop = notifier.run() => stop.into(),
        end = send(&mut sink, queue, to_ping, limits) => end,
        _ = stopping.changed() => End::Stopping,
    };
    // Whoever does not read will not read this either.
    let _ = timeout(CLOSE_TIMEOUT, close(end, sink, stream)).await;
}

/// Says goodbye, and waits for the client to do the same.
async fn close(
    end: End,
    mut sink: SplitSink<WebSocket, Message>,
    mut stream: SplitStream<WebSocket>,
) -> Result<(), axum::Error> {
    if let Some((code, reason, label)) = end.farewell() {
        metrics::dropped(label);
        sink.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await?;
    }
    sink.close().await?;
    while let Some(Ok(_)) = stream.next().await {}
    Ok(())
}

/// Sends what waits, pings first.
async fn send(
    sink: &mut SplitSink<WebSocket, Message>,
    mut queue: mpsc::Receiver<Queued>,
    mut pings: mpsc::Receiver<()>,
    limits: &WebSocketLimits,
) -> End {
    loop {
        let (message, _queued);
        tokio::select! {
            biased;
            Some(()) = pings.recv() => (message, _queued) = (Message::Ping(Bytes::new()), None),
            Some(mut queued) = queue.recv() => {
                message = Message::Text(std::mem::take(&mut queued.text).into());
                _queued = Some(queued);
            }
            else => return End::Gone,
        }
        match timeout(limits.send_timeout, sink.send(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return End::Gone,
            Err(_) => return End::Slow,
        }
    }
}

/// Reads messages and has them answered.
struct Reader<'a> {
    server: &'a Server,
    session: Session,
    outbox: Outbox,
    changes: mpsc::Sender<Answered>,
    pings: mpsc::Sender<()>,
}

impl Reader<'_> {
    async fn read(self, stream: &mut SplitStream<WebSocket>) -> End {
        let limits = &self.server.limits.websocket;
        let mut calls = JoinSet::new();
        let mut heard = Instant::now();
        let mut ticks = interval_at(heard + limits.ping_interval, limits.ping_interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let message = tokio::select! {
                // What a client has sent counts, before it is called silent.
                biased;
                message = stream.next(), if calls.len() < limits.calls => message,
                Some(answered) = calls.join_next() => match answered {
                    Ok(None) => continue,
                    Ok(Some(end)) => return end,
                    Err(_) => return End::Failed,
                },
                _ = ticks.tick() => {
                    // While nothing is read, the client cannot be heard.
                    if calls.len() < limits.calls && heard.elapsed() >= limits.idle_timeout {
                        return End::Silent;
                    }
                    // A ping that waits already will do.
                    let _ = self.pings.try_send(());
                    continue;
                }
            };
            heard = Instant::now();
            let message = match message {
                None => return End::Gone,
                Some(Ok(Message::Close(_))) => return End::Closed,
                Some(Err(error)) => return broken(error),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Text(text))) => Bytes::from(text),
                Some(Ok(Message::Binary(bytes))) => bytes,
            };
            calls.spawn(answer(
                self.server.clone(),
                message,
                self.session.for_message(),
                self.outbox.clone(),
                self.changes.clone(),
            ));
        }
    }
}

/// Answers one message. If it changes what is told, the answer is for those to send who tell it: subscriptions begin with
/// it.
async fn answer(
    server: Server,
    message: Bytes,
    session: Session,
    outbox: Outbox,
    changes: mpsc::Sender<Answered>,
) -> Option<End> {
    let mut extensions = Extensions::new();
    extensions.insert(session.clone());
    let answer = server.dispatcher.answer(&message, &extensions).await;
    drop(message);
    let answer = match answer.map(|answer| answer.text) {
        None => None,
        Some(answer) => match server.response_memory.share(answer.get().len()) {
            Ok(share) => Some((Box::<str>::from(answer).into(), share)),
            Err(_) => return Some(End::Busy),
        },
    };
    let answered = session.answered(answer);
    let sent = match answered {
        Answered { answer: None, changes } if changes.is_empty() => Ok(()),
        Answered { answer: Some((text, share)), changes } if changes.is_empty() => {
            outbox.send(text, Some(share)).await
        }
        answered => changes.send(answered).await.map_err(|_| Closed),
    };
    sent.err().map(|Closed| End::Gone)
}

/// What an error of the WebSocket says about the client.
fn broken(error: axum::Error) -> End {
    match error.into_inner().downcast_ref() {
        Some(Broken::Capacity(_)) => End::TooLarge,
        Some(Broken::Protocol(_) | Broken::Utf8(_)) => End::Invalid,
        _ => End::Gone,
    }
}

impl From<Stop> for End {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Gone => Self::Gone,
            Stop::Lagged => Self::Lagged,
            Stop::Failed(RpcError::Origin(_)) => Self::OriginAway,
            Stop::Failed(error) => {
                tracing::error!(%error, "a subscription failed");
                Self::Failed
            }
        }
    }
}

impl End {
    /// What the client is told, code and reason, and what metrics call it; nothing if it is gone.
    fn farewell(self) -> Option<(u16, &'static str, &'static str)> {
        match self {
            Self::Gone | Self::Closed => None,
            Self::Slow => Some((close_code::POLICY, "too slow: messages are not read in time", "slow")),
            Self::Lagged => {
                Some((close_code::POLICY, "too slow: notifications were missed, subscribe again", "lagged"))
            }
            Self::Silent => Some((close_code::POLICY, "silent: pings are not answered", "silent")),
            Self::TooLarge => {
                Some((close_code::SIZE, "the message is too large: send it by HTTP", "too_large"))
            }
            Self::Invalid => Some((close_code::PROTOCOL, "not a valid WebSocket message", "invalid")),
            Self::Busy => Some((close_code::AGAIN, "too much data is under way: come back later", "busy")),
            Self::OriginAway => {
                let reason = "the chain that this one was forked off does not answer: subscribe again later";
                Some((close_code::AGAIN, reason, "origin"))
            }
            Self::Failed => Some((close_code::ERROR, "the node failed", "failed")),
            Self::Stopping => Some((close_code::AWAY, "the node is stopping", "stopping")),
        }
    }
}
