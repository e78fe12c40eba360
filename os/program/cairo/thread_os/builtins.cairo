// Passes builtin pointers to entry points and takes them back.

from starkware.cairo.common.bool import FALSE
from starkware.cairo.common.cairo_builtins import (
    BitwiseBuiltin,
    EcOpBuiltin,
    HashBuiltin,
    ModBuiltin,
    PoseidonBuiltin,
)
from starkware.cairo.common.registers import get_fp_and_pc
from starkware.starknet.builtins.segment_arena.segment_arena import SegmentArenaBuiltin
from thread_os.types import Builtins

// Writes, from `target` on, the pointers that an entry point with the builtins `names` expects.
// An entry point's builtins are a subsequence of the order below; `names` must end where the caller says (it
// asserts so), hence a name that is unknown or out of order cannot pass.
func place_builtins(
    names: felt*,
    target: felt*,
    range_check_ptr: felt,
    poseidon_ptr: PoseidonBuiltin*,
    builtins: Builtins*,
    arena: SegmentArenaBuiltin*,
) -> (names_end: felt*, target_end: felt*) {
    tempvar names = names;
    tempvar target = target;
    if ([names] == 'pedersen') {
        assert [target] = cast(builtins.pedersen, felt);
        tempvar names = names + 1;
        tempvar target = target + 1;
    } else {
        tempvar names = names;
        tempvar target = target;
    }
    if ([names] == 'range_check') {
        assert [target] = range_check_ptr;
        tempvar names = names + 1;
        tempvar target = target + 1;
    } else {
        tempvar names = names;
        tempvar target = target;
    }
    if ([names] == 'bitwise') {
        assert [target] = cast(builtins.bitwise, felt);
        tempvar names = names + 1;
        tempvar target = target + 1;
    } else {
        tempvar names = names;
        tempvar target = target;
    }
    if ([names] == 'ec_op') {
        assert [target] = cast(builtins.ec_op, felt);
        tempvar names = names + 1;
        tempvar target = target + 1;
    } else {
        tempvar names = names;
        tempvar target = target;
    }
    if ([names] == 'poseidon') {
        assert [target] = cast(poseidon_ptr, felt);
        tempvar names = names + 1;
        tempvar target = target + 1;
    } else {
        tempvar names = names;
        tempvar target = target;
    }
    if ([names] == 'segment_arena') {
        // A fresh arena for every call.
        assert arena.n_segments = 0;
        assert arena.n_finalized = 0;
        assert [target] = cast(arena + SegmentArenaBuiltin.SIZE, felt);
        tempvar names = names + 1;
        tempvar target = target + 1;
    } else {
        tempvar names = names;
        tempvar target = target;
    }
    if ([names] == 'range_check96') {
        assert [target] = cast(builtins.range_check96, felt);
        tempvar names = names + 1;
        tempvar target = target + 1;
    } else {
        tempvar names = names;
        tempvar target = target;
    }
    if ([names] == 'add_mod') {
        assert [target] = cast(builtins.add_mod, felt);
        tempvar names = names + 1;
        tempvar target = target + 1;
    } else {
        tempvar names = names;
        tempvar target = target;
    }
    if ([names] == 'mul_mod') {
        assert [target] = cast(builtins.mul_mod, felt);
        tempvar names = names + 1;
        tempvar target = target + 1;
    } else {
        tempvar names = names;
        tempvar target = target;
    }
    return (names_end=names, target_end=target);
}

