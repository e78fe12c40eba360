//! Cairo 0 classes: a sub-block cannot run them, but blockifier must, to tell which transaction calls one.

use std::io::Read;

use flate2::read::GzDecoder;
use serde_json::{Value, json};
use starknet_api::deprecated_contract_class::ContractClass;
use starknet_rust::core::types::CompressedLegacyContractClass;

/// Largest decompressed program, bytes.
const MAX_PROGRAM_BYTES: u64 = 64 * 1024 * 1024;

/// Decompresses a class as JSON-RPC gives it.
pub(super) fn class(class: CompressedLegacyContractClass) -> Result<ContractClass, String> {
    let mut program = Vec::new();
    GzDecoder::new(class.program.as_slice())
        .take(MAX_PROGRAM_BYTES)
        .read_to_end(&mut program)
        .map_err(|error| format!("the program does not decompress: {error}"))?;
    let program: Value = serde_json::from_slice(&program).map_err(|error| error.to_string())?;
    let definition = json!({
        "program": program,
        "entry_points_by_type": class.entry_points_by_type,
        "abi": Value::Null,
    });
    let mut definition: ContractClass =
        serde_json::from_value(definition).map_err(|error| error.to_string())?;
    // It does not matter to the code. Left out if it is of no known form.
    definition.abi = serde_json::to_value(class.abi).and_then(serde_json::from_value).unwrap_or_default();
    Ok(definition)
}
