//! The syscalls `keccak` and `sha256_process_block`.

use cairo_vm::types::relocatable::{MaybeRelocatable, Relocatable};
use cairo_vm::vm::errors::hint_errors::HintError;
use cairo_vm::vm::vm_core::VirtualMachine;
use num_traits::ToPrimitive;
use starknet_types_core::felt::Felt;

use super::broken;

/// 64-bit words of one keccak block.
pub(super) const KECCAK_RATE: usize = 17;

/// Low and high half of what keccak makes of padded blocks.
pub(super) fn keccak(blocks: &[[u64; KECCAK_RATE]]) -> [u128; 2] {
    let mut state = [0; 25];
    for block in blocks {
        for (word, absorbed) in state.iter_mut().zip(block) {
            *word ^= absorbed;
        }
        keccak::f1600(&mut state);
    }
    let [first, second, third, fourth, ..] = state.map(u128::from);
    [first | second << 64, third | fourth << 64]
}

/// The 64-bit words from `start` to `end`.
pub(super) fn words(
    vm: &VirtualMachine,
    start: Relocatable,
    end: Relocatable,
) -> Result<Vec<u64>, HintError> {
    let length = (end - start).map_err(|error| broken(&error.to_string()))?;
    integers(vm, start, length, |felt| felt.to_u64())
}

/// The state that SHA-256 makes of `state` and one block.
pub(super) fn compress(mut state: [u32; 8], block: [u32; 16]) -> [u32; 8] {
    let bytes = block.into_iter().flat_map(u32::to_be_bytes).collect();
    sha2::compress256(&mut state, &[bytes]);
    state
}

/// Answers `sha256_process_block`: the new state, in a segment of its own.
pub(super) fn sha256(
    vm: &mut VirtualMachine,
    state: Relocatable,
    block: Relocatable,
) -> Result<Relocatable, HintError> {
    let state = array(vm, state)?;
    let block = array(vm, block)?;
    let new: [MaybeRelocatable; 8] = compress(state, block).map(|word| Felt::from(word).into());
    let segment = vm.add_memory_segment();
    vm.load_data(segment, &new).map_err(HintError::Memory)?;
    Ok(segment)
}

/// `N` 32-bit words.
fn array<const N: usize>(vm: &VirtualMachine, start: Relocatable) -> Result<[u32; N], HintError> {
    let words = integers(vm, start, N, |felt| felt.to_u32())?;
    words.try_into().map_err(|_| broken("words are missing"))
}

fn integers<T>(
    vm: &VirtualMachine,
    start: Relocatable,
    length: usize,
    narrow: impl Fn(&Felt) -> Option<T>,
) -> Result<Vec<T>, HintError> {
    let felts = vm.get_integer_range(start, length).map_err(HintError::Memory)?;
    let narrowed = felts.iter().map(|felt| narrow(felt)).collect::<Option<_>>();
    narrowed.ok_or_else(|| broken("a word is larger than its type"))
}
