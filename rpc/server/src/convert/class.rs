//! Classes.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use starknet_api::contract_class::EntryPointType;
use starknet_api::deprecated_contract_class::{
    ContractClass as LegacyClass, ContractClassAbiEntry, EntryPointV0,
};
use starknet_api::state::{EntryPoint, SierraContractClass};
use starknet_rust_core::types::{EntryPointsByType, FlattenedSierraClass, SierraEntryPoint};
use zkthreads_storage::ClassDefinition;

use crate::error::RpcError;

/// A class as methods answer it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum ClassOut {
    /// Cairo 1.
    Sierra(FlattenedSierraClass),
    /// Cairo 0.
    Legacy(LegacyClassOut),
}

/// A Cairo 0 class: its program is gzipped JSON in base64.
#[derive(Debug, Serialize)]
pub(crate) struct LegacyClassOut {
    program: String,
    entry_points_by_type: LegacyEntryPoints,
    #[serde(skip_serializing_if = "Option::is_none")]
    abi: Option<Vec<ContractClassAbiEntry>>,
}

#[derive(Debug, Serialize)]
struct LegacyEntryPoints {
    #[serde(rename = "CONSTRUCTOR")]
    constructor: Vec<EntryPointV0>,
    #[serde(rename = "EXTERNAL")]
    external: Vec<EntryPointV0>,
    #[serde(rename = "L1_HANDLER")]
    l1_handler: Vec<EntryPointV0>,
}

/// The spec's form of a class.
pub(crate) fn class(definition: &ClassDefinition) -> Result<ClassOut, RpcError> {
    match definition {
        ClassDefinition::Sierra { sierra: class, .. } => Ok(ClassOut::Sierra(sierra(class))),
        ClassDefinition::Legacy { class } => Ok(ClassOut::Legacy(legacy(class)?)),
    }
}

fn sierra(class: &SierraContractClass) -> FlattenedSierraClass {
    let entry_points = |list: &[EntryPoint]| {
        list.iter()
            .map(|entry_point| SierraEntryPoint {
                selector: entry_point.selector.0,
                function_idx: entry_point.function_idx.0 as u64,
            })
            .collect()
    };
    FlattenedSierraClass {
        sierra_program: class.sierra_program.clone(),
        contract_class_version: class.contract_class_version.clone(),
        entry_points_by_type: EntryPointsByType {
            constructor: entry_points(&class.entry_points_by_type.constructor),
            external: entry_points(&class.entry_points_by_type.external),
            l1_handler: entry_points(&class.entry_points_by_type.l1handler),
        },
        abi: class.abi.clone(),
    }
}

fn legacy(class: &LegacyClass) -> Result<LegacyClassOut, RpcError> {
    let entry_points = |kind| class.entry_points_by_type.get(&kind).cloned().unwrap_or_default();
    let internal = |reason: String| RpcError::Internal { reason };
    let program = serde_json::to_vec(&class.program).map_err(|error| internal(error.to_string()))?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    let compressed = gzip.write_all(&program).and_then(|()| gzip.finish());
    Ok(LegacyClassOut {
        program: STANDARD.encode(compressed.map_err(|error| internal(error.to_string()))?),
        entry_points_by_type: LegacyEntryPoints {
            constructor: entry_points(EntryPointType::Constructor),
            external: entry_points(EntryPointType::External),
            l1_handler: entry_points(EntryPointType::L1Handler),
        },
        abi: class.abi.clone(),
    })
}
