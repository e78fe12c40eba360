//! The state that transactions are executed on: what storage holds, and what an open block has changed.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use blockifier::execution::contract_class::{CompiledClassV0, CompiledClassV1, RunnableCompiledClass};
use blockifier::state::cached_state::StateMaps;
use blockifier::state::errors::StateError;
use blockifier::state::state_api::{StateReader, StateResult};
use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use moka::sync::Cache;
use starknet_api::block::BlockNumber;
use starknet_api::contract_class::SierraVersion;
use starknet_api::contract_class::compiled_class_hash::{HashVersion, HashableCompiledClass};
use starknet_api::core::{ClassHash, CompiledClassHash, ContractAddress, Nonce};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{LogicalTime, StateCell, Statement};
use zkthreads_storage::{
    BaseStateError, CellWrite, ClassDefinition, ClassRecord, Hardened, StateView, Storage, StorageError,
};

use crate::cells::changed;
use crate::class;
use crate::class_facts::{ClassFacts, FactsCache};
use crate::class_source::{ClassSource, in_threads};
use crate::error::ExecutionError;
use crate::overlay::Overlay;

/// Felts of code of the classes that are kept ready to run, in all their forms: some hundred of the usual size, up to some
/// 600 MB. Whoever sends a transaction chooses the classes.
const CACHED_FELTS: u64 = 1 << 22;

/// A stored class, ready to run.
#[derive(Clone)]
struct ReadyClass {
    class: RunnableCompiledClass,
    compiled_class_hash: CompiledClassHash,
    /// What it is to threads, and that as blockifier runs it; filled when it is asked for.
    in_threads: Arc<OnceLock<InThreads>>,
    declared_at: BlockNumber,
    /// Felts of its code in all forms.
    felts: u32,
    /// The storage's epoch when it was read.
    epoch: u64,
}

/// What a class is to threads, in both forms.
#[derive(Clone)]
struct InThreads {
    hardened: Hardened,
    class: RunnableCompiledClass,
}

/// Stored classes ready to run, shared by all states of one executor.
#[derive(Clone)]
pub(crate) struct ClassCache {
    ready: Cache<ClassHash, ReadyClass>,
    facts: FactsCache,
}

impl ClassCache {
    pub(crate) fn new() -> Self {
        let ready = Cache::builder().weigher(|_, class: &ReadyClass| class.felts).max_capacity(CACHED_FELTS);
        Self { ready: ready.build(), facts: FactsCache::new() }
    }
}

/// The state after one block, or within an open one. Cheap to clone.
#[derive(Clone)]
pub struct ChainState {
    view: StateView,
    /// The last stored block that it holds.
    at: BlockNumber,
    pub(crate) overlay: Overlay,
    classes: ClassCache,
    /// The storage's epoch when it was opened.
    epoch: u64,
    /// The first failure to read it. Clones share it.
    unread: Arc<Mutex<Option<StorageError>>>,
}

impl ChainState {
    pub(crate) fn new(storage: &Storage, at: BlockNumber, classes: ClassCache) -> Self {
        let (epoch, view) = (storage.epoch(), storage.state_at(at));
        Self { view, at, overlay: Overlay::default(), classes, epoch, unread: Arc::default() }
    }

    /// Puts what a sub-block wrote on top that is executed at `time`.
    pub fn write_of_sub_block(&mut self, changes: &StateMaps, time: LogicalTime) {
        self.overlay.write(changes);
        self.overlay.were_written_at(&changed(changes).map(|(cell, _)| (cell, time)).collect());
    }

    /// Whether what was never written here is another chain's.
    pub(crate) fn is_forked(&self) -> bool {
        self.view.is_forked()
    }

    /// The stored state below the open block's changes.
    #[must_use]
    pub fn stored(&self) -> &StateView {
        &self.view
    }

