//! Work for those who wait for it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Instant;

use tokio::sync::oneshot;

use super::{Sequencer, SequencerState};
use crate::thread::job::{Bundle, Forward, Job};
use crate::thread::lease::Lease;
use crate::thread::message::Message;

impl Sequencer {
    /// Gives work to those who wait for it.
    pub(super) fn hand_out(&mut self) {
        let now = Instant::now();
        while let Some(taker) = next_taker(&mut self.jobs) {
            self.attempt(|work| work.renew_job(now));
            let SequencerState::Running(work) = &mut self.state else {
                self.jobs.push_front(taker);
                return;
            };
            let Some((sub_block, lease)) = work.next_job(now) else {
                self.jobs.push_front(taker);
                break;
            };
            let name = sub_block.name();
            let give_back = move |sequencer: &mut Self| {
                sequencer.attempt(|work| {
                    work.give_back_job(name, lease);
                    Ok(())
                });
            };
            let job = Job {
                id: name.0,
                attempt: name.1,
                executed: Arc::clone(&sub_block.executed),
                alive: sub_block.alive.subscribe(),
                _lease: lease_of(&self.sender, give_back),
            };
            // If nobody waits any more, the job's end gives it back.
            drop(taker.send(job));
        }
        let SequencerState::Running(work) = &mut self.state else { return };
        while let Some(taker) = next_taker(&mut self.bundles) {
            let Some(taken) = work.next_bundle(now) else {
                self.bundles.push_front(taker);
                break;
            };
            let lease = taken.lease;
            let give_back = move |sequencer: &mut Self| {
                sequencer.attempt(|work| {
                    work.give_back_bundle(lease);
                    Ok(())
                });
            };
            let bundle = Bundle {
                sub_blocks: taken.sub_blocks,
                package: taken.package,
                alive: taken.alive,
                _lease: lease_of(&self.sender, give_back),
            };
            drop(taker.send(bundle));
        }
        while let Some(taker) = next_taker(&mut self.forwards) {
            let Some((hash, transaction, lease)) = work.next_forward(now) else {
                self.forwards.push_front(taker);
                break;
            };
            let give_back = move |sequencer: &mut Self| {
                sequencer.attempt(|work| {
                    work.forwards.give_back(lease);
                    Ok(())
                });
            };
            drop(taker.send(Forward { hash, transaction, _lease: lease_of(&self.sender, give_back) }));
        }
    }
}

/// Has `give_back` done once what is handed out with the lease is dropped.
fn lease_of(
    sender: &Sender<Message<Sequencer>>,
    give_back: impl FnOnce(&mut Sequencer) + Send + Sync + 'static,
) -> Lease {
    let sender = sender.clone();
    Lease::new(move || {
        // If the sequencer has ended there is nobody to give it back to.
        let _ = sender.send(Message::Command(Box::new(give_back)));
    })
}

/// The next one who still waits.
fn next_taker<T>(takers: &mut VecDeque<oneshot::Sender<T>>) -> Option<oneshot::Sender<T>> {
    while let Some(taker) = takers.pop_front() {
        if !taker.is_closed() {
            return Some(taker);
        }
    }
    None
}
