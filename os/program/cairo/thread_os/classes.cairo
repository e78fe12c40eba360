// Loads classes, so that what runs is what the chain declared, and finds them and their entry points.

from starkware.cairo.common.alloc import alloc
from starkware.cairo.common.math import assert_lt_felt
from thread_os.compatibility import shown_to
from thread_os.compiled_class_hash import LoadedCode, compiled_class_hash
from thread_os.constants import (
    ADD_MOD_GAS,
    BITWISE_GAS,
    BLAKE_GAS,
    EC_OP_GAS,
    MUL_MOD_GAS,
    PEDERSEN_GAS,
    POSEIDON_GAS,
)
from thread_os.types import Class, EntryPoint, SubBlock

const RET = 0x208b7fff7fff7ffe;

// A class as the prover supplies it.
struct LoadedClass {
    class_hash: felt,
    gas_metered: felt,
    code: LoadedCode*,
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
func load_classes{range_check_ptr}(classes: Class*, n_classes: felt, costs: felt*) {
    if (n_classes == 0) {
        return ();
    }
    alloc_locals;
    local loaded: LoadedClass*;
    // Lays out the next class. The statement carries its class hash, the hash of its code and how it is metered; the
    // chain compares them with what was declared.
    %{ zkthreads.load_class(ids.loaded) %}
    assert loaded.gas_metered * loaded.gas_metered = loaded.gas_metered;
    local code: LoadedCode* = loaded.code;
    let (local hash) = compiled_class_hash(code);
    let (shown) = shown_to(loaded.class_hash);

    // Code that runs past the bytecode returns, and finds the prices of builtins behind the `ret`.
    assert code.bytecode[code.bytecode_length] = RET;
    assert code.bytecode[code.bytecode_length + 1] = cast(costs, felt);

    assert [classes] = Class(
        class_hash=loaded.class_hash,
        compiled_class_hash=hash,
        gas_metered=loaded.gas_metered,
        shown=shown,
        n_external=code.n_external,
        external=code.external,
        n_constructors=code.n_constructors,
        constructors=code.constructors,
        bytecode=code.bytecode,
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

// Finds an entry point among `n`, or returns zero if none has the selector.
func find_entry_point{range_check_ptr}(entry_points: EntryPoint*, n: felt, selector: felt) -> (
    entry_point: EntryPoint*
) {
    alloc_locals;
    local is_found;
    // Whether there is one and, if so, to `[range_check_ptr]` its index. Bound below: the index is in range and the
    // selector is the wanted one (selectors of a class are distinct), or all selectors differ from it.
    %{ zkthreads.find_entry_point(ids.is_found, ids.range_check_ptr, ids.entry_points, ids.n, ids.selector) %}
    if (is_found == 0) {
        assert_absent(entry_points, n, selector);
        return (entry_point=cast(0, EntryPoint*));
    }
    tempvar index = [range_check_ptr];
    assert [range_check_ptr + 1] = n - 1 - index;
    let range_check_ptr = range_check_ptr + 2;
    tempvar entry_point = entry_points + index * EntryPoint.SIZE;
    assert entry_point.selector = selector;
    return (entry_point=entry_point);
}

// Asserts that none of `n` entry points has the selector.
func assert_absent(entry_points: EntryPoint*, n: felt, selector: felt) {
    if (n == 0) {
        return ();
    }
    // A zero has no inverse. The inverse is bound by the assertion itself.
    tempvar inverse = 1 / (entry_points.selector - selector);
    return assert_absent(entry_points + EntryPoint.SIZE, n - 1, selector);
}
