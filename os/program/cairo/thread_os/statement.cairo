// Writes the statement: see os/protocol/src/statement/codec.rs for its layout.

from starkware.cairo.common.alloc import alloc
from starkware.cairo.common.builtin_poseidon.poseidon import poseidon_hash_many
from starkware.cairo.common.cairo_builtins import PoseidonBuiltin
from starkware.cairo.common.dict_access import DictAccess
from starkware.cairo.common.memcpy import memcpy
from starkware.cairo.common.squash_dict import squash_dict
from thread_os.types import Class, ContractState, Effects, SubBlock

// Outputs the classes.
func write_classes{output_ptr: felt*}(sub_block: SubBlock*) {
    assert [output_ptr] = sub_block.n_classes;
    let output_ptr = output_ptr + 1;
    return write_classes_inner(sub_block.classes, sub_block.n_classes);
}

func write_classes_inner{output_ptr: felt*}(classes: Class*, n_classes: felt) {
    if (n_classes == 0) {
        return ();
    }
    assert output_ptr[0] = classes.class_hash;
    assert output_ptr[1] = classes.compiled_class_hash;
    assert output_ptr[2] = classes.gas_metered;
    let output_ptr = output_ptr + 3;
    return write_classes_inner(classes + Class.SIZE, n_classes - 1);
}

// Squashes the log of contracts and outputs every contract with its squashed storage.
func write_contracts{output_ptr: felt*, range_check_ptr}(start: DictAccess*, end: DictAccess*) {
    alloc_locals;
    let (local squashed: DictAccess*) = alloc();
    let (squashed_end) = squash_dict(start, end, squashed);
    tempvar n_contracts = (squashed_end - squashed) / DictAccess.SIZE;
    assert [output_ptr] = n_contracts;
    let output_ptr = output_ptr + 1;
    return write_contracts_inner(squashed, n_contracts);
}

func write_contracts_inner{output_ptr: felt*, range_check_ptr}(squashed: DictAccess*, n_contracts: felt) {
    if (n_contracts == 0) {
        return ();
    }
    alloc_locals;
    let first = cast(squashed.prev_value, ContractState*);
    let last = cast(squashed.new_value, ContractState*);
    assert output_ptr[0] = squashed.key;
    assert output_ptr[1] = first.class_hash;
    assert output_ptr[2] = last.class_hash;
    assert output_ptr[3] = first.nonce;
    assert output_ptr[4] = last.nonce;
    local header: felt* = output_ptr;
    let cells = cast(output_ptr + 6, DictAccess*);
    let (cells_end) = squash_dict(first.storage, last.storage, cells);
    assert header[5] = (cells_end - cast(header + 6, DictAccess*)) / DictAccess.SIZE;
    let output_ptr = cast(cells_end, felt*);
    return write_contracts_inner(squashed + DictAccess.SIZE, n_contracts - 1);
}

// Outputs the commitment to the events, then the messages. `start` is what the sub-block began with.
func write_effects{output_ptr: felt*, poseidon_ptr: PoseidonBuiltin*}(start: Effects*, end: Effects*) {
    alloc_locals;
    let n_events = end.events - start.events;
    let (commitment) = poseidon_hash_many(n=n_events, elements=start.events);
    assert output_ptr[0] = n_events;
    assert output_ptr[1] = commitment;
    assert output_ptr[2] = end.n_messages;
    let messages_size = end.messages - start.messages;
    memcpy(dst=output_ptr + 3, src=start.messages, len=messages_size);
    let output_ptr = output_ptr + 3 + messages_size;
    return ();
}
