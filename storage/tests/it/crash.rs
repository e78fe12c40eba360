//! `kill -9` in the middle of commits, reverts and imports, again and again.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use starknet_api::block::BlockNumber;
use zkthreads_storage::Storage;

use crate::reopening::root_from_scratch;
use crate::support::{Model, busy_diff, chain, commit, rows};

/// Where the child finds the database.
pub(crate) const DIRECTORY: &str = "ZKTHREADS_CRASH_TEST_DIRECTORY";
pub(crate) const KILLS: u32 = 20;

/// What the killed process does: commits blocks for as long as it lives, and says so.
fn commit_forever(directory: &Path) -> anyhow::Result<()> {
    let storage = Storage::open(directory)?;
    loop {
        let next = storage.latest()?.map_or(0, |tip| tip.0 + 1);
        commit(&storage, busy_diff(next))?;
        println!("\ncommitted {next}");
    }
}

/// When to kill.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum From {
    /// Counted from the start: while it opens the database or makes its first commit.
    Start,
    /// Counted from the first commit: between or during commits.
    FirstCommit,
}

/// Runs the test `name` again as the process to kill, and kills it. Gives the last block that it said to have
/// committed, if any.
pub(crate) fn run_and_kill(
    name: &str,
    directory: &Path,
    from: From,
    after: Duration,
) -> anyhow::Result<Option<u64>> {
    let mut child = Command::new(env::current_exe()?)
        .args(["--exact", name, "--nocapture"])
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let committed = |line: &str| line.strip_prefix("committed ").and_then(|number| number.parse().ok());
    let mut last = None;
    while from == From::FirstCommit && last.is_none() {
        last = committed(&lines.next().expect("the child commits before it ends")?);
    }
    std::thread::sleep(after);
    child.kill()?;
    child.wait()?;
    // What it had said by then is still in the pipe.
    Ok(lines.map_while(Result::ok).filter_map(|line| committed(&line)).last().or(last))
}

#[test]
fn killed_twenty_times() -> anyhow::Result<()> {
    // The process to kill is this test again, told where the database is.
    if let Some(directory) = env::var_os(DIRECTORY) {
        return commit_forever(Path::new(&directory));
    }
    let directory = tempfile::tempdir()?;
    let mut blocks = 0;
    for kill in 0..KILLS {
        let (from, spread) = if kill % 4 == 3 { (From::Start, 99_991) } else { (From::FirstCommit, 9_973) };
        let after = Duration::from_micros(u64::from(kill * kill * 1_371 % spread));
        let said = run_and_kill("crash::killed_twenty_times", directory.path(), from, after)?;

        let storage = Storage::open(directory.path())?;
        let tip = storage.latest()?.expect("a block").0;
        // Durable before announced; at most the one under way when the signal came was not announced yet.
        if let Some(said) = said {
            assert!((said..=said + 1).contains(&tip), "it said {said}, the tip is {tip}");
        }
        assert!(tip + 1 >= blocks, "blocks were lost");
        blocks = tip + 1;
        assert_whole(&storage, tip)?;
        // Every node that the next block needs is there.
        commit(&storage, busy_diff(blocks))?;
        blocks += 1;
    }
    println!("{KILLS} kills, {blocks} blocks");
    Ok(())
}

/// Blocks 0 to `tip` and nothing else, with the state that they make.
fn assert_whole(storage: &Storage, tip: u64) -> anyhow::Result<()> {
    let mut model = Model::default();
    for block in 0..=tip {
        let number = BlockNumber(block);
        let header = storage.header(number)?.expect("no gaps");
        assert_eq!(storage.block_number(header.block_hash)?, Some(number));
        assert_eq!(storage.state_diff(number)?, Some(busy_diff(block)));
        model.apply(&busy_diff(block));
    }
    let beyond = BlockNumber(tip + 1);
    assert!(storage.header(beyond)?.is_none());
    assert!(storage.state_diff(beyond)?.is_none());
    let view = storage.state_at(BlockNumber(tip));
    for ((contract, key), value) in &model.cells {
        assert_eq!(view.storage(*contract, *key)?, *value);
    }
    let header = storage.header(BlockNumber(tip))?.expect("the tip's header");
    let root = storage.prepare_state(&Default::default())?.global_root();
    assert_eq!(root, header.block_header_without_hash.state_root);
    assert_eq!(root, root_from_scratch(&model)?);
    Ok(())
}

/// Blocks between which the chain goes back and forth.
const LOW: u64 = 4;
const HIGH: u64 = 16;

/// What the killed process does: lets the chain grow, and takes the new blocks back.
fn grow_and_revert_forever(directory: &Path) -> anyhow::Result<()> {
    let storage = Storage::open(directory)?;
    loop {
        let next = storage.latest()?.map_or(0, |tip| tip.0 + 1);
        if next > HIGH {
            println!("\ncommitted {HIGH}");
            storage.revert_to(BlockNumber(LOW))?;
            println!("\ncommitted {LOW}");
        } else {
            commit(&storage, busy_diff(next))?;
        }
    }
}

#[test]
fn killed_while_reverting() -> anyhow::Result<()> {
    if let Some(directory) = env::var_os(DIRECTORY) {
        return grow_and_revert_forever(Path::new(&directory));
    }
    let directory = tempfile::tempdir()?;
    for kill in 0..KILLS {
        let after = Duration::from_micros(u64::from(kill * 1_371 % 9_973));
        run_and_kill("crash::killed_while_reverting", directory.path(), From::FirstCommit, after)?;
        let storage = Storage::open(directory.path())?;
        let tip = storage.latest()?.expect("a block").0;
        assert!((LOW..=HIGH).contains(&tip), "the tip is {tip}");
        assert_whole(&storage, tip)?;
        assert!(storage.check().is_sound(), "{:?}", storage.check());
    }
    Ok(())
}

#[test]
fn killed_while_importing() -> anyhow::Result<()> {
    let dumps = |directory: &Path| -> anyhow::Result<[Vec<u8>; 2]> {
        let dump = |name: &str, blocks: u64| {
            let diffs: Vec<_> = (0..blocks).map(|n| busy_diff(n + blocks)).collect();
            rows(&chain(&directory.join(name), &diffs, blocks)?)
        };
        Ok([dump("short", 5)?, dump("long", 30)?])
    };
    if let Some(directory) = env::var_os(DIRECTORY) {
        let dumps = dumps(tempfile::tempdir()?.path())?;
        let storage = Storage::open(Path::new(&directory))?;
        for (n, dump) in dumps.iter().cycle().enumerate() {
            storage.import(dump.as_slice())?;
            println!("\ncommitted {n}");
        }
    }
    let directory = tempfile::tempdir()?;
    let dumps = dumps(directory.path())?;
    for kill in 0..KILLS {
        let after = Duration::from_micros(u64::from(kill * 2_371 % 19_973));
        run_and_kill(
            "crash::killed_while_importing",
            &directory.path().join("target"),
            From::FirstCommit,
            after,
        )?;
        let storage = Storage::open(&directory.path().join("target"))?;
        let found = rows(&storage)?;
        assert!(dumps.contains(&found), "neither of the two");
        assert!(storage.check().is_sound(), "{:?}", storage.check());
    }
    Ok(())
}
