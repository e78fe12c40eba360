// Loads classes: hashes their code, so that what runs is what the chain declared.

from starkware.cairo.common.alloc import alloc
from starkware.cairo.common.builtin_poseidon.poseidon import poseidon_hash_many
from starkware.cairo.common.cairo_builtins import PoseidonBuiltin
from starkware.cairo.common.math import assert_lt_felt
from starkware.cairo.common.poseidon_state import PoseidonBuiltinState
from thread_os.constants import (
    ADD_MOD_GAS,
    BITWISE_GAS,
    BLAKE_GAS,
    EC_OP_GAS,
    MUL_MOD_GAS,
    PEDERSEN_GAS,
    POSEIDON_GAS,
)
from thread_os.restricted import assert_unrestricted
from thread_os.types import Class, EntryPoint, SubBlock

const RET = 0x208b7fff7fff7ffe;

// A class as the prover supplies it. Every field is bound by the compiled class hash, which the statement carries.
struct LoadedClass {
    class_hash: felt,
    n_external: felt,
    external: EntryPoint*,
    n_l1_handlers: felt,
    l1_handlers: EntryPoint*,
    n_constructors: felt,
    constructors: EntryPoint*,
    bytecode_length: felt,
    bytecode: felt*,
}

// Prices of builtins, in the order in which compiled classes read them.
func builtin_costs() -> (costs: felt*) {
    let (costs) = alloc();
    assert costs[0] = PEDERSEN_GAS;
    assert costs[1] = BITWISE_GAS;
    assert costs[2] = EC_OP_GAS;
    assert costs[3] = POSEIDON_GAS;
    assert costs[4] = ADD_MOD_GAS;
    assert costs[5] = MUL_MOD_GAS;
    assert costs[6] = BLAKE_GAS;
    return (costs=costs);
}

// Loads `n_classes` classes to `classes`, strictly ascending by class hash.
func load_classes{range_check_ptr, poseidon_ptr: PoseidonBuiltin*}(
    classes: Class*, n_classes: felt, costs: felt*
) {
    if (n_classes == 0) {
        return ();
    }
    alloc_locals;
    local loaded: LoadedClass*;
    // Lays out the next class. Bound by its compiled class hash, which the statement carries beside the class hash.
    %{ zkthreads.load_class(ids.loaded) %}
    assert_unrestricted(loaded.class_hash);
    let (local hash) = compiled_class_hash(loaded);

    // Code that runs past the bytecode returns, and finds the prices of builtins behind the `ret`.
    assert loaded.bytecode[loaded.bytecode_length] = RET;
    assert loaded.bytecode[loaded.bytecode_length + 1] = cast(costs, felt);

    assert [classes] = Class(
        class_hash=loaded.class_hash,
        compiled_class_hash=hash,
        n_entry_points=loaded.n_external,
        entry_points=loaded.external,
        bytecode=loaded.bytecode,
    );
    load_classes(classes=classes + Class.SIZE, n_classes=n_classes - 1, costs=costs);
    if (n_classes != 1) {
        assert_lt_felt(classes.class_hash, classes[1].class_hash);
        return ();
    }
    return ();
}

// Finds a loaded class.
func find_class{range_check_ptr}(sub_block: SubBlock*, class_hash: felt) -> (class: Class*) {
    // Writes the class's index to `[range_check_ptr]`. Bound below: in range, and the class hash is the wanted one.
    %{ zkthreads.find_class(ids.range_check_ptr, ids.class_hash) %}
    tempvar index = [range_check_ptr];
    assert [range_check_ptr + 1] = sub_block.n_classes - 1 - index;
    let range_check_ptr = range_check_ptr + 2;
    tempvar class = sub_block.classes + index * Class.SIZE;
    assert class.class_hash = class_hash;
    return (class=class);
}

// Finds an external entry point of a class.
func find_entry_point{range_check_ptr}(class: Class*, selector: felt) -> (entry_point: EntryPoint*) {
    // Writes the entry point's index to `[range_check_ptr]`. Bound below: in range, and the selector is the wanted
    // one (selectors of a class are distinct).
    %{ zkthreads.find_entry_point(ids.range_check_ptr, ids.class, ids.selector) %}
    tempvar index = [range_check_ptr];
    assert [range_check_ptr + 1] = class.n_entry_points - 1 - index;
    let range_check_ptr = range_check_ptr + 2;
    tempvar entry_point = class.entry_points + index * EntryPoint.SIZE;
    assert entry_point.selector = selector;
    return (entry_point=entry_point);
}

