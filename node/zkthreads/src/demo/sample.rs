//! A thread's status, for tests of what is told of it.

use serde_json::{Value, json};
use zkthreads_rpc_api::thread::ThreadStatus;

/// A sub-block; number two is at its second attempt.
pub(crate) fn sub_block(id: u64, stage: &str, transactions: u64) -> Value {
    let is_proven = ["PROVEN", "SUBMITTED", "SETTLED"].contains(&stage);
    json!({
        "id": id, "stage": stage, "attempt": if id == 2 { 2 } else { 1 }, "proofs": 1, "sent": 0,
        "base_block_number": 7,
        "transactions": transactions, "steps": 1_000 * transactions, "opened_at": 90,
        "prover_stage": (stage == "PROVING").then_some("committing to the trace"),
        "proven_in_ms": is_proven.then_some(12_340), "transaction_hash": null,
        "block_number": (stage == "SETTLED").then_some(9), "conflicts": [],
    })
}

/// A thread with these sub-blocks, and without room on its disk.
pub(crate) fn status(sub_blocks: &[Value]) -> ThreadStatus {
    let status = json!({
        "submitter": "0x1", "contracts": ["0x2"],
        "node": { "url": "http://node", "reachable": true, "error": null },
        "base_block": { "block_number": 7, "block_hash": "0x7", "timestamp": 80 },
        "queue": { "waiting": 0, "unsettled": 3, "proving": 1, "in_flight": 0 }, "users": 2,
        "time": { "now": 80, "forecast_seconds": 0, "lag_seconds": 0 },
        "totals": { "received": 13, "settled": 9, "reverted": 1, "rejected": 1, "forwarded": 0,
            "on_chain": 0, "sub_blocks_settled": 1, "conflicts": 1, "resubmitted": 0,
            "misses": 0, "stale": 0, "receipts_changed": 0, "void_proofs": 0, "void_proving_ms": 0 },
        "throughput": { "received_per_second": 4.04, "settled_per_second": 1.5, "median_micros": 5_000,
            "p99_micros": 9_000 },
        "sub_blocks": sub_blocks, "provers": [], "trouble": ["the disk is full"],
    });
    serde_json::from_value(status).unwrap()
}
