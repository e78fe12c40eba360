//! What proofs take: for sub-blocks of so many transfers, or of one transaction with so many hashes, the steps, the
//! memory at most, and the time of each stage.
//!
//! ```text
//! cargo run --release -p zkthreads-workers --example prover_costs -- transfers=10 transfers=100 pedersen=1000
//! ```
//!
//! Each proof is made by a process of its own, the example `prove_worker`, with the memory of the whole machine. The
//! table of `budget` is made of these.

#[path = "../../../os/runner/tests/sub_block_support/mod.rs"]
mod sub_block_support;
#[path = "../tests/worker_support/mod.rs"]
mod worker_support;

use std::cell::RefCell;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use sub_block_support::{TestState, probe, transfer};
use worker_support::{config, eventually};
use zkthreads_sub_block::ExecutedSubBlock;
use zkthreads_workers::{ProverPool, ProverPoolConfig, Stage};

/// How often a process is looked at.
const INTERVAL: Duration = Duration::from_millis(10);

#[tokio::main]
async fn main() -> Result<()> {
    for argument in std::env::args().skip(1) {
        let (kind, count) = argument.split_once('=').context("what there is, and how many")?;
        let count = count.parse().context("a number")?;
        let executed = match kind {
            "transfers" => transfers(count as usize),
            _ => hashes(kind, count),
        };
        measure(&argument, &executed).await?;
    }
    Ok(())
}

async fn measure(name: &str, executed: &ExecutedSubBlock) -> Result<()> {
    let pool = ProverPool::new(ProverPoolConfig { memory_bytes: 1 << 40, ..config() })?;
    // It has the tables then, of some 300 MiB.
    eventually("the prover is ready", || pool.figures().iter().any(|it| it.memory_bytes > 1 << 28)).await;
    let pid = pool.figures()[0].pid;
    let peak = watch(pid);
    let before = cpu_seconds(pid);
    let begun = RefCell::new(Vec::new());
    let proven = pool.prove(1, executed, |stage| begun.borrow_mut().push((stage, Instant::now()))).await?;
    let end = Instant::now();
    let peak = peak();
    let after = cpu_seconds(pid);

    let begun = begun.take();
    let total = end - begun[0].1;
    println!(
        "{name}: {} steps ({} counted) in {:.1} s ({:.1} s of processors, {:.1} s of it the kernel's), {} MiB resident, {} MiB of data, {} bytes",
        proven.steps,
        executed.proof_steps,
        total.as_secs_f64(),
        after.0 + after.1 - before.0 - before.1,
        after.1 - before.1,
        peak.resident >> 10,
        peak.data >> 10,
        proven.proof.len(),
    );
    let ends = begun.iter().skip(1).map(|(_, begin)| *begin).chain([end]);
    for ((stage, begin), end) in begun.iter().zip(ends) {
        if !matches!(stage, Stage::OsRan { .. }) {
            println!("    {:>6.2} s {stage}", (end - *begin).as_secs_f64());
        }
    }
    Ok(())
}

/// Transfers between ten users, in turn.
fn transfers(count: usize) -> ExecutedSubBlock {
    const USERS: usize = 10;
    let mut world = TestState::new(USERS);
    let strk = world.strk();
    let signed = (0..count).map(|index| {
        let to = world.users[(index + 1) % USERS].address;
        world.users[index % USERS].sign(&[transfer(strk, to, 1 + index as u128)])
    });
    let signed: Vec<_> = signed.collect();
    world.execute(signed)
}

/// Calls of an entry point of `contracts/probe.cairo` that hashes so often, no two of them the same values: a proof holds
/// a hash once.
fn hashes(entry_point: &str, mut count: u128) -> ExecutedSubBlock {
    let mut world = TestState::new(1);
    let mut calls = Vec::new();
    for most in (1..=1000).rev() {
        let times = count.min(most);
        calls.push(probe(world.probe(), entry_point, &[times]));
        count -= times;
        if count == 0 {
            break;
        }
    }
    let signed = world.users[0].sign(&calls);
    world.execute([signed])
}

/// The most memory that a process had, KiB.
struct Peak {
    resident: u64,
    data: u64,
}

/// Looks at a process until the result is called.
fn watch(pid: u32) -> impl FnOnce() -> Peak {
    let is_over = Arc::new(AtomicBool::new(false));
    let watcher = thread::spawn({
        let is_over = Arc::clone(&is_over);
        move || {
            let mut peak = Peak { resident: 0, data: 0 };
            while !is_over.load(Ordering::Relaxed) {
                peak.resident = peak.resident.max(kibibytes(pid, "VmHWM:"));
                peak.data = peak.data.max(kibibytes(pid, "VmData:"));
                thread::sleep(INTERVAL);
            }
            peak
        }
    });
    move || {
        is_over.store(true, Ordering::Relaxed);
        watcher.join().expect("it only reads")
    }
}

/// Time that processors have worked for a process: its own code, and the kernel's.
fn cpu_seconds(pid: u32) -> (f64, f64) {
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name, in parentheses, is the second field; the two are the fourteenth and the fifteenth.
    let fields: Vec<_> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let seconds = |index: usize| fields[index].parse::<f64>().unwrap_or_default() / TICKS_PER_SECOND;
    (seconds(11), seconds(12))
}

fn kibibytes(pid: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or_default()
}