    /// A storage cell; zero if it was never written.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn storage(&self, contract: ContractAddress, key: StorageKey) -> Result<Felt, StorageError> {
        match self.overlay.storage.get(&(contract, key)) {
            Some(value) => Ok(*value),
            None => self.view.storage(contract, key),
        }
    }

    /// The block that last wrote a storage cell, be it the open one; `None` if none did.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn storage_changed_at(
        &self,
        contract: ContractAddress,
        key: StorageKey,
    ) -> Result<Option<BlockNumber>, StorageError> {
        if self.overlay.storage.contains_key(&(contract, key)) {
            return Ok(self.at.next());
        }
        self.view.storage_changed_at(contract, key)
    }

    /// The open block's number.
    pub(crate) fn next_block(&self) -> BlockNumber {
        self.at.next().unwrap_or(self.at)
    }

    /// The last write to a cell, if it is later than block `base`. What the open block has changed and put back again is not
    /// changed: it will not be in its diff.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub(crate) fn written_after(
        &self,
        base: BlockNumber,
        contract: ContractAddress,
        cell: StateCell,
    ) -> Result<Option<CellWrite>, StorageError> {
        if let Some(value) = self.overlay.value(contract, cell)
            && value != self.stored_value(contract, cell)?
        {
            let sub_block = self.overlay.thread_time(contract, cell);
            return Ok(Some(CellWrite { block: self.next_block(), sub_block }));
        }
        self.view.written_after(base, contract, cell)
    }

    /// Whether a cell was written later than what is executed at `base` could have seen.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn is_newer(
        &self,
        base: LogicalTime,
        contract: ContractAddress,
        cell: StateCell,
    ) -> StateResult<bool> {
        let write =
            self.written_after(base.number, contract, cell).map_err(|error| self.read_error(error))?;
        Ok(write.is_some_and(|write| write.is_after(base)))
    }

    /// Whether a class was declared after block `base`.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn is_declared_after(&self, base: BlockNumber, class_hash: ClassHash) -> StateResult<bool> {
        Ok(self.overlay.classes.contains_key(&class_hash) || self.ready_class(class_hash)?.declared_at > base)
    }

    fn stored_value(&self, contract: ContractAddress, cell: StateCell) -> Result<Felt, StorageError> {
        Ok(match cell {
            StateCell::Storage(key) => self.view.storage(contract, key)?,
            StateCell::Nonce => self.view.nonce(contract)?.0,
            StateCell::ClassHash => self.view.class_hash(contract)?.0,
        })
    }

    /// A contract's nonce; zero if there is no such contract.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn nonce(&self, contract: ContractAddress) -> Result<Nonce, StorageError> {
        match self.overlay.nonces.get(&contract) {
            Some(nonce) => Ok(*nonce),
            None => self.view.nonce(contract),
        }
    }

    /// A contract's class; zero if there is no such contract.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn class_hash(&self, contract: ContractAddress) -> Result<ClassHash, StorageError> {
        match self.overlay.class_hashes.get(&contract) {
            Some(class_hash) => Ok(*class_hash),
            None => self.view.class_hash(contract),
        }
    }

    /// Whether a class is declared by now, on a chain that was not forked. Reads nothing of the class itself.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub(crate) fn is_declared(&self, class_hash: ClassHash) -> Result<bool, StorageError> {
        Ok(self.overlay.classes.contains_key(&class_hash) || self.view.is_declared(class_hash)?)
    }

    /// A class as declared; `None` if it is not declared by now.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn class(&self, class_hash: ClassHash) -> Result<Option<Arc<ClassRecord>>, StorageError> {
        match self.overlay.classes.get(&class_hash) {
            Some(declared) => Ok(Some(Arc::clone(&declared.record))),
            None => self.view.class(class_hash),
        }
    }

    /// A declared class without its code; `None` if it is not declared by now. Its code is read at most once.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub(crate) fn class_facts(&self, class_hash: ClassHash) -> Result<Option<Arc<ClassFacts>>, StorageError> {
        if let Some(declared) = self.overlay.classes.get(&class_hash) {
            return Ok(ClassFacts::of(&declared.record).map(Arc::new));
        }
        let facts = match self.classes.facts.get(class_hash, self.epoch) {
            Some(known) => Some(known),
            None => {
                let record = self.view.class(class_hash)?;
                let read = record.and_then(|record| ClassFacts::of(&record)).map(Arc::new);
                if let Some(facts) = &read {
                    self.classes.facts.insert(class_hash, self.epoch, facts);
                }
                read
            }
        };
        Ok(facts.filter(|facts| facts.declared_at <= self.at))
    }

    /// This state after a sub-block has settled on it.
    #[must_use]
    pub fn with(&self, statement: &Statement) -> Self {
        let mut state = self.clone();
        state.overlay.settle(statement);
        state
    }

    /// The same state for somebody else, whose failures to read it are no concern of ours.
    pub(crate) fn apart(&self) -> Self {
        Self { unread: Arc::default(), ..self.clone() }
    }

    /// Whether everything could be read since this was asked last. Blockifier takes a failure to read for the failure of
    /// a transaction; that of a disk, or of a chain that was forked and cannot be reached now, is nobody's.
    ///
    /// # Errors
    /// The first failure.
    pub fn all_read(&self) -> Result<(), ExecutionError> {
        match self.unread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            None => Ok(()),
            Some(error) => Err(error.into()),
        }
    }

    fn read_error(&self, error: StorageError) -> StateError {
        let reason = error.to_string();
        self.unread.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        StateError::StateReadError(reason)
    }

    /// The class in the form that runs, and its compiled class hash.
    fn runnable(&self, class_hash: ClassHash) -> StateResult<(RunnableCompiledClass, CompiledClassHash)> {
        if let Some(declared) = self.overlay.classes.get(&class_hash) {
            return Ok((declared.runnable.clone(), declared.record.compiled_class_hash));
        }
        let ready = self.ready_class(class_hash)?;
        Ok((ready.class, ready.compiled_class_hash))
    }

    fn ready_class(&self, class_hash: ClassHash) -> StateResult<ReadyClass> {
        let cached = self.classes.ready.get(&class_hash);
        if let Some(ready) = cached.filter(|ready| ready.epoch == self.epoch) {
            return if ready.declared_at <= self.at {
                Ok(ready)
            } else {
                Err(StateError::UndeclaredClassHash(class_hash))
            };
        }
        let record = self.view.class(class_hash).map_err(|error| self.read_error(error))?;
        let record = record.ok_or(StateError::UndeclaredClassHash(class_hash))?;
        let ready = ReadyClass {
            class: runnable(&record)?,
            compiled_class_hash: record.compiled_class_hash,
            in_threads: Arc::default(),
            declared_at: record.declared_at,
            felts: record.felts(),
            epoch: self.epoch,
        };
        self.classes.ready.insert(class_hash, ready.clone());
        Ok(ready)
    }

    /// What the class is to threads. One that an older program stored is compiled here.
    fn in_threads_both(&self, class_hash: ClassHash) -> StateResult<InThreads> {
        let ready = match self.overlay.classes.get(&class_hash) {
            Some(_) => None,
            None => Some(self.ready_class(class_hash)?),
        };
        if let Some(known) = ready.as_ref().and_then(|ready| ready.in_threads.get()) {
            return Ok(known.clone());
        }
        let record = self.class(class_hash).map_err(|error| self.read_error(error))?;
        let record = record.ok_or(StateError::UndeclaredClassHash(class_hash))?;
        // If it cannot be compiled now, that is nobody's fault.
        let hardened = class::hardened(&record)
            .map_err(|error| self.read_error(BaseStateError::Busy { reason: error.to_string() }.into()))?;
        let ClassDefinition::Sierra { sierra_version, .. } = &record.definition else {
            return Err(StateError::UndeclaredClassHash(class_hash));
        };
        let hardened = hardened.ok_or(StateError::UndeclaredClassHash(class_hash))?;
        let standard = match &ready {
            Some(ready) => ready.class.clone(),
            None => runnable(&record)?,
        };
        let class = in_threads(&hardened, sierra_version.parse()?, &standard)?;
        let known = InThreads { hardened, class };
        Ok(match ready {
            Some(ready) => ready.in_threads.get_or_init(|| known).clone(),
            None => known,
        })
    }
}