// The class's Poseidon compiled class hash, as Starknet defines it.
func compiled_class_hash{poseidon_ptr: PoseidonBuiltin*}(loaded: LoadedClass*) -> (hash: felt) {
    alloc_locals;
    let (local parts: felt*) = alloc();
    assert parts[0] = 'COMPILED_CLASS_V1';
    let (external) = entry_points_hash(loaded.external, loaded.n_external);
    assert parts[1] = external;
    let (l1_handlers) = entry_points_hash(loaded.l1_handlers, loaded.n_l1_handlers);
    assert parts[2] = l1_handlers;
    let (constructors) = entry_points_hash(loaded.constructors, loaded.n_constructors);
    assert parts[3] = constructors;
    let (bytecode) = bytecode_hash(loaded.bytecode, loaded.bytecode_length);
    assert parts[4] = bytecode;
    let (hash) = poseidon_hash_many(n=5, elements=parts);
    return (hash=hash);
}

func entry_points_hash{poseidon_ptr: PoseidonBuiltin*}(entry_points: EntryPoint*, n: felt) -> (hash: felt) {
    alloc_locals;
    let (local preimage: felt*) = alloc();
    entry_points_preimage(entry_points, n, preimage);
    let (hash) = poseidon_hash_many(n=3 * n, elements=preimage);
    return (hash=hash);
}

func entry_points_preimage{poseidon_ptr: PoseidonBuiltin*}(
    entry_points: EntryPoint*, n: felt, preimage: felt*
) {
    if (n == 0) {
        return ();
    }
    let (builtins_hash) = poseidon_hash_many(n=entry_points.n_builtins, elements=entry_points.builtins);
    assert preimage[0] = entry_points.selector;
    assert preimage[1] = entry_points.offset;
    assert preimage[2] = builtins_hash;
    return entry_points_preimage(entry_points + EntryPoint.SIZE, n - 1, preimage + 3);
}

// Hash of a stretch of bytecode: of its felts if it is a leaf of the class's segmentation, else
// `1 + Poseidon(length, hash, length, hash, ..)` of its parts. Parts whose code does not run are skipped.
func bytecode_hash{poseidon_ptr: PoseidonBuiltin*}(data: felt*, length: felt) -> (hash: felt) {
    alloc_locals;
    local is_leaf;
    // The class's segmentation. Bound by the compiled class hash: leaf and node hashes differ by construction.
    %{ zkthreads.bytecode_node(ids.is_leaf) %}
    if (is_leaf != 0) {
        let (hash) = poseidon_hash_many(n=length, elements=data);
        return (hash=hash);
    }
    let (local preimage: felt*) = alloc();
    let (preimage_end) = bytecode_node_preimage(data, length, preimage);
    let (hash) = poseidon_hash_many(n=preimage_end - preimage, elements=preimage);
    return (hash=hash + 1);
}

func bytecode_node_preimage{poseidon_ptr: PoseidonBuiltin*}(
    data: felt*, length: felt, preimage: felt*
) -> (preimage_end: felt*) {
    if (length == 0) {
        // Ends the node in the prover's walk; supplies nothing.
        %{ zkthreads.bytecode_node_end() %}
        return (preimage_end=preimage);
    }
    alloc_locals;
    local part_length;
    local is_skipped;
    local hash_if_skipped;
    // The next part, and whether its code runs. Bound by the compiled class hash like `is_leaf`; a part that is
    // skipped although it runs stops the run at its first felt.
    %{ zkthreads.bytecode_part(ids.part_length, ids.is_skipped, ids.hash_if_skipped) %}
    assert preimage[0] = part_length;
    if (is_skipped != 0) {
        // A part is entered at its first felt only, and -1 is no instruction: code that is not loaded cannot run. So
        // it need not be hashed: the class's hash fixes the part's hash.
        assert data[0] = -1;
        assert preimage[1] = hash_if_skipped;
        return bytecode_node_preimage(data + part_length, length - part_length, preimage + 2);
    }
    let (part_hash) = bytecode_hash(data, part_length);
    assert preimage[1] = part_hash;
    return bytecode_node_preimage(data + part_length, length - part_length, preimage + 2);
}
