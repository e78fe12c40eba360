// The compiled class hash that the class trie holds: version 2, of Blake2s.

from starkware.cairo.common.alloc import alloc
from thread_os.blake import check_large, hash_felts, hash_words
from thread_os.types import EntryPoint

// A class's code as the prover supplies it. Every field is bound by the compiled class hash.
struct LoadedCode {
    n_external: felt,
    external: EntryPoint*,
    n_l1_handlers: felt,
    l1_handlers: EntryPoint*,
    n_constructors: felt,
    constructors: EntryPoint*,
    // The lists of builtins that the entry points name, each once.
    n_builtin_lists: felt,
    builtin_lists: BuiltinList*,
    bytecode_length: felt,
    bytecode: felt*,
}

// A list of builtins. The prover leaves `hash` empty.
struct BuiltinList {
    n_builtins: felt,
    builtins: felt*,
    hash: felt,
}

// Hashes a class's code, as Starknet does.
func compiled_class_hash{range_check_ptr}(code: LoadedCode*) -> (hash: felt) {
    alloc_locals;
    local lists: BuiltinList* = code.builtin_lists;
    hash_builtin_lists(lists, code.n_builtin_lists);

    let (local parts: felt*) = alloc();
    assert parts[0] = 'COMPILED_CLASS_V1';
    let (external) = hash_entry_points(code.external, code.n_external, lists, code.n_builtin_lists);
    assert parts[1] = external;
    let (l1_handlers) = hash_entry_points(code.l1_handlers, code.n_l1_handlers, lists, code.n_builtin_lists);
    assert parts[2] = l1_handlers;
    let (constructors) = hash_entry_points(code.constructors, code.n_constructors, lists, code.n_builtin_lists);
    assert parts[3] = constructors;
    let (bytecode) = hash_bytecode(code.bytecode, code.bytecode_length);
    assert parts[4] = bytecode;
    return hash_felts(parts, 5);
}

// Writes the hashes of `n` lists of builtins into them.
func hash_builtin_lists{range_check_ptr}(lists: BuiltinList*, n: felt) {
    if (n == 0) {
        return ();
    }
    alloc_locals;
    let (hash) = hash_felts(lists.builtins, lists.n_builtins);
    assert lists.hash = hash;
    return hash_builtin_lists(lists + BuiltinList.SIZE, n - 1);
}

func hash_entry_points{range_check_ptr}(
    entry_points: EntryPoint*, n: felt, lists: BuiltinList*, n_lists: felt
) -> (hash: felt) {
    alloc_locals;
    let (local preimage: felt*) = alloc();
    entry_points_preimage(entry_points, n, preimage, lists, n_lists);
    return hash_felts(preimage, 3 * n);
}

func entry_points_preimage{range_check_ptr}(
    entry_points: EntryPoint*, n: felt, preimage: felt*, lists: BuiltinList*, n_lists: felt
) {
    if (n == 0) {
        return ();
    }
    // Writes the index of the entry point's list of builtins to `[range_check_ptr]`. Bound below: in range, and the
    // list is the entry point's.
    %{ zkthreads.find_builtin_list(ids.range_check_ptr, ids.entry_points, ids.lists, ids.n_lists) %}
    tempvar index = [range_check_ptr];
    assert [range_check_ptr + 1] = n_lists - 1 - index;
    let range_check_ptr = range_check_ptr + 2;
    tempvar list = lists + index * BuiltinList.SIZE;
    assert list.n_builtins = entry_points.n_builtins;
    assert list.builtins = entry_points.builtins;

    assert preimage[0] = entry_points.selector;
    assert preimage[1] = entry_points.offset;
    assert preimage[2] = list.hash;
    return entry_points_preimage(entry_points + EntryPoint.SIZE, n - 1, preimage + 3, lists, n_lists);
}

// Hash of a stretch of bytecode: of its felts if it is a leaf of the class's segmentation, else
// `1 + Blake2s(length, hash, length, hash, ..)` of its parts. Parts whose code does not run are skipped.
func hash_bytecode{range_check_ptr}(data: felt*, length: felt) -> (hash: felt) {
    alloc_locals;
    local is_leaf;
    // The class's segmentation. Bound by the compiled class hash: leaf and node hashes differ by construction.
    %{ zkthreads.bytecode_node(ids.is_leaf) %}
    if (is_leaf != 0) {
        return hash_felts(data, length);
    }
    let (local words: felt*) = alloc();
    let (words_end) = bytecode_node_words(data, length, words);
    let (hash) = hash_words(words, words_end - words);
    return (hash=hash + 1);
}

// Writes the words of a node's lengths and hashes. A length has two words, a hash has eight: written so right away,
// they need no search for what is small and what is large. (A hash below 2^63 will not be met.)
func bytecode_node_words{range_check_ptr}(data: felt*, length: felt, words: felt*) -> (words_end: felt*) {
    if (length == 0) {
        // Ends the node in the prover's walk; supplies nothing.
        %{ zkthreads.bytecode_node_end() %}
        return (words_end=words);
    }
    alloc_locals;
    local part_length;
    local is_skipped;
    local part_hash;
    // The next part, whether its code is skipped and, if so, its hash. Bound by the compiled class hash like `is_leaf`;
    // a part that is skipped although it runs stops the run at its first felt.
    %{ zkthreads.bytecode_part(ids.part_length, ids.is_skipped, ids.part_hash) %}
    if (is_skipped != 0) {
        // A part is entered at its first felt only, and -1 is no instruction: code that is not loaded cannot run. So
        // it need not be hashed: the class's hash fixes the part's hash.
        assert data[0] = -1;
        tempvar range_check_ptr = range_check_ptr;
    } else {
        let (hash) = hash_bytecode(data, part_length);
        assert part_hash = hash;
        tempvar range_check_ptr = range_check_ptr;
    }
    assert words[0] = 0;
    assert words[1] = part_length;
    check_large(part_hash, words + 2);
    return bytecode_node_words(data + part_length, length - part_length, words + 10);
}
