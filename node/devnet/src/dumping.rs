//! Dumping and loading a running devnet.

use std::io::{self, Cursor, Read, Write};
use std::path::{Path, PathBuf};

use starknet_api::block::BlockNumber;
use zkthreads_genesis::accounts::derive;
use zkthreads_producer::Course;
use zkthreads_rpc_api::devnet::{DevnetControl, DevnetError, DumpOn, DumpPlace, Impersonated, LoadSource};
use zkthreads_storage::{Storage, StorageError};

use crate::control::{Control, ControlState, command_error, internal};
use crate::dump::{self, ReadError, Replacement, Settings};
use crate::manifest::Manifest;
use crate::prices::{change_prices, show_prices};

/// Why a dump was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file system.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// A dump that is written when the node ends.
pub struct LastDump {
    path: PathBuf,
    settings: Settings,
}

impl LastDump {
    /// Writes it.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(self, storage: &Storage) -> Result<(), WriteError> {
        write_file(&self.path, self.settings, storage)
    }
}

impl Control {
    /// Writes a dump; gives it back if it is for the answer.
    pub(super) fn write_dump(&self, place: DumpPlace) -> Result<Option<Vec<u8>>, DevnetError> {
        let path = match place {
            DumpPlace::File(path) => Some(path),
            DumpPlace::Default => self.options.dump_path.clone(),
            DumpPlace::Inline => None,
        };
        let state = self.state.lock();
        let settings = self.settings(&state);
        let written = self.producer.with_course(move |storage, course| match path {
            Some(path) => write_file(&path, settings(course), storage).map(|()| None),
            None => {
                let mut bytes = Vec::new();
                write(settings(course), storage, &mut bytes).map(|()| Some(bytes))
            }
        });
        written.map_err(command_error)?.map_err(|error| DevnetError::Dump { reason: error.to_string() })
    }

    /// What is to be dumped when the node ends, if anything. The database may still change.
    pub(super) fn last_dump(&self) -> Option<LastDump> {
        let path = self.options.dump_path.clone()?;
        if !matches!(self.options.dump_on, Some(DumpOn::Exit | DumpOn::Block)) {
            return None;
        }
        let settings = self.settings(&self.state.lock());
        let settings = self.producer.with_course(|_, course| settings(course)).ok()?;
        Some(LastDump { path, settings })
    }

    /// What to write besides the database, once the producer has said how it goes on.
    fn settings(&self, state: &ControlState) -> impl FnOnce(Course) -> Settings + Send + 'static {
        let Impersonated { everyone, accounts } = self.impersonation();
        let (manifest, mailbox) = (state.devnet.manifest.clone(), state.mailbox.clone());
        move |course| Settings {
            manifest,
            clock: course.clock,
            gas_prices: show_prices(&course.gas_prices),
            impersonate_everyone: everyone,
            impersonated: accounts,
            mailbox,
        }
    }

    /// Replaces everything by a dump.
    pub(super) fn read_dump(&self, source: LoadSource) -> Result<(), DevnetError> {
        let failed = |reason: String| DevnetError::Load { reason };
        match source {
            LoadSource::File(path) => {
                let file =
                    dump::open(&path).map_err(|error| failed(format!("{}: {error}", path.display())))?;
                self.replace(file)
            }
            LoadSource::Bytes(bytes) => self.replace(Cursor::new(bytes)),
        }
    }

    fn replace(&self, mut dump: impl Read + Send + 'static) -> Result<(), DevnetError> {
        let failed = |reason: String| DevnetError::Load { reason };
        let read = dump::read_settings(&mut dump).map_err(|error: ReadError| failed(error.to_string()))?;
        let Settings { manifest, clock, gas_prices, impersonate_everyone, impersonated, mailbox } = read;
        let executor = self.delivery.executor.clone();
        let config = executor.config();
        if manifest.chain_id != config.chain_id {
            let (theirs, ours) = (&manifest.chain_id, &config.chain_id);
            return Err(failed(format!("the dump is of chain {theirs}, this is chain {ours}")));
        }
        let (theirs, ours) = (manifest.max_thread_lag, config.thread_rules.at(BlockNumber(0)).max_lag);
        if theirs != ours {
            let reason =
                format!("the dump is of a devnet with --max-thread-lag {theirs}, this one has {ours}");
            return Err(failed(reason));
        }
        let mut prices = config.gas_prices.clone();
        change_prices(&mut prices, gas_prices).map_err(internal)?;
        let accounts = derive(manifest.seed, manifest.accounts).map_err(internal)?;

        let mut state = self.state.lock();
        // The origin may be elsewhere by now.
        let manifest = Manifest { fork: state.devnet.manifest.fork.clone(), ..manifest };
        let prepare = move || executor.impersonation().replace(impersonate_everyone, impersonated);
        self.producer.load(dump, clock, prices, prepare).map_err(|error| failed(error.to_string()))?;
        manifest.replace(&state.directory).map_err(|error| failed(error.to_string()))?;
        state.devnet.manifest = manifest;
        state.devnet.accounts = accounts;
        state.mailbox = mailbox;
        state.snapshots.clear();
        Ok(())
    }
}

fn write_file(path: &Path, settings: Settings, storage: &Storage) -> Result<(), WriteError> {
    let mut file = Replacement::begin(path)?;
    write(settings, storage, &mut file)?;
    Ok(file.finish()?)
}

fn write(settings: Settings, storage: &Storage, mut out: impl Write) -> Result<(), WriteError> {
    dump::write_settings(&settings, &mut out)?;
    Ok(storage.export(&mut out)?)
}
