//! Whether the machine has room for the demo: a directory for its chains, memory for its prover.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::statvfs;
use rustix::process::{Resource, getrlimit};
use tempfile::TempDir;

/// Room for two chains and a thread, bytes.
const DISK: u64 = 256 << 20;
/// Memory of everything but the prover, bytes.
const OTHERS: u64 = 1 << 30;
/// Least memory with which a prover proves some orders at a time, bytes.
const PROVER_AT_LEAST: u64 = 9 << 29;
/// Memory that a prover may take where there is enough, bytes.
const PROVER_AT_MOST: u64 = 8 << 30;
/// Where the kernel shows control groups.
const GROUPS: &str = "/sys/fs/cgroup";

/// Why the demo cannot begin here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoRoom {
    /// Nothing can be written.
    #[error(
        "the demo keeps its chains in a directory of its own, which cannot be made: {0}; set TMPDIR to a directory that can be written"
    )]
    Directory(#[source] io::Error),
    /// The disk is full.
    #[error("the demo keeps its chains in {path} while it runs and needs {}, but {} are free; make room there, or set TMPDIR to a directory that has more", shown(DISK), shown(*.free))]
    Disk {
        /// The directory for temporary files.
        path: PathBuf,
        /// What is free, bytes.
        free: u64,
    },
    /// A prover does not fit.
    #[error("the demo needs {} of memory, most of it for its prover, but {} are available; end what else takes memory, raise the limit (ulimit, container), or try a larger machine", shown(PROVER_AT_LEAST + OTHERS), shown(*.available))]
    Memory {
        /// What is available, bytes.
        available: u64,
    },
}

/// Makes the directory that everything is kept in. It goes with the value.
pub(crate) fn directory() -> Result<TempDir, NoRoom> {
    let directory =
        tempfile::Builder::new().prefix("zkthreads-demo-").tempdir().map_err(NoRoom::Directory)?;
    let disk = statvfs(directory.path()).map_err(|error| NoRoom::Directory(error.into()))?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free < DISK { Err(NoRoom::Disk { path: std::env::temp_dir(), free }) } else { Ok(directory) }
}

/// Memory that the prover may take, bytes.
pub(crate) fn prover_memory() -> Result<u64, NoRoom> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| kilobytes(&text, "MemAvailable:"));
    let limits = [Resource::Data, Resource::As].map(|resource| getrlimit(resource).current);
    let group = fs::read_to_string("/proc/self/cgroup").ok();
    let group = group.as_deref().and_then(|text| group_available(text, Path::new(GROUPS)));
    let available = limits.into_iter().chain([machine, group]).flatten().min();
    share(available.unwrap_or(u64::MAX))
}

/// What the prover may take of what is available.
fn share(available: u64) -> Result<u64, NoRoom> {
    let prover = available.saturating_sub(OTHERS).min(PROVER_AT_MOST);
    if prover < PROVER_AT_LEAST { Err(NoRoom::Memory { available }) } else { Ok(prover) }
}

/// What control groups leave: this process's (`/proc/self/cgroup`) and those around it.
fn group_available(own: &str, groups: &Path) -> Option<u64> {
    let own = own.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let all = Path::new(own).ancestors().map(|group| groups.join(group));
    all.filter_map(|group| left_in(&group)).min()
}

/// What is left in one; none if it has no bound. What it has of files can be given up.
fn left_in(group: &Path) -> Option<u64> {
    let number = |name: &str| fs::read_to_string(group.join(name)).ok()?.trim().parse::<u64>().ok();
    let (bound, taken) = (number("memory.max")?, number("memory.current")?);
    let statistics = fs::read_to_string(group.join("memory.stat")).unwrap_or_default();
    let of_files = statistics.lines().find_map(|line| line.strip_prefix("file ")?.parse::<u64>().ok());
    Some(bound.saturating_sub(taken.saturating_sub(of_files.unwrap_or_default())))
}

/// A line of `/proc/meminfo`, in bytes.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let number: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(number << 10)
}

/// Bytes, for people.
pub(crate) fn shown(bytes: u64) -> String {
    if bytes < 1 << 30 {
        format!("{} MiB", bytes >> 20)
    } else {
        format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prover_takes_what_there_is() {
        assert_eq!(share(u64::MAX).unwrap(), PROVER_AT_MOST);
        assert_eq!(share(6 << 30).unwrap(), 5 << 30);
        let error = share(3 << 30).unwrap_err().to_string();
        assert!(
            error.starts_with("the demo needs 5.5 GiB of memory") && error.contains("but 3.0 GiB are"),
            "{error}"
        );
        let text = "MemTotal:       24576 kB\nMemAvailable:    2048 kB\n";
        assert_eq!(kilobytes(text, "MemAvailable:"), Some(2 << 20));
        assert_eq!(kilobytes("MemFree: 1 kB", "MemAvailable:"), None);
    }

    #[test]
    fn the_tightest_group_counts() {
        let groups = tempfile::tempdir().unwrap();
        let write = |group: &str, name: &str, text: &str| {
            let group = groups.path().join(group);
            fs::create_dir_all(&group).unwrap();
            fs::write(group.join(name), text).unwrap();
        };
        let available = || group_available("0::/outer/inner\n", groups.path());
        assert_eq!(available(), None);
        write("outer/inner", "memory.max", "max\n");
        write("outer/inner", "memory.current", "700\n");
        assert_eq!(available(), None);
        write("outer", "memory.max", "1000\n");
        write("outer", "memory.current", "900\n");
        assert_eq!(available(), Some(100));
        write("outer", "memory.stat", "anon 600\nfile 300\nkernel 0\n");
        assert_eq!(available(), Some(400));
        assert_eq!(group_available("1:name=systemd:/\n", groups.path()), None);
    }
}
