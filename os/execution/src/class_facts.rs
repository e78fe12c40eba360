//! What there is to know of a class that a statement lists, without its code.

use std::collections::BTreeMap;
use std::sync::Arc;

use moka::sync::Cache;
use starknet_api::block::BlockNumber;
use starknet_api::contract_class::SierraVersion;
use starknet_api::core::{ClassHash, CompiledClassHash};
use zkthreads_storage::{ClassDefinition, ClassRecord};

use crate::class;

/// How many are kept, some hundred bytes each: a stranger who lists classes makes us read each once, and declaring them was paid.
const KEPT: u64 = 100_000;

/// A class without its code.
#[derive(Debug, Clone)]
pub(crate) struct ClassFacts {
    pub(crate) declared_at: BlockNumber,
    /// Whether the current protocol meters it in Sierra gas; `None` of a Cairo 0 class, which threads do not run.
    pub(crate) gas_metered: Option<bool>,
    /// The compiled class hash of its hardened code, or that it has none, for each way of hardening that is known of it.
    pub(crate) hardened: BTreeMap<u32, Option<CompiledClassHash>>,
}

impl ClassFacts {
    /// Those of a class; `None` if its version is none.
    pub(crate) fn of(record: &ClassRecord) -> Option<Self> {
        let (gas_metered, hardened) = match &record.definition {
            ClassDefinition::Legacy { .. } => (None, BTreeMap::new()),
            ClassDefinition::Sierra { sierra_version, hardened, .. } => {
                let version: SierraVersion = sierra_version.parse().ok()?;
                let hashes = hardened.iter().map(|(way, code)| (*way, code.compiled_class_hash()));
                (Some(class::is_version_gas_metered(&version)), hashes.collect())
            }
        };
        Some(Self { declared_at: record.declared_at, gas_metered, hardened })
    }
}

/// Facts of stored classes, shared by all states of one executor.
#[derive(Clone)]
pub(crate) struct FactsCache(Cache<ClassHash, Known>);

#[derive(Clone)]
struct Known {
    facts: Arc<ClassFacts>,
    /// The storage's epoch when they were read.
    epoch: u64,
}

impl FactsCache {
    pub(crate) fn new() -> Self {
        Self(Cache::new(KEPT))
    }

    pub(crate) fn get(&self, class_hash: ClassHash, epoch: u64) -> Option<Arc<ClassFacts>> {
        self.0.get(&class_hash).filter(|known| known.epoch == epoch).map(|known| known.facts)
    }

    /// Keeps the facts of a stored class, unless one of them is still to be found out: what it is to threads by this program's way.
    pub(crate) fn insert(&self, class_hash: ClassHash, epoch: u64, facts: &Arc<ClassFacts>) {
        if facts.gas_metered.is_none() || facts.hardened.contains_key(&crate::hardened::HARDENING) {
            self.0.insert(class_hash, Known { facts: Arc::clone(facts), epoch });
        }
    }
}
