//! `starknet_getCompiledCasm`.

use cairo_lang_starknet_classes::NestedIntList;
use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use serde::Deserialize;
use starknet_api::core::ClassHash;
use zkthreads_storage::ClassDefinition;

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::wire::block_id::BlockId;
use crate::wire::number::FeltHex;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    class_hash: FeltHex,
}

/// What a class compiles to, in the compiler's own form of JSON, which is the specification's.
pub(super) fn answer(context: &RpcContext, params: Params) -> Result<CasmContractClass, RpcError> {
    let state = context.state(BlockId::PreConfirmed)?;
    let record = state.class(ClassHash(params.class_hash.0))?.ok_or(RpcError::ClassHashNotFound)?;
    let ClassDefinition::Sierra { casm, .. } = &record.definition else {
        let reason = "a Cairo 0 class is not compiled from Sierra and has no CASM".to_owned();
        return Err(RpcError::CompilationError { reason });
    };
    let mut lengths = Vec::new();
    flatten(&casm.get_bytecode_segment_lengths(), &mut lengths);
    Ok(CasmContractClass {
        bytecode_segment_lengths: Some(NestedIntList::Node(lengths)),
        pythonic_hints: None,
        ..casm.clone()
    })
}

/// The specification knows lists only, the compiler a single number too.
fn flatten(lengths: &NestedIntList, flat: &mut Vec<NestedIntList>) {
    match lengths {
        NestedIntList::Leaf(_) => flat.push(lengths.clone()),
        NestedIntList::Node(list) => list.iter().for_each(|lengths| flatten(lengths, flat)),
    }
}
