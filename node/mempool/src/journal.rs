//! The pool's journal: what an accepted transaction leaves in the database, and how it comes back after a restart.

use std::sync::Arc;

use zkthreads_execution::{PendingBody, Submission};
use zkthreads_protocol::Transaction;
use zkthreads_storage::{ClassDefinition, PooledTransaction};

use crate::waiting::Waiting;

/// As written down.
pub(crate) fn row(waiting: &Waiting) -> PooledTransaction {
    let (class, package) = match &waiting.transaction.body {
        PendingBody::Declare { class, .. } => match &class.definition {
            ClassDefinition::Sierra { sierra, .. } => (Some(sierra.clone()), None),
            ClassDefinition::Legacy { .. } => (None, None),
        },
        PendingBody::Thread(thread) => (None, Some(Arc::clone(thread.package()))),
        PendingBody::Invoke(_) | PendingBody::DeployAccount { .. } | PendingBody::L1Handler(_) => {
            (None, None)
        }
    };
    PooledTransaction {
        hash: waiting.transaction.hash,
        arrival: waiting.arrival,
        admitted_at: waiting.admitted_at,
        transaction: waiting.transaction.to_transaction(),
        class,
        package,
    }
}

/// As it once came, to be admitted anew; `None` if a part of it is missing.
pub(crate) fn submission(row: PooledTransaction) -> Option<Submission> {
    match row.transaction {
        Transaction::Invoke(tx) => Some(Submission::Invoke(tx)),
        Transaction::DeployAccount(tx) => Some(Submission::DeployAccount(tx)),
        Transaction::Declare(tx) => row.class.map(|class| Submission::Declare { tx, class }),
        Transaction::Thread { envelope, .. } => {
            row.package.map(|package| Submission::Thread { envelope, package: package.encode() })
        }
        Transaction::L1Handler(message) => Some(Submission::L1Handler(message)),
    }
}
