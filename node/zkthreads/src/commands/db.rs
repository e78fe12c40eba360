//! `zkthreads db`: the database of a chain whose node is not running.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use zkthreads_fork::CACHE;
use zkthreads_storage::{Migrated, Storage};

use super::Outcome;
use crate::chain::DATABASE;
use crate::config::{CheckpointArgs, DataDir, DbCommand, PruneArgs};
use crate::terminal::{Paint, bytes, grouped};

/// Runs one of the subcommands.
///
/// # Errors
/// If there is no chain, its node is running, or the database fails.
pub fn run(command: DbCommand) -> Result<Outcome> {
    match command {
        DbCommand::Stats(chain) => stats(&chain)?,
        DbCommand::Check(chain) => return check(&chain),
        DbCommand::Prune(arguments) => prune(&arguments)?,
        DbCommand::Checkpoint(arguments) => checkpoint(&arguments)?,
        DbCommand::Migrate(chain) => migrate(&chain)?,
    }
    Ok(Outcome::Done)
}

/// Opens a database that exists; a mistyped path makes none.
fn open(DataDir { data_dir }: &DataDir) -> Result<Storage> {
    let path = data_dir.join(DATABASE);
    if !path.join("CURRENT").exists() {
        bail!("there is no chain in {}", data_dir.display());
    }
    Ok(Storage::open(&path)?)
}

fn stats(chain: &DataDir) -> Result<()> {
    let storage = open(chain)?;
    let stats = storage.stats()?;
    match storage.latest()? {
        Some(latest) => println!("blocks up to {latest}, states from {} on\n", storage.oldest_state()),
        None => println!("no block yet\n"),
    }
    println!("{:24} {:>14} {:>14}", "table", "rows, about", "on disk");
    for table in &stats.tables {
        println!("{:24} {:>14} {:>14}", table.name, grouped(table.rows), size(table.disk_bytes));
    }
    let total = stats.tables.iter().map(|table| table.disk_bytes).sum();
    println!("{:24} {:>14} {:>14}", "all", "", size(total));
    Ok(())
}

fn check(chain: &DataDir) -> Result<Outcome> {
    let check = open(chain)?.check();
    println!(
        "{} blocks, {} transactions, {} contracts, {} storage cells, {} classes",
        grouped(check.blocks),
        grouped(check.transactions),
        grouped(check.contracts),
        grouped(check.cells),
        grouped(check.classes),
    );
    for problem in &check.problems {
        println!("{}: {problem}", "wrong".red());
    }
    if check.further_problems > 0 {
        println!("and {} more problems", grouped(check.further_problems));
    }
    if check.is_sound() {
        println!("{}", "sound".green());
        return Ok(Outcome::Done);
    }
    Ok(Outcome::Wrong)
}

fn prune(PruneArgs { chain, state_history }: &PruneArgs) -> Result<()> {
    let oldest = open(chain)?.prune(*state_history)?;
    println!("states are kept from block {oldest} on");
    Ok(())
}

/// The copy gets what lies beside the database, too: what the chain was made with.
fn checkpoint(CheckpointArgs { chain, to }: &CheckpointArgs) -> Result<()> {
    let storage = open(chain)?;
    if to.exists() {
        bail!("{} exists already", to.display());
    }
    // The database last: a directory without one is no chain, so an interrupted copy is not taken for a whole one.
    fs::create_dir_all(to).with_context(|| to.display().to_string())?;
    copy_files(&chain.data_dir, to).with_context(|| format!("cannot copy to {}", to.display()))?;
    storage.checkpoint(&to.join(DATABASE))?;
    println!("a node can be started with --data-dir {}", to.display());
    Ok(())
}

fn copy_files(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// One database after the other. What was done already, by a run that was interrupted, is left as it is.
fn migrate(DataDir { data_dir }: &DataDir) -> Result<()> {
    let databases = databases(data_dir).with_context(|| data_dir.display().to_string())?;
    if databases.is_empty() {
        bail!("there is no database in {}", data_dir.display());
    }
    for path in databases {
        let name = path.strip_prefix(data_dir).unwrap_or(&path).display();
        match zkthreads_storage::migrate(&path)? {
            Migrated { from, to } if from == to => println!("{name}: is of version {to} already"),
            Migrated { from, to } => println!("{name}: carried over from version {from} to {to}"),
        }
    }
    Ok(())
}

/// What lies in a data directory: a chain or a thread's databases, and one for each fork of which something is kept.
fn databases(data_dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut databases = Vec::new();
    for directory in [data_dir, &data_dir.join(CACHE)] {
        let entries = match fs::read_dir(directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let path = entry?.path();
            if path.join("CURRENT").exists() {
                databases.push(path);
            }
        }
    }
    databases.sort();
    Ok(databases)
}

fn size(count: u64) -> String {
    bytes(usize::try_from(count).unwrap_or(usize::MAX))
}
