//! Who is connected. Keeps to the limits on connections: at a limit, the connection that has been idle for longest
//! makes room, so that idle connections, however many, keep nobody out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use crate::limits::ServerLimits;
use crate::metrics::Counted;

/// All connections.
pub(super) struct Connections {
    limits: ServerLimits,
    most: usize,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    next: u64,
    connections: HashMap<u64, Arc<ConnectionTable>>,
    addresses: HashMap<IpAddr, Count>,
    websockets: usize,
}

#[derive(Default)]
struct Count {
    connections: usize,
    websockets: usize,
}

/// What a connection does.
struct ConnectionTable {
    ip: IpAddr,
    /// Requests under way, and WebSockets, which count as one for as long as they are open.
    busy: AtomicUsize,
    /// Whether something is being sent.
    sending: AtomicBool,
    idle_since: Mutex<Instant>,
    evicted: AtomicBool,
    eviction: Notify,
}

/// A connection's place. Given back when dropped.
pub(super) struct ConnectionSlot {
    id: u64,
    state: Arc<ConnectionTable>,
    table: Arc<Connections>,
    _counted: Counted,
    /// The server waits for all of these when it stops.
    _alive: mpsc::Sender<()>,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// The server has no place left.
    Server,
    /// The client's address has none.
    Address,
}

/// While this lives, the connection does not count as idle.
pub(super) struct Busy(Arc<ConnectionSlot>);

/// A WebSocket's place among the WebSockets; the connection is busy with it.
pub(super) struct WebSocketSlot {
    busy: Busy,
    _counted: Counted,
}

impl Connections {
    /// `descriptors`: how many connections the process can hold open.
    pub(super) fn new(limits: ServerLimits, descriptors: usize) -> Arc<Self> {
        let most = limits.connections.min(descriptors);
        Arc::new(Self { limits, most, table: Mutex::default() })
    }

    /// A place for a new connection from `ip`, which may cost another one its own.
    pub(super) fn enter(
        self: &Arc<Self>,
        ip: IpAddr,
        alive: mpsc::Sender<()>,
    ) -> Result<Arc<ConnectionSlot>, Full> {
        let mut table = self.table.lock();
        let of_ip = table.addresses.get(&ip).map_or(0, |count| count.connections);
        if of_ip >= self.limits.connections_per_ip {
            table.evict(|connection| connection.ip == ip).ok_or(Full::Address)?;
        } else if table.connections.len() >= self.most {
            table.evict(|_| true).ok_or(Full::Server)?;
        }
        let id = table.next;
        table.next += 1;
        table.addresses.entry(ip).or_default().connections += 1;
        let state = Arc::new(ConnectionTable {
            ip,
            busy: AtomicUsize::new(0),
            sending: AtomicBool::new(false),
            idle_since: Mutex::new(Instant::now()),
            evicted: AtomicBool::new(false),
            eviction: Notify::new(),
        });
        table.connections.insert(id, Arc::clone(&state));
        let table = Arc::clone(self);
        Ok(Arc::new(ConnectionSlot { id, state, table, _counted: Counted::connection(), _alive: alive }))
    }
}

impl Table {
    /// Tells the connection that has been idle for longest, of those that `may` go, to close.
    fn evict(&self, may: impl Fn(&ConnectionTable) -> bool) -> Option<()> {
        let idle = self.connections.values().filter(|connection| may(connection) && connection.is_idle());
        let longest = idle.min_by_key(|connection| *connection.idle_since.lock())?;
        longest.evicted.store(true, Ordering::Release);
        longest.eviction.notify_one();
        Some(())
    }
}

impl ConnectionTable {
    fn is_idle(&self) -> bool {
        self.busy.load(Ordering::Acquire) == 0
            && !self.sending.load(Ordering::Acquire)
            && !self.evicted.load(Ordering::Acquire)
    }
}

impl ConnectionSlot {
    /// Marks the connection as busy; `None` if it has to close.
    pub(super) fn busy(self: &Arc<Self>) -> Option<Busy> {
        self.state.busy.fetch_add(1, Ordering::AcqRel);
        let busy = Busy(Arc::clone(self));
        (!self.state.evicted.load(Ordering::Acquire)).then_some(busy)
    }

