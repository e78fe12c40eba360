//! Pools of the example's processes, and what becomes of processes.
#![allow(dead_code, unreachable_pub, missing_docs)]

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use zkthreads_workers::{ProverPool, ProverPoolConfig};

/// How long a test that hangs is let go on.
const PATIENCE: Duration = Duration::from_secs(480);

/// The example `prove_worker`, which is built beside the tests.
pub fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a program");
    let directory = test.parent().and_then(|deps| deps.parent()).expect("the target directory");
    directory.join("examples").join("prove_worker")
}

pub fn config() -> ProverPoolConfig {
    ProverPoolConfig { workers: 1, memory_bytes: 8 << 30, deadline: PATIENCE, program: program() }
}

pub fn pool(config: ProverPoolConfig) -> ProverPool {
    ProverPool::new(config).expect("a pool")
}

/// Whether the process is there and not only waited for.
pub fn is_running(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").map(|(_, rest)| &rest[..1]);
    state.is_some_and(|state| state != "Z")
}

pub fn kill(pid: u32) {
    let pid = Pid::from_raw(pid as i32).expect("a process");
    kill_process(pid, Signal::KILL).expect("it is ours");
}

/// Lets a process stand still, if it has not ended.
pub fn hold(pid: u32) {
    let pid = Pid::from_raw(pid as i32).expect("a process");
    let _ = kill_process(pid, Signal::STOP);
}

/// Waits for what must come.
pub async fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
