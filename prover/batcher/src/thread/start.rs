//! The beginning of a thread.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::{channel, sync_channel};
use std::thread::JoinHandle;
use std::time::Instant;

use parking_lot::{Mutex, RwLock};

use super::config::ThreadParts;
use super::error::ThreadError;
use super::figures::Figures;
use super::handle::ThreadHandle;
use super::job::NodeHealth;
use super::outage::Outage;
use super::report;
use super::sequencer::Sequencer;
use super::shared::Shared;

/// A thread: users' transactions on top of a node's chain.
pub struct Thread;

impl Thread {
    /// Starts the sequencer, which goes on where the journal ends. It ends with [`ThreadHandle::stop`].
    ///
    /// # Errors
    /// If the followed database has no block, or cannot be read.
    pub fn start(parts: ThreadParts) -> Result<(ThreadHandle, JoinHandle<()>), ThreadError> {
        let ThreadParts { executor, journal, feed, provers, config } = parts;
        let head = executor.latest_header()?;
        let (sender, messages) = channel();
        let base = report::base_block(&head);
        let beginning = Outage::State { reason: "the journal is being read".to_owned() };
        let figures = Figures::new(Instant::now());
        let status = report::status(&config, &NodeHealth::Reachable, base, &figures, Err(&beginning));
        let shared = Arc::new(Shared {
            chain_id: executor.config().chain_id.clone(),
            journal: Arc::new(journal),
            provers,
            queued: AtomicUsize::new(0),
            head: RwLock::new((base.block_number, base.block_hash)),
            waiting: RwLock::default(),
            figures: Mutex::new(figures),
            status: RwLock::new(status),
        });
        let mut sequencer = Sequencer::new(
            config,
            executor,
            feed,
            Arc::clone(&shared),
            (sender.clone(), messages),
            beginning,
        );
        // Nobody is served before it is known what was acknowledged.
        let (ready, is_ready) = sync_channel(1);
        let run = move || {
            sequencer.recover();
            sequencer.tell_status();
            let _ = ready.send(());
            sequencer.run();
        };
        let thread = std::thread::Builder::new().name("thread-sequencer".to_owned()).spawn(run)?;
        // If it panicked, whoever asks it something learns that it has stopped.
        let _ = is_ready.recv();
        Ok((ThreadHandle::new(sender, shared), thread))
    }
}
