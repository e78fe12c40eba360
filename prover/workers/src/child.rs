//! The worker's process.

use std::io::{self, stdin, stdout};
use std::process;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use rayon::{ThreadPoolBuildError, ThreadPoolBuilder};
use zkthreads_prover::Prover;

use crate::bounds;
use crate::frame::{self, FrameError};
use crate::message::{Answer, Order, Terms};
use crate::work::{self, WorkError};

/// Why a worker ends before its parent wants it to.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// The system refuses a bound.
    #[error("the prover cannot be bounded: {0}")]
    Bounds(#[source] io::Error),
    /// There cannot be as many threads.
    #[error(transparent)]
    Threads(#[from] ThreadPoolBuildError),
    /// There cannot be a thread that reads.
    #[error("no thread to read orders: {0}")]
    Reader(#[source] io::Error),
    /// What is read is no order, or there is nobody to answer.
    #[error("a message to or from the prover: {reason}")]
    Message {
        /// What is wrong.
        reason: String,
    },
}

impl From<FrameError> for ChildError {
    fn from(error: FrameError) -> Self {
        Self::Message { reason: error.to_string() }
    }
}

/// Does what a [`ProverPool`](super::ProverPool) says on standard input, and answers on standard output, until the
/// input ends. Takes the process for itself: there must be no other use for the two, nor other work.
///
/// # Errors
/// See [`ChildError`].
pub fn main() -> Result<(), ChildError> {
    bounds::yield_to_others().map_err(ChildError::Bounds)?;
    let Some(terms) = frame::read::<Terms>(&mut stdin().lock())? else { return Ok(()) };
    bounds::bound_memory(terms.memory_bytes).map_err(ChildError::Bounds)?;
    ThreadPoolBuilder::new().num_threads(terms.threads).build_global()?;
    let orders = orders()?;
    Prover::new().prepare();
    frame::write(&mut stdout(), &Answer::Ready)?;
    for order in orders {
        frame::write(&mut stdout(), &carry_out(&order?))?;
    }
    Ok(())
}

/// Reads on a thread of its own, which notices that the parent is gone while this one works.
fn orders() -> Result<Receiver<Result<Order<'static>, FrameError>>, ChildError> {
    let (sender, orders) = sync_channel(1);
    let read = move || read_orders(&sender);
    thread::Builder::new().name("orders".to_owned()).spawn(read).map_err(ChildError::Reader)?;
    Ok(orders)
}

fn read_orders(sender: &SyncSender<Result<Order<'static>, FrameError>>) {
    let mut pipe = stdin().lock();
    loop {
        let Some(order) = frame::read(&mut pipe).transpose() else { process::exit(0) };
        let is_last = order.is_err();
        if sender.send(order).is_err() || is_last {
            return;
        }
    }
}

fn carry_out(order: &Order<'_>) -> Answer {
    let proven = work::prove(&order.input, &order.statement, &|stage| {
        // If nobody listens, the parent is gone, and the reader of orders ends all.
        let _ = frame::write(&mut stdout(), &Answer::Begun(stage));
    });
    match proven {
        Ok(proven) => Answer::Done(proven),
        Err(WorkError::StatementMismatch { .. }) => Answer::StatementMismatch,
        Err(error) => Answer::Failed { reason: error.to_string() },
    }
}
