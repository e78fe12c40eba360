//! What a worker bears with, so that the machine is the others' first.

use std::{fs, io};

use rustix::process::{
    Resource, Rlimit, Signal, set_parent_process_death_signal, setpriority_process, setrlimit,
};

/// Lowest priority that a process can have among those that are scheduled by time.
const NICE: i32 = 19;
/// The kernel ends this process before any other.
const OOM_SCORE: &str = "1000";

/// Ends with its parent, whatever becomes of that, and leaves the processor and the memory to others. Of the threads,
/// only this one and those it will start.
pub(crate) fn yield_to_others() -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    setpriority_process(None, NICE)?;
    fs::write("/proc/self/oom_score_adj", OOM_SCORE)
}

/// Bounds the memory of the process's data: what it allocates and its threads' stacks, but neither its program nor
/// addresses that are only set aside, which `RLIMIT_AS` counts too. A core of gigabytes would help nobody.
pub(crate) fn bound_memory(bytes: u64) -> io::Result<()> {
    let limit = |bytes| Rlimit { current: Some(bytes), maximum: Some(bytes) };
    setrlimit(Resource::Core, limit(0))?;
    Ok(setrlimit(Resource::Data, limit(bytes))?)
}
