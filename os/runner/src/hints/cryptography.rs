//! Answers to the cryptographic syscalls. The OS checks them when it serves the syscalls.

use cairo_vm::types::relocatable::Relocatable;
use cairo_vm::vm::errors::hint_errors::HintError;
use cairo_vm::vm::vm_core::VirtualMachine;
use starknet_types_core::felt::Felt;

use super::answer::Answer;
use super::secp::{self, Operation};
use super::{broken, digests};
use crate::syscall_costs::KECCAK_ROUND_GAS;

/// The answer to the syscall `name` if it is a cryptographic one. Its request is at `request`; `gas` is left when its
/// price, but for keccak's blocks, has been paid.
pub(super) fn answer(
    name: &str,
    vm: &mut VirtualMachine,
    request: Relocatable,
    gas: u64,
) -> Result<Option<Answer>, HintError> {
    let response = match name {
        "Keccak" => return keccak(vm, request, gas).map(Some),
        "Sha256ProcessBlock" => {
            let (state, block) = (pointer(vm, request)?, pointer(vm, (request + 1_usize)?)?);
            Some(vec![digests::sha256(vm, state, block)?.into()])
        }
        _ => match operation(name) {
            Some((Curve::Secp256k1, operation)) => {
                secp::respond::<ark_secp256k1::Config>(vm, operation, request)?
            }
            Some((Curve::Secp256r1, operation)) => {
                secp::respond::<ark_secp256r1::Config>(vm, operation, request)?
            }
            None => return Ok(None),
        },
    };
    Ok(Some(match response {
        Some(cells) => Answer::success(gas, cells),
        None => Answer::failure(gas, "Invalid argument"),
    }))
}

/// A curve of the syscalls on points.
enum Curve {
    Secp256k1,
    Secp256r1,
}

fn operation(name: &str) -> Option<(Curve, Operation)> {
    let curves = [("Secp256k1", Curve::Secp256k1), ("Secp256r1", Curve::Secp256r1)];
    let (operation, curve) =
        curves.into_iter().find_map(|(prefix, curve)| Some((name.strip_prefix(prefix)?, curve)))?;
    let operation = match operation {
        "New" => Operation::New,
        "GetPointFromX" => Operation::GetPointFromX,
        "Add" => Operation::Add,
        "Mul" => Operation::Mul,
        "GetXy" => Operation::GetXy,
        _ => return None,
    };
    Some((curve, operation))
}

fn keccak(vm: &VirtualMachine, request: Relocatable, gas: u64) -> Result<Answer, HintError> {
    let end = (request + 1_usize)?;
    // An empty array may have other cells than pointers there, equal ones.
    let words = match vm.get_maybe(&request) == vm.get_maybe(&end) {
        true => vec![],
        false => digests::words(vm, pointer(vm, request)?, pointer(vm, end)?)?,
    };
    let (blocks, []) = words.as_chunks::<{ digests::KECCAK_RATE }>() else {
        return Ok(Answer::failure(gas, "Invalid input length"));
    };
    let rounds = u64::try_from(blocks.len()).map_err(|_| broken("an array is too long"))?;
    Ok(match gas.checked_sub(rounds.saturating_mul(KECCAK_ROUND_GAS)) {
        Some(left) => {
            Answer::success(left, digests::keccak(blocks).map(|half| Felt::from(half).into()).to_vec())
        }
        None => Answer::failure(gas, "Out of gas"),
    })
}

fn pointer(vm: &VirtualMachine, address: Relocatable) -> Result<Relocatable, HintError> {
    vm.get_relocatable(address).map_err(HintError::Memory)
}