    /// A place among the WebSockets.
    pub(super) fn websocket(self: &Arc<Self>) -> Result<WebSocketSlot, Full> {
        let busy = self.busy().ok_or(Full::Server)?;
        let limits = &self.table.limits.websocket;
        let mut table = self.table.table.lock();
        if table.websockets >= limits.connections {
            return Err(Full::Server);
        }
        let count = table.addresses.entry(self.state.ip).or_default();
        if count.websockets >= limits.connections_per_ip {
            return Err(Full::Address);
        }
        count.websockets += 1;
        table.websockets += 1;
        Ok(WebSocketSlot { busy, _counted: Counted::websocket() })
    }

    /// Says whether something is being sent.
    pub(super) fn set_sending(&self, sending: bool) {
        if self.state.sending.swap(sending, Ordering::AcqRel) && !sending {
            *self.state.idle_since.lock() = Instant::now();
        }
    }

    /// Whether nothing is under way that the client waits for.
    pub(super) fn is_idle(&self) -> bool {
        self.state.is_idle()
    }

    /// Returns once another connection needs the place.
    pub(super) async fn evicted(&self) {
        self.state.eviction.notified().await;
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut table = self.table.table.lock();
        table.connections.remove(&self.id);
        if let Some(count) = table.addresses.get_mut(&self.state.ip) {
            count.connections -= 1;
            if count.connections == 0 {
                table.addresses.remove(&self.state.ip);
            }
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        *self.0.state.idle_since.lock() = Instant::now();
        self.0.state.busy.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drop for WebSocketSlot {
    fn drop(&mut self) {
        let place = &self.busy.0;
        let mut table = place.table.table.lock();
        table.websockets -= 1;
        if let Some(count) = table.addresses.get_mut(&place.state.ip) {
            count.websockets -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::WebSocketLimits;

    fn connections(most: usize, per_ip: usize) -> Arc<Connections> {
        let websocket =
            WebSocketLimits { connections: 2, connections_per_ip: 1, ..WebSocketLimits::default() };
        let limits = ServerLimits {
            connections: most,
            connections_per_ip: per_ip,
            websocket,
            ..ServerLimits::default()
        };
        Connections::new(limits, usize::MAX)
    }

    fn ip(last: u8) -> IpAddr {
        [127, 0, 0, last].into()
    }

    fn is_evicted(place: &ConnectionSlot) -> bool {
        place.state.evicted.load(Ordering::Acquire)
    }

    #[test]
    fn the_longest_idle_connection_makes_room() {
        let (connections, (alive, _)) = (connections(3, 2), mpsc::channel(1));
        let enter = |last| connections.enter(ip(last), alive.clone());
        let first = enter(1).unwrap();
        let second = enter(1).unwrap();
        let busy = first.busy().unwrap();
        let third = enter(1).unwrap();
        assert!(!is_evicted(&first) && is_evicted(&second) && !is_evicted(&third));
        assert!(second.busy().is_none(), "too late to begin a request");
        drop(second);
        third.set_sending(true);
        assert_eq!(enter(1).err(), Some(Full::Address));
        let fourth = enter(2).unwrap();
        drop(busy);
        let fifth = enter(3).unwrap();
        assert!(is_evicted(&fourth) && !is_evicted(&first), "the first one was busy last");
        drop((fourth, fifth));
        third.set_sending(false);
        let sixth = enter(1).unwrap();
        assert!(is_evicted(&first) && !is_evicted(&third));
        drop((first, third, sixth));
        assert!(connections.table.lock().connections.is_empty());
        assert!(connections.table.lock().addresses.is_empty());
    }

    #[test]
    fn websockets_have_limits_of_their_own() {
        let (connections, (alive, _)) = (connections(9, 9), mpsc::channel(1));
        let enter = |last| connections.enter(ip(last), alive.clone()).unwrap();
        let first = enter(1).websocket().unwrap();
        assert_eq!(enter(1).websocket().err(), Some(Full::Address));
        let _second = enter(2).websocket().unwrap();
        assert_eq!(enter(3).websocket().err(), Some(Full::Server));
        drop(first);
        enter(3).websocket().unwrap();
    }
}