// Takes back the pointers that an entry point with the builtins `names` returned: every one advanced by a whole
// number of instances. `cells` are range check cells that the OS took before the call, one for each name, so that
// the check does not rest on a pointer that is being checked.
func take_builtins(
    names: felt*,
    returned: felt*,
    cells: felt*,
    range_check_ptr: felt,
    poseidon_ptr: PoseidonBuiltin*,
    builtins: Builtins*,
    arena: SegmentArenaBuiltin*,
) -> (
    range_check_ptr: felt,
    poseidon_ptr: PoseidonBuiltin*,
    builtins: Builtins*,
    arena_end: SegmentArenaBuiltin*,
) {
    alloc_locals;
    let (__fp__, _) = get_fp_and_pc();
    local taken: Builtins;
    local taken_range_check;
    local taken_poseidon: PoseidonBuiltin*;
    local arena_end: SegmentArenaBuiltin*;
    assert taken.keccak = builtins.keccak;
    assert taken.sha256 = builtins.sha256;

    tempvar names = names;
    tempvar returned = returned;
    tempvar cells = cells;
    if ([names] == 'pedersen') {
        assert taken.pedersen = cast([returned], felt*);
        assert [cells] = (taken.pedersen - builtins.pedersen) / HashBuiltin.SIZE;
        tempvar names = names + 1;
        tempvar returned = returned + 1;
        tempvar cells = cells + 1;
    } else {
        assert taken.pedersen = builtins.pedersen;
        tempvar names = names;
        tempvar returned = returned;
        tempvar cells = cells;
    }
    if ([names] == 'range_check') {
        assert taken_range_check = [returned];
        assert [cells] = taken_range_check - range_check_ptr;
        tempvar names = names + 1;
        tempvar returned = returned + 1;
        tempvar cells = cells + 1;
    } else {
        assert taken_range_check = range_check_ptr;
        tempvar names = names;
        tempvar returned = returned;
        tempvar cells = cells;
    }
    if ([names] == 'bitwise') {
        assert taken.bitwise = cast([returned], felt*);
        assert [cells] = (taken.bitwise - builtins.bitwise) / BitwiseBuiltin.SIZE;
        tempvar names = names + 1;
        tempvar returned = returned + 1;
        tempvar cells = cells + 1;
    } else {
        assert taken.bitwise = builtins.bitwise;
        tempvar names = names;
        tempvar returned = returned;
        tempvar cells = cells;
    }
    if ([names] == 'ec_op') {
        assert taken.ec_op = cast([returned], felt*);
        assert [cells] = (taken.ec_op - builtins.ec_op) / EcOpBuiltin.SIZE;
        tempvar names = names + 1;
        tempvar returned = returned + 1;
        tempvar cells = cells + 1;
    } else {
        assert taken.ec_op = builtins.ec_op;
        tempvar names = names;
        tempvar returned = returned;
        tempvar cells = cells;
    }
    if ([names] == 'poseidon') {
        assert taken_poseidon = cast([returned], PoseidonBuiltin*);
        assert [cells] = (taken_poseidon - poseidon_ptr) / PoseidonBuiltin.SIZE;
        tempvar names = names + 1;
        tempvar returned = returned + 1;
        tempvar cells = cells + 1;
    } else {
        assert taken_poseidon = poseidon_ptr;
        tempvar names = names;
        tempvar returned = returned;
        tempvar cells = cells;
    }
    if ([names] == 'segment_arena') {
        assert arena_end = cast([returned], SegmentArenaBuiltin*);
        // At least the first structure is there.
        assert [cells] = (arena_end - arena) / SegmentArenaBuiltin.SIZE - 1;
        tempvar names = names + 1;
        tempvar returned = returned + 1;
        tempvar cells = cells + 1;
    } else {
        assert arena_end = arena;
        tempvar names = names;
        tempvar returned = returned;
        tempvar cells = cells;
    }
    if ([names] == 'range_check96') {
        assert taken.range_check96 = cast([returned], felt*);
        assert [cells] = taken.range_check96 - builtins.range_check96;
        tempvar names = names + 1;
        tempvar returned = returned + 1;
        tempvar cells = cells + 1;
    } else {
        assert taken.range_check96 = builtins.range_check96;
        tempvar names = names;
        tempvar returned = returned;
        tempvar cells = cells;
    }
    if ([names] == 'add_mod') {
        assert taken.add_mod = cast([returned], felt*);
        assert [cells] = (taken.add_mod - builtins.add_mod) / ModBuiltin.SIZE;
        tempvar names = names + 1;
        tempvar returned = returned + 1;
        tempvar cells = cells + 1;
    } else {
        assert taken.add_mod = builtins.add_mod;
        tempvar names = names;
        tempvar returned = returned;
        tempvar cells = cells;
    }
    if ([names] == 'mul_mod') {
        assert taken.mul_mod = cast([returned], felt*);
        assert [cells] = (taken.mul_mod - builtins.mul_mod) / ModBuiltin.SIZE;
        tempvar names = names + 1;
        tempvar returned = returned + 1;
        tempvar cells = cells + 1;
    } else {
        assert taken.mul_mod = builtins.mul_mod;
        tempvar names = names;
        tempvar returned = returned;
        tempvar cells = cells;
    }
    return (
        range_check_ptr=taken_range_check,
        poseidon_ptr=taken_poseidon,
        builtins=&taken,
        arena_end=arena_end,
    );
}
