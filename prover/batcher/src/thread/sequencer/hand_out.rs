//! Work for those who wait for it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;

use super::{Sequencer, State};
use crate::thread::handle::Lease;
use crate::thread::job::{Bundle, Forward, Job};

impl Sequencer {
    /// Gives work to those who wait for it.
    pub(super) fn hand_out(&mut self) {
        let now = Instant::now();
        while let Some(taker) = next_taker(&mut self.jobs) {
            self.attempt(|work| work.renew_job(now));
            let State::Running(work) = &mut self.state else {
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
                _lease: Lease::new(&self.sender, give_back),
            };
            // If nobody waits any more, the job's end gives it back.
            drop(taker.send(job));
        }
        let State::Running(work) = &mut self.state else { return };
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
                _lease: Lease::new(&self.sender, give_back),
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
            drop(taker.send(Forward { hash, transaction, _lease: Lease::new(&self.sender, give_back) }));
        }
    }
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
