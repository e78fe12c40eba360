//! A thread's journal when its process is killed, and when its disk is full.

use std::env;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use starknet_api::block::BlockNumber;
use zkthreads_storage::{JournalBatch, JournalPlace, JournalStage, StorageError};

use crate::crash::{DIRECTORY, From, KILLS, run_and_kill};
use crate::thread_journal::{Model, Operation, Pick, open};

/// Batch `n` of a made-up thread: transactions come, sub-blocks close, are proven and settle.
fn batch(n: u64, model: &mut Model) -> JournalBatch {
    let mut batch = JournalBatch::new();
    let (pick, block) = (Pick(n as usize * 7), BlockNumber(n % 10));
    let mut operations = vec![
        Operation::Transaction(JournalPlace::Waiting),
        Operation::Transaction(JournalPlace::In { sub_block: n / 4, index: n as u32 % 4 }),
        Operation::Place(pick, JournalPlace::Settled { sub_block: n / 8, index: 1, block }),
    ];
    if n.is_multiple_of(4) {
        operations.push(Operation::SubBlock(JournalStage::Open));
        operations.push(Operation::Stage(pick, JournalStage::Proven));
        operations.push(Operation::Segment(pick, n as u8));
    }
    operations.iter().for_each(|operation| model.apply(operation, &mut batch));
    batch
}

/// How many batches were written, found by the transactions of each.
fn written(next_seq: u64) -> u64 {
    assert!(next_seq.is_multiple_of(2), "a part of a batch was written");
    next_seq / 2
}

fn model_of(batches: u64) -> Model {
    let mut model = Model::default();
    (0..batches).for_each(|n| drop(batch(n, &mut model)));
    model
}

fn write_forever(directory: &Path) -> anyhow::Result<()> {
    let journal = open(directory)?;
    let first = written(journal.load()?.next_seq);
    let mut model = model_of(first);
    for n in first.. {
        journal.write(&batch(n, &mut model))?;
        println!("\ncommitted {n}");
    }
    Ok(())
}

#[test]
fn killed_twenty_times() -> anyhow::Result<()> {
    if let Some(directory) = env::var_os(DIRECTORY) {
        return write_forever(Path::new(&directory));
    }
    let directory = tempfile::tempdir()?;
    let mut before = 0;
    for kill in 0..KILLS {
        let from = if kill % 4 == 3 { From::Start } else { From::FirstCommit };
        let after = Duration::from_micros(u64::from(kill * kill * 1_371 % 9_973));
        let said = run_and_kill("thread_journal_crash::killed_twenty_times", directory.path(), from, after)?;
        let journal = open(directory.path())?;
        let batches = written(journal.load()?.next_seq);
        // What was said to be written is; at most the batch under way was not said yet.
        if let Some(said) = said {
            assert!((said + 1..=said + 2).contains(&batches), "it said {said}, there are {batches}");
        }
        assert!(batches >= before, "batches were lost");
        model_of(batches).assert_is(&journal);
        before = batches;
    }
    println!("{KILLS} kills, {before} batches");
    Ok(())
}

/// Lets files grow, or not at all.
fn let_files_grow(grow: bool) -> std::io::Result<()> {
    let limit = getrlimit(Resource::Fsize);
    Ok(setrlimit(Resource::Fsize, Rlimit { current: if grow { limit.maximum } else { Some(0) }, ..limit })?)
}

/// What the process with a full disk does.
fn write_on_a_full_disk(directory: &Path) -> anyhow::Result<()> {
    let mut journal = open(directory)?;
    let mut model = Model::default();
    for n in 0..30 {
        journal.write(&batch(n, &mut model))?;
        if n % 10 != 9 {
            continue;
        }
        let_files_grow(false)?;
        for _ in 0..2 {
            let refused = journal.write(&batch(n + 1, &mut model.clone()));
            assert!(matches!(refused, Err(StorageError::Unwritable { .. })), "{refused:?}");
            let refused = journal.forget_settled_before(BlockNumber(5));
            assert!(matches!(refused, Err(StorageError::Unwritable { .. })), "{refused:?}");
            // What was written can be read.
            model.assert_is(&journal);
        }
        let_files_grow(true)?;
        // The batch that failed does not come back: neither before something else is written nor after it.
        let mut other = JournalBatch::new();
        model.apply(&Operation::Transaction(JournalPlace::Forwarded), &mut other);
        journal.write(&other)?;
        model.assert_is(&journal);
        drop(journal);
        journal = open(directory)?;
        model.assert_is(&journal);
    }
    println!("\nwell");
    Ok(())
}

/// Files that may not grow stand for a disk that is full.
#[test]
fn a_full_disk() -> anyhow::Result<()> {
    if let Some(directory) = env::var_os(DIRECTORY) {
        return write_on_a_full_disk(Path::new(&directory));
    }
    let directory = tempfile::tempdir()?;
    // The shell sees to it that the signal that comes with such a failure is ignored.
    let script = "trap '' XFSZ; exec \"$0\" --exact thread_journal_crash::a_full_disk --nocapture";
    let output = Command::new("sh")
        .args(["-c", script])
        .arg(env::current_exe()?)
        .env(DIRECTORY, directory.path())
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let well = output.status.success() && said.contains("\nwell\n");
    assert!(well, "{said}{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
