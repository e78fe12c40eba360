//! Where the published copy and version 0.10.3 differ in what a node answers. Of the other differences, in what it is
//! asked, the tests of parameters take care.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{API, EXECUTABLES};

pub(super) fn amend(documents: &mut HashMap<&'static str, Value>) {
    let api = documents.get_mut(API).unwrap();
    let schemas = &mut api["components"]["schemas"];
    // The copy allows one digit too few.
    schemas["FELT"]["pattern"] = json!("^0x(0|[a-fA-F1-9]{1}[a-fA-F0-9]{0,62})$");
    // A transaction that no block holds has no execution status.
    schemas["TXN_STATUS_RESULT"]["required"] = json!(["finality_status"]);
    api["methods"].as_array_mut().unwrap().push(storage_proof());

    let schemas = &mut documents.get_mut(EXECUTABLES).unwrap()["components"]["schemas"];
    // A list of pairs, not one pair.
    let hints = &mut schemas["CASM_COMPILED_CONTRACT_CLASS"]["properties"]["hints"];
    *hints = json!({ "type": "array", "items": hints });
    let pair = &mut schemas["DoubleDeref"]["properties"]["DoubleDeref"];
    let offset = json!({ "type": "integer" });
    *pair = json!({
        "type": "array", "minItems": 2, "maxItems": 2,
        "items": { "oneOf": [{ "$ref": "#/components/schemas/CellRef" }, offset] },
    });
    // Version 0.10.3 too asks for offsets of at least 0. The compiler's are signed: arguments lie below `fp`.
    schemas["CellRef"]["properties"]["offset"] = offset;
}

/// `starknet_getStorageProof`, which the copy leaves out.
fn storage_proof() -> Value {
    let component = |kind: &str, name: &str| json!({ "$ref": format!("#/components/{kind}/{name}") });
    let felt = component("schemas", "FELT");
    let nodes = component("schemas", "NODE_HASH_TO_NODE_MAPPING");
    let object = |fields: &[(&str, &Value)], optional: &[&str]| {
        let properties: serde_json::Map<_, _> =
            fields.iter().map(|(name, schema)| ((*name).to_owned(), (*schema).clone())).collect();
        let required: Vec<_> =
            fields.iter().map(|(name, _)| *name).filter(|name| !optional.contains(name)).collect();
        json!({ "type": "object", "properties": properties, "required": required })
    };
    let list = |items: &Value| json!({ "type": "array", "items": items });
    let leaf = object(&[("nonce", &felt), ("class_hash", &felt), ("storage_root", &felt)], &["storage_root"]);
    let contracts = object(&[("nodes", &nodes), ("contract_leaves_data", &list(&leaf))], &[]);
    let roots =
        object(&[("contracts_tree_root", &felt), ("classes_tree_root", &felt), ("block_hash", &felt)], &[]);
    let proof = object(
        &[
            ("classes_proof", &nodes),
            ("contracts_proof", &contracts),
            ("contracts_storage_proofs", &list(&nodes)),
            ("global_roots", &roots),
        ],
        &[],
    );
    let params = ["block_id", "class_hashes", "contract_addresses", "contracts_storage_keys"];
    let params = params.map(|name| json!({ "name": name }));
    json!({
        "name": "starknet_getStorageProof",
        "params": params,
        "result": { "name": "result", "schema": proof },
        "errors": [component("errors", "BLOCK_NOT_FOUND"), component("errors", "STORAGE_PROOF_NOT_SUPPORTED")],
    })
}
