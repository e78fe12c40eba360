//! `docs/rpc-limits.md` says what the constants are: the numbers in its tables are checked, or, with `ZKTHREADS_REGENERATE` set,
//! written anew.

use std::path::Path;
use std::time::Duration;
use std::{env, fs};

use zkthreads_execution::TimeLimits;
use zkthreads_execution::class::MAX_PROGRAM_FELTS;
use zkthreads_protocol::limits::MAX_SEGMENTS;
use zkthreads_rpc_api::MAX_LAG;

use super::*;
use crate::limits::LaneLimits;

const HALF: &str = "half of the cores, one at least";
const CORES: &str = "as many as cores";

/// The cells after the first one of each row whose numbers are ours, by the first one.
fn rows() -> Vec<(&'static str, Vec<String>)> {
    let limits = ServerLimits::default();
    let socket = &limits.websocket;
    let counted = |total: usize| format!("{}, counted beyond {} each", bytes(total), bytes(MEMORY_STEP));
    let one = |label, value: String| (label, vec![value]);
    let mut rows = vec![
        one("Body of a request", bytes(MAX_REQUEST_BYTES as usize)),
        one(
            "Time for a body",
            format!("{}, {} without a byte", seconds(limits.body_timeout), seconds(limits.body_pause)),
        ),
        one("All bodies on their way in", counted(limits.request_memory)),
        one("Calls in a batch", MAX_BATCH.to_string()),
        one("Response", bytes(MAX_RESPONSE_BYTES as usize)),
        one("Time for a request", seconds(limits.request_timeout)),
        one("Time for reading a response", seconds(limits.send_timeout)),
        one("All responses on their way out", counted(limits.response_memory)),
        one("Processor time of a call's executions", seconds(limits.execution_time)),
        one("Processor time of validating a transaction", seconds(TimeLimits::default().validation)),
        one("Proofs to verify for a simulation or estimate", MAX_SEGMENTS.to_string()),
        one(
            "Classes in DECLAREs that are simulated or estimated",
            format!("{} felts together", grouped(MAX_PROGRAM_FELTS)),
        ),
        one("Transactions in a simulation or estimate", MAX_SIMULATED.to_string()),
        one("`chunk_size` of `starknet_getEvents`", MAX_EVENTS.to_string()),
        one(
            "Blocks, or with a filter rows of the index, that one page looks through",
            MAX_EVENT_ROWS.to_string(),
        ),
        one("Events in receipts that one page reads", MAX_EVENTS_READ.to_string()),
        one("Classes, contracts and keys in a storage proof", MAX_PROOF_LEAVES.to_string()),
        one("Threads in a list", MAX_THREADS_LISTED.to_string()),
        one("Connections", format!("{}, or what the process's file descriptors leave", limits.connections)),
        one("Connections from one address", limits.connections_per_ip.to_string()),
        one(
            "Time for a request's headers, from the connection's beginning or its last answer",
            seconds(limits.header_timeout),
        ),
        one("Headers", bytes(MAX_HEADERS_BYTES)),
        one("WebSockets", socket.connections.to_string()),
        one("WebSockets from one address", socket.connections_per_ip.to_string()),
        one(
            "A message",
            format!("{}: thread transactions and large classes go by HTTP", bytes(socket.message_bytes)),
        ),
        one(
            "Calls of one connection answered at once",
            format!("{}; further messages wait unread", socket.calls),
        ),
        one("Subscriptions of one connection", socket.subscriptions.to_string()),
        one("Addresses in `sender_address`", MAX_SENDER_ADDRESSES.to_string()),
        one("Addresses in `from_address`", MAX_EVENT_ADDRESSES.to_string()),
        one("Keys in a filter", MAX_EVENT_KEYS.to_string()),
        one("How far back `block_id` may be", format!("{MAX_BLOCKS_BACK} blocks")),
        one(
            "Messages that wait for the client",
            format!("{}, or {}", socket.queue_messages, bytes(socket.queue_bytes)),
        ),
        one("Time for reading one message", seconds(socket.send_timeout)),
        one("Events that a connection may be behind", MAX_LAG.to_string()),
        one(
            "Silence",
            format!("{}; pings come every {}", seconds(socket.idle_timeout), seconds(socket.ping_interval)),
        ),
    ];
    let lanes = &limits.lanes;
    for (label, lane, running) in [
        ("`reading`", lanes.reading, None),
        ("`scanning`", lanes.scanning, Some(HALF)),
        ("`execution`", lanes.execution, Some(CORES)),
        ("`admission`", lanes.admission, Some(CORES)),
        ("`slow_admission`", lanes.slow_admission, None),
        ("`submission`", lanes.submission, None),
        ("`compilation`", lanes.compilation, None),
        ("`packages`", lanes.packages, Some(HALF)),
        ("`signed_proofs`", lanes.signed_proofs, None),
        ("`proofs`", lanes.proofs, None),
        ("`control`", lanes.control, None),
    ] {
        let LaneLimits { running: number, waiting } = lane;
        rows.push((
            label,
            vec![running.map_or_else(|| number.to_string(), str::to_owned), waiting.to_string()],
        ));
    }
    rows
}

/// In the largest unit that gives a whole number.
fn bytes(number: usize) -> String {
    match number {
        _ if number.is_multiple_of(1 << 20) => format!("{} MiB", number >> 20),
        _ if number.is_multiple_of(1 << 10) => format!("{} KiB", number >> 10),
        _ => format!("{number} bytes"),
    }
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}

/// With commas between the thousands.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(",")
}

#[test]
fn the_page_of_limits_has_the_numbers_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rpc-limits.md");
    let page = fs::read_to_string(&path).unwrap();
    let mut lines: Vec<String> = page.lines().map(str::to_owned).collect();
    for (label, cells) in rows() {
        let start = format!("| {label} |");
        let found: Vec<_> = (0..lines.len()).filter(|at| lines[*at].starts_with(&start)).collect();
        let [at] = found[..] else { panic!("docs/rpc-limits.md has {} rows {label:?}", found.len()) };
        let mut row: Vec<_> = lines[at].split('|').map(str::to_owned).collect();
        for (place, cell) in row.iter_mut().skip(2).zip(cells) {
            *place = format!(" {cell} ");
        }
        lines[at] = row.join("|");
    }
    let made = lines.join("\n") + "\n";
    if env::var_os("ZKTHREADS_REGENERATE").is_some() {
        fs::write(&path, made).unwrap();
    } else {
        for (number, (committed, made)) in page.lines().zip(made.lines()).enumerate() {
            assert_eq!(committed, made, "docs/rpc-limits.md:{}", number + 1);
        }
    }
}

#[test]
fn numbers_are_written_for_people() {
    assert_eq!(
        (bytes(20 << 20), bytes(3 << 10), bytes(5)),
        ("20 MiB".into(), "3 KiB".into(), "5 bytes".into())
    );
    assert_eq!(
        (grouped(81_920), grouped(7), grouped(1_234_567)),
        ("81,920".into(), "7".into(), "1,234,567".into())
    );
    assert_eq!(seconds(Duration::from_millis(1500)), "1.5 s");
}