/// The class in the form that blockifier runs.
pub(crate) fn runnable(record: &ClassRecord) -> StateResult<RunnableCompiledClass> {
    Ok(match &record.definition {
        ClassDefinition::Sierra { casm, sierra_version, .. } => {
            let version: SierraVersion = sierra_version.parse()?;
            CompiledClassV1::try_from((casm.clone(), version))?.into()
        }
        ClassDefinition::Legacy { class } => CompiledClassV0::try_from(class.clone())?.into(),
    })
}

impl StateReader for ChainState {
    fn get_storage_at(&self, contract: ContractAddress, key: StorageKey) -> StateResult<Felt> {
        self.storage(contract, key).map_err(|error| self.read_error(error))
    }

    fn get_nonce_at(&self, contract: ContractAddress) -> StateResult<Nonce> {
        self.nonce(contract).map_err(|error| self.read_error(error))
    }

    fn get_class_hash_at(&self, contract: ContractAddress) -> StateResult<ClassHash> {
        self.class_hash(contract).map_err(|error| self.read_error(error))
    }

    fn get_compiled_class(&self, class_hash: ClassHash) -> StateResult<RunnableCompiledClass> {
        self.runnable(class_hash).map(|(class, _)| class)
    }

    fn get_compiled_class_hash(&self, class_hash: ClassHash) -> StateResult<CompiledClassHash> {
        match self.runnable(class_hash) {
            Ok((_, compiled_class_hash)) => Ok(compiled_class_hash),
            Err(StateError::UndeclaredClassHash(_)) => Ok(CompiledClassHash::default()),
            Err(error) => Err(error),
        }
    }

