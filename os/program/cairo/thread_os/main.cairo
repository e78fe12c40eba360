// The thread OS: runs a sub-block of inner transactions and outputs the statement about it.
//
// Everything a hint supplies is constrained by an assertion; each hint's comment names it.
%builtins output pedersen range_check ecdsa bitwise ec_op keccak poseidon range_check96 add_mod mul_mod

from starkware.cairo.common.alloc import alloc
from starkware.cairo.common.cairo_builtins import (
    BitwiseBuiltin,
    EcOpBuiltin,
    HashBuiltin,
    KeccakBuiltin,
    ModBuiltin,
    PoseidonBuiltin,
    SignatureBuiltin,
)
from starkware.cairo.common.dict_access import DictAccess
from starkware.cairo.common.math import unsigned_div_rem
from starkware.cairo.common.registers import get_fp_and_pc, get_label_location
from thread_os.blake import assert_word
from thread_os.classes import builtin_costs, load_classes
from thread_os.constants import VALIDATE_NUMBER_ROUNDING, VALIDATE_TIMESTAMP_ROUNDING
from thread_os.ec_op import check_instances
from thread_os.keccak import finalize_keccak_segment
from thread_os.sha256 import finalize_sha256_segment
from thread_os.statement import write_classes, write_contracts, write_effects
from thread_os.syscalls import serve_syscalls
from thread_os.transactions import run_transactions
from thread_os.types import BlockInfo, Builtins, Class, Effects, SubBlock

// The statement's first felts.
struct Header {
    version: felt,
    chain_id: felt,
    submitter: felt,
    base_block: BlockInfo,
    n_transactions: felt,
}

func main{
    output_ptr: felt*,
    pedersen_ptr: HashBuiltin*,
    range_check_ptr,
    ecdsa_ptr: SignatureBuiltin*,
    bitwise_ptr: BitwiseBuiltin*,
    ec_op_ptr: EcOpBuiltin*,
    keccak_ptr: KeccakBuiltin*,
    poseidon_ptr: PoseidonBuiltin*,
    range_check96_ptr: felt*,
    add_mod_ptr: ModBuiltin*,
    mul_mod_ptr: ModBuiltin*,
}() {
    alloc_locals;
    let (__fp__, _) = get_fp_and_pc();

    // Where the range check segment will end. This is what `main` returns, so that range checks count up to there.
    // Nothing to bind: code that is not the OS's runs only while the range checks done so far lie before it, and so do
    // all at the end (`assert_word`).
    local range_check_end;
    %{ zkthreads.range_check_end(ids.range_check_ptr, ids.range_check_end) %}

    // Writes the header but for its version. Nothing to bind: the statement carries it, and the node compares it with
    // the chain. What contracts and hashes see is read from here.
    %{ zkthreads.write_header(ids.output_ptr) %}
    local header: Header* = cast(output_ptr, Header*);
    assert header.version = 'ZKTHREAD_STATEMENT2';
    let output_ptr = output_ptr + Header.SIZE;

    let (number, _) = unsigned_div_rem(header.base_block.number, VALIDATE_NUMBER_ROUNDING);
    local number = number;
    let (timestamp, _) = unsigned_div_rem(header.base_block.timestamp, VALIDATE_TIMESTAMP_ROUNDING);
    local validate_block_info: BlockInfo = BlockInfo(
        number=number * VALIDATE_NUMBER_ROUNDING,
        timestamp=timestamp * VALIDATE_TIMESTAMP_ROUNDING,
        sequencer=0,
    );

    let (local classes: Class*) = alloc();
    let (costs) = builtin_costs();
    local n_classes;
    // Bound by the statement, which lists every class.
    %{ zkthreads.count_classes(ids.n_classes) %}
    load_classes(classes, n_classes, costs);
    let (serve_syscalls_location) = get_label_location(serve_syscalls);
    local sub_block: SubBlock = SubBlock(
        n_classes=n_classes,
        classes=classes,
        chain_id=header.chain_id,
        block_info=&header.base_block,
        validate_block_info=&validate_block_info,
        serve_syscalls=cast(serve_syscalls_location, felt*),
        range_check_end=range_check_end,
    );

    local ec_op_start: EcOpBuiltin*;
    // A segment in which the VM computes ec_op results. Nothing to bind: `check_instances` checks every instance.
    %{ zkthreads.ec_op_segment(ids.ec_op_start) %}
    // Segments in which contracts' hashes are written down. They are checked at the end, instance by instance.
    let (local keccak_start: felt*) = alloc();
    let (local sha256_start: felt*) = alloc();
    local builtins_start: Builtins = Builtins(
        pedersen=cast(pedersen_ptr, felt*),
        bitwise=cast(bitwise_ptr, felt*),
        ec_op=cast(ec_op_start, felt*),
        range_check96=range_check96_ptr,
        add_mod=cast(add_mod_ptr, felt*),
        mul_mod=cast(mul_mod_ptr, felt*),
        keccak=keccak_start,
        sha256=sha256_start,
    );
    let builtins = &builtins_start;
    let (local contracts_start: DictAccess*) = alloc();
    let contracts = contracts_start;
    let (events) = alloc();
    local events: felt* = events;
    let (messages) = alloc();
    local effects_start: Effects = Effects(
        events=events, messages=messages, n_messages=0, n_events=0
    );
    let effects = &effects_start;
    with builtins, contracts, effects {
        run_transactions(&sub_block, 0, header.n_transactions);
    }
    check_instances(ec_op_start, cast(builtins.ec_op, EcOpBuiltin*));
    let bitwise_ptr = cast(builtins.bitwise, BitwiseBuiltin*);
    finalize_keccak_segment(keccak_start, builtins.keccak);
    finalize_sha256_segment(sha256_start, builtins.sha256);

    write_classes(&sub_block);
    write_contracts(contracts_start, contracts);
    write_effects(&effects_start, effects);

    assert_word(range_check_end - range_check_ptr);
    let range_check_ptr = range_check_end;
    let pedersen_ptr = cast(builtins.pedersen, HashBuiltin*);
    let range_check96_ptr = builtins.range_check96;
    let add_mod_ptr = cast(builtins.add_mod, ModBuiltin*);
    let mul_mod_ptr = cast(builtins.mul_mod, ModBuiltin*);
    return ();
}
