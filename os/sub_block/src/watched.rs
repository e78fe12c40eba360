//! A state that notes what is accessed, and can let an empty contract stand where nothing is deployed.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use blockifier::execution::contract_class::{CompiledClassV1, RunnableCompiledClass};
use blockifier::state::state_api::{State, StateReader, StateResult};
use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use starknet_api::contract_class::SierraVersion;
use starknet_api::core::{ClassHash, CompiledClassHash, ContractAddress, Nonce};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;

/// The class of the empty contract. No class has this hash: class hashes are below 2^251.
pub(crate) const NO_CLASS: ClassHash = ClassHash(Felt::MAX);

/// What an execution did with the state.
#[derive(Debug, Default)]
pub(crate) struct Accesses {
    /// Contracts whose class was asked for or of which a cell was accessed, with the cells.
    pub(crate) contracts: BTreeMap<ContractAddress, BTreeSet<StorageKey>>,
    /// Classes that contracts were given.
    pub(crate) given_classes: BTreeSet<ClassHash>,
    /// How often a contract's class was asked for.
    pub(crate) class_reads: usize,
}

/// Passes everything on to `state`, and notes it.
pub(crate) struct Watched<'a> {
    state: &'a mut dyn State,
    /// Questions for a contract's class, counted from zero, which find the empty contract.
    stand_ins: &'a BTreeSet<usize>,
    accesses: RefCell<Accesses>,
}

impl<'a> Watched<'a> {
    pub(crate) fn new(state: &'a mut dyn State, stand_ins: &'a BTreeSet<usize>) -> Self {
        Self { state, stand_ins, accesses: RefCell::default() }
    }

    pub(crate) fn into_accesses(self) -> Accesses {
        self.accesses.into_inner()
    }

    fn note_cell(&self, contract: ContractAddress, key: StorageKey) {
        self.accesses.borrow_mut().contracts.entry(contract).or_default().insert(key);
    }
}

/// A class that has no entry points, so that every call of it fails.
fn empty_class() -> StateResult<RunnableCompiledClass> {
    let casm = CasmContractClass {
        prime: Default::default(),
        compiler_version: String::new(),
        bytecode: Vec::new(),
        bytecode_segment_lengths: None,
        hints: Vec::new(),
        pythonic_hints: None,
        entry_points_by_type: Default::default(),
    };
    Ok(RunnableCompiledClass::V1(CompiledClassV1::try_from((casm, SierraVersion::new(1, 7, 0)))?))
}

impl StateReader for Watched<'_> {
    fn get_storage_at(&self, contract: ContractAddress, key: StorageKey) -> StateResult<Felt> {
        self.note_cell(contract, key);
        self.state.get_storage_at(contract, key)
    }

    fn get_nonce_at(&self, contract: ContractAddress) -> StateResult<Nonce> {
        self.state.get_nonce_at(contract)
    }

    fn get_class_hash_at(&self, contract: ContractAddress) -> StateResult<ClassHash> {
        let mut accesses = self.accesses.borrow_mut();
        accesses.contracts.entry(contract).or_default();
        let read = accesses.class_reads;
        accesses.class_reads = read.saturating_add(1);
        if self.stand_ins.contains(&read) { Ok(NO_CLASS) } else { self.state.get_class_hash_at(contract) }
    }

    fn get_compiled_class(&self, class_hash: ClassHash) -> StateResult<RunnableCompiledClass> {
        if class_hash == NO_CLASS { empty_class() } else { self.state.get_compiled_class(class_hash) }
    }

    fn get_compiled_class_hash(&self, class_hash: ClassHash) -> StateResult<CompiledClassHash> {
        self.state.get_compiled_class_hash(class_hash)
    }
}

impl State for Watched<'_> {
    fn set_storage_at(&mut self, contract: ContractAddress, key: StorageKey, value: Felt) -> StateResult<()> {
        self.note_cell(contract, key);
        self.state.set_storage_at(contract, key, value)
    }

    fn increment_nonce(&mut self, contract: ContractAddress) -> StateResult<()> {
        self.state.increment_nonce(contract)
    }

    fn set_class_hash_at(&mut self, contract: ContractAddress, class_hash: ClassHash) -> StateResult<()> {
        // Blockifier undoes a failed call by setting the class it found; where it found none there is none.
        if class_hash == NO_CLASS {
            return Ok(());
        }
        let accesses = self.accesses.get_mut();
        accesses.contracts.entry(contract).or_default();
        if class_hash != ClassHash::default() {
            accesses.given_classes.insert(class_hash);
        }
        self.state.set_class_hash_at(contract, class_hash)
    }

    fn set_contract_class(&mut self, class_hash: ClassHash, class: RunnableCompiledClass) -> StateResult<()> {
        self.state.set_contract_class(class_hash, class)
    }

    fn set_compiled_class_hash(
        &mut self,
        class_hash: ClassHash,
        compiled_class_hash: CompiledClassHash,
    ) -> StateResult<()> {
        self.state.set_compiled_class_hash(class_hash, compiled_class_hash)
    }
}
