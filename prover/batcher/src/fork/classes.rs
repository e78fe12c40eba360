//! Classes of a chain, compiled once.

use std::collections::HashMap;
use std::sync::Arc;

use blockifier::execution::contract_class::RunnableCompiledClass;
use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use parking_lot::Mutex;
use starknet_api::core::{ClassHash, CompiledClassHash, EntryPointSelector};
use starknet_api::rpc_transaction::EntryPointByType;
use starknet_api::state::{EntryPoint, FunctionIndex, SierraContractClass};
use starknet_rust::core::types::{ContractClass, FlattenedSierraClass, SierraEntryPoint};
use zkthreads_execution::sub_block::SubBlockClass;

use super::legacy;

/// A class that runs.
#[derive(Clone)]
pub(super) struct ForkedClass {
    pub(super) runnable: RunnableCompiledClass,
    /// Absent of a Cairo 0 class.
    pub(super) casm: Option<Arc<CasmContractClass>>,
    pub(super) compiled_class_hash: CompiledClassHash,
    /// Whether threads may run it.
    pub(super) confined: bool,
}

/// Compiled classes by hash. A hash names one class for ever, so forks at different blocks share a cache.
#[derive(Clone, Default)]
pub struct ClassCache {
    classes: Arc<Mutex<HashMap<ClassHash, ForkedClass>>>,
}

impl ClassCache {
    pub(super) fn get(&self, class_hash: ClassHash) -> Option<ForkedClass> {
        self.classes.lock().get(&class_hash).cloned()
    }

    /// Compiles a class as a node gave it, unless it is another one than was asked for.
    pub(super) fn insert(&self, class_hash: ClassHash, class: ContractClass) -> Result<ForkedClass, String> {
        let class = match class {
            ContractClass::Sierra(class) => sierra(class_hash, class)?,
            ContractClass::Legacy(class) => ForkedClass {
                runnable: legacy::runnable(class)?,
                casm: None,
                compiled_class_hash: CompiledClassHash::default(),
                confined: false,
            },
        };
        self.classes.lock().insert(class_hash, class.clone());
        Ok(class)
    }
}

fn sierra(class_hash: ClassHash, class: FlattenedSierraClass) -> Result<ForkedClass, String> {
    let points = &class.entry_points_by_type;
    let convert = |points: &[SierraEntryPoint]| points.iter().map(entry_point).collect();
    let entry_points_by_type = EntryPointByType {
        constructor: convert(&points.constructor),
        external: convert(&points.external),
        l1handler: convert(&points.l1_handler),
    };
    let class = SierraContractClass {
        sierra_program: class.sierra_program,
        contract_class_version: class.contract_class_version,
        entry_points_by_type,
        abi: class.abi,
    };
    let computed = class.calculate_class_hash();
    if computed != class_hash {
        return Err(format!("the node gave class {:#x} instead", computed.0));
    }
    let SubBlockClass { runnable, casm, compiled_class_hash, confined, .. } =
        SubBlockClass::compile(class).map_err(|error| error.to_string())?;
    Ok(ForkedClass { runnable, casm: Some(casm), compiled_class_hash, confined })
}

fn entry_point(point: &SierraEntryPoint) -> EntryPoint {
    EntryPoint {
        function_idx: FunctionIndex(usize::try_from(point.function_idx).unwrap_or(usize::MAX)),
        selector: EntryPointSelector(point.selector),
    }
}
