//! Compiling the classes that strangers send: one at a time, since each may take seconds and a gigabyte, and none twice
//! because it was sent twice (wallets estimate a declaration's fee, then send it).

use std::sync::Arc;

use moka::sync::Cache;
use parking_lot::Mutex;
use starknet_api::core::ClassHash;
use starknet_api::state::SierraContractClass;
use zkthreads_storage::ClassRecord;

use crate::class;
use crate::error::AdmitError;

/// How many compiled classes are kept. Each may hold some 40 MB, its hardened code included.
const KEPT: u64 = 4;

/// Compiles classes.
pub(crate) struct Compiler {
    kept: Cache<ClassHash, Arc<ClassRecord>>,
    at_work: Mutex<()>,
}

impl Compiler {
    pub(crate) fn new() -> Self {
        Self { kept: Cache::new(KEPT), at_work: Mutex::new(()) }
    }

    /// Compiles a class of that hash, unless it was compiled lately.
    ///
    /// # Errors
    /// As [`class::compile`]; [`AdmitError::CompilerBusy`] if another one is being compiled and nobody is to wait for that.
    pub(crate) fn compile(
        &self,
        hash: ClassHash,
        class: SierraContractClass,
        waiting: Waiting,
    ) -> Result<Arc<ClassRecord>, AdmitError> {
        let compile = || {
            let at_work = match waiting {
                Waiting::ForOthers => Some(self.at_work.lock()),
                Waiting::ForNobody => self.at_work.try_lock(),
            };
            let _at_work = at_work.ok_or(AdmitError::CompilerBusy)?;
            class::compile(class).map(Arc::new)
        };
        self.kept.try_get_with(hash, compile).map_err(|error| copy(&error))
    }

    /// Does something that compiles while nobody else does.
    pub(crate) fn alone<T>(&self, compile: impl FnOnce() -> T) -> T {
        let _at_work = self.at_work.lock();
        compile()
    }
}

/// An error of the compiler for each who waited for the same class.
fn copy(error: &AdmitError) -> AdmitError {
    match error {
        AdmitError::CompilerBusy => AdmitError::CompilerBusy,
        AdmitError::ClassTooLarge(reason) => AdmitError::ClassTooLarge(reason.clone()),
        AdmitError::UnsupportedClassVersion(reason) => AdmitError::UnsupportedClassVersion(reason.clone()),
        AdmitError::Malformed(reason) => AdmitError::Malformed(reason.clone()),
        AdmitError::CompilationFailed(reason) => AdmitError::CompilationFailed(reason.clone()),
        error => AdmitError::CompilationFailed(error.to_string()),
    }
}

/// Whether to wait while another class is being compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// Until it is done.
    ForOthers,
    /// Not at all: there is other work that would have to wait as well.
    ForNobody,
}