    /// The class trie holds version 2 hashes only, so this is [`StateReader::get_compiled_class_hash`], and no class
    /// ever migrates. A class that the transaction itself declares is known nowhere yet: its hash is computed.
    fn get_compiled_class_hash_v2(
        &self,
        class_hash: ClassHash,
        compiled_class: &RunnableCompiledClass,
    ) -> StateResult<CompiledClassHash> {
        match (self.runnable(class_hash), compiled_class) {
            (Err(error), _) if !matches!(error, StateError::UndeclaredClassHash(_)) => Err(error),
            (_, RunnableCompiledClass::V0(_)) => Err(StateError::MissingCompiledClassHashV2(class_hash)),
            (Ok((_, compiled_class_hash)), _) => Ok(compiled_class_hash),
            (Err(_), RunnableCompiledClass::V1(class)) => Ok(class.hash(&HashVersion::V2)),
        }
    }
}

impl ClassSource for ChainState {
    fn casm(&self, class_hash: ClassHash) -> StateResult<Arc<CasmContractClass>> {
        let hardened = self.in_threads_both(class_hash)?.hardened;
        hardened.casm().cloned().ok_or(StateError::UndeclaredClassHash(class_hash))
    }

    fn compiled_class_hash(&self, class_hash: ClassHash) -> StateResult<CompiledClassHash> {
        let hardened = self.in_threads_both(class_hash)?.hardened;
        hardened.compiled_class_hash().ok_or(StateError::UndeclaredClassHash(class_hash))
    }

    fn in_threads(&self, class_hash: ClassHash) -> StateResult<RunnableCompiledClass> {
        match self.runnable(class_hash)?.0 {
            // Threads run none of Cairo 0: whoever asks finds out.
            legacy @ RunnableCompiledClass::V0(_) => Ok(legacy),
            RunnableCompiledClass::V1(_) => Ok(self.in_threads_both(class_hash)?.class),
        }
    }

    fn unhardened(&self, class_hash: ClassHash) -> StateResult<Option<String>> {
        let hardened = self.in_threads_both(class_hash)?.hardened;
        Ok(hardened.refusal().map(str::to_owned))
    }
}
