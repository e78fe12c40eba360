//! Hints about state: the previous values in the OS's logs.

use std::collections::{BTreeMap, HashMap};

use cairo_vm::types::relocatable::Relocatable;
use cairo_vm::vm::errors::hint_errors::HintError;
use starknet_api::core::ContractAddress;
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;
use zkthreads_program::input::ContractState;

use super::args::Args;
use super::{HintResult, broken};

/// Offset of the contract's address in the Cairo structure `ExecutionInfo`, which a `Call` begins with a pointer to.
const INFO_CONTRACT_ADDRESS: usize = 3;

/// State as of the current point of the walk over syscalls.
pub(super) struct State<'a> {
    claims: &'a BTreeMap<ContractAddress, ContractState>,
    /// The latest entry of each contract in the log of contracts.
    entries: HashMap<Felt, Relocatable>,
    /// Values written so far.
    written: HashMap<(Felt, Felt), Felt>,
}

impl<'a> State<'a> {
    pub(super) fn new(claims: &'a BTreeMap<ContractAddress, ContractState>) -> Self {
        Self { claims, entries: HashMap::new(), written: HashMap::new() }
    }

    /// The contract's `ContractState` so far, to the log entry's `prev_value`.
    pub(super) fn open_contract(&mut self, args: &mut Args<'_>) -> HintResult {
        let entry = args.pointer("contracts")?;
        let address = args.integer_at(entry)?;
        let previous = match self.entries.insert(address, entry) {
            Some(last) => args.pointer_at((last + 2)?)?,
            None => {
                let claim = self.claim(address)?;
                let (class_hash, nonce) = (claim.class_hash.0, claim.nonce.0);
                let storage = args.vm.add_memory_segment();
                args.allocate([class_hash.into(), storage.into(), nonce.into()])?
            }
        };
        args.write((entry + 1)?, [previous.into()])
    }

    /// The cell's value so far, to the log entry's `prev_value`.
    pub(super) fn write_storage(&mut self, args: &mut Args<'_>) -> HintResult {
        let entry = args.pointer("storage")?;
        let info = args.pointer_at(args.pointer("frame")?)?;
        let address = args.integer_at((info + INFO_CONTRACT_ADDRESS)?)?;
        let key = args.integer_at(entry)?;
        let value = args.integer_at((entry + 2)?)?;
        let previous = match self.written.insert((address, key), value) {
            Some(value) => value,
            None => {
                let claim = self.claim(address)?;
                let value = StorageKey::try_from(key).ok().and_then(|key| claim.storage.get(&key));
                *value.ok_or_else(|| {
                    broken(&format!("the input lacks cell {key:#x} of contract {address:#x}"))
                })?
            }
        };
        args.write((entry + 1)?, [previous.into()])
    }

    /// Learns of a write that the OS does to undo another.
    pub(super) fn undo_write(&mut self, args: &Args<'_>) -> HintResult {
        let entry = args.pointer("storage")?;
        let address = args.integer("address")?;
        let key = args.integer_at(entry)?;
        let value = args.integer_at((entry + 2)?)?;
        self.written.insert((address, key), value);
        Ok(())
    }

    fn claim(&self, address: Felt) -> Result<&'a ContractState, HintError> {
        let known = ContractAddress::try_from(address).ok().and_then(|address| self.claims.get(&address));
        known.ok_or_else(|| broken(&format!("the input lacks contract {address:#x}")))
    }
}
