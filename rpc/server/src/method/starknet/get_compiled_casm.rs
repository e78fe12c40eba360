//! `starknet_getCompiledCasm`.

use cairo_lang_starknet_classes::NestedIntList;
use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use serde::Deserialize;
use serde_json::Value;
use starknet_api::core::ClassHash;
use starknet_types_core::felt::Felt;
use zkthreads_rpc_api::number::FeltHex;
use zkthreads_storage::ClassDefinition;

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::wire::block_id::BlockId;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    class_hash: FeltHex,
}

/// What a class compiles to. The compiler's own JSON but for two things that the specification writes otherwise.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<Value, RpcError> {
    let state = context.state(BlockId::PreConfirmed)?;
    let record = state.class(ClassHash(params.class_hash.0))?.ok_or(RpcError::ClassHashNotFound)?;
    let ClassDefinition::Sierra { casm, .. } = &record.definition else {
        let reason = "a Cairo 0 class is not compiled from Sierra and has no CASM".to_owned();
        return Err(RpcError::CompilationError { reason });
    };
    let mut lengths = Vec::new();
    flatten(&casm.get_bytecode_segment_lengths(), &mut lengths);
    let casm = CasmContractClass {
        bytecode_segment_lengths: Some(NestedIntList::Node(lengths)),
        pythonic_hints: None,
        ..casm.clone()
    };
    let mut json =
        serde_json::to_value(casm).map_err(|error| RpcError::Internal { reason: error.to_string() })?;
    if let Some(hints) = json.get_mut("hints") {
        make_immediates_positive(hints);
    }
    Ok(json)
}

/// The specification knows no negative numbers in hints; in the field they are other numbers of the same meaning.
fn make_immediates_positive(hints: &mut Value) {
    match hints {
        Value::Array(items) => items.iter_mut().for_each(make_immediates_positive),
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| match value {
            Value::String(number) if name == "Immediate" => {
                let digits = number.strip_prefix('-').and_then(|digits| Felt::from_hex(digits).ok());
                if let Some(felt) = digits {
                    *number = format!("{:#x}", -felt);
                }
            }
            value => make_immediates_positive(value),
        }),
        _ => {}
    }
}

/// For lengths the specification knows lists only, the compiler a single number too.
fn flatten(lengths: &NestedIntList, flat: &mut Vec<NestedIntList>) {
    match lengths {
        NestedIntList::Leaf(_) => flat.push(lengths.clone()),
        NestedIntList::Node(list) => list.iter().for_each(|lengths| flatten(lengths, flat)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn negative_immediates_are_field_elements() {
        let hints = |immediate: &str| {
            json!([[3, [{ "TestLessThan": {
                "lhs": { "Immediate": immediate }, "rhs": { "Deref": { "register": "FP", "offset": -3 } },
            } }]]])
        };
        let mut negative = hints("-0x1");
        make_immediates_positive(&mut negative);
        assert_eq!(negative, hints(&format!("{:#x}", Felt::MAX)));
        let mut positive = hints("0x100");
        make_immediates_positive(&mut positive);
        assert_eq!(positive, hints("0x100"));
    }
}
