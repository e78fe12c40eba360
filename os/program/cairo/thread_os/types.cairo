// The structures that the thread OS passes around, and those whose layout contracts see.

from starkware.cairo.common.dict_access import DictAccess

// What a contract gets from `get_execution_info`. Versions 1, 2 and 3 of the syscall's answer are prefixes of one
// another (`TxInfo` grows at its end), so that one structure serves all three.
struct ExecutionInfo {
    block_info: BlockInfo*,
    tx_info: TxInfo*,
    caller_address: felt,
    contract_address: felt,
    selector: felt,
}

struct BlockInfo {
    number: felt,
    timestamp: felt,
    sequencer: felt,
}

struct ResourceBounds {
    resource: felt,
    max_amount: felt,
    max_price_per_unit: felt,
}

struct TxInfo {
    version: felt,
    sender: felt,
    max_fee: felt,
    signature_start: felt*,
    signature_end: felt*,
    hash: felt,
    chain_id: felt,
    nonce: felt,
    bounds_start: ResourceBounds*,
    bounds_end: ResourceBounds*,
    tip: felt,
    paymaster_data_start: felt*,
    paymaster_data_end: felt*,
    nonce_mode: felt,
    fee_mode: felt,
    account_deployment_data_start: felt*,
    account_deployment_data_end: felt*,
    proof_facts_start: felt*,
    proof_facts_end: felt*,
}

// The builtins that contracts use besides range_check and poseidon, which the OS also uses itself. `ec_op`, `keccak`
// and `sha256` are segments of the OS's own, whose instances it checks at the end.
struct Builtins {
    pedersen: felt*,
    bitwise: felt*,
    ec_op: felt*,
    range_check96: felt*,
    add_mod: felt*,
    mul_mod: felt*,
    keccak: felt*,
    sha256: felt*,
}

// An entry point of a class, in the layout in which the class is hashed.
struct EntryPoint {
    selector: felt,
    offset: felt,
    n_builtins: felt,
    builtins: felt*,
}

// A class whose code has been hashed.
struct Class {
    class_hash: felt,
    compiled_class_hash: felt,
    // 1 if the class counts Sierra gas, 0 if the chain counts its steps.
    gas_metered: felt,
    // How `get_execution_info` shows a transaction to it: see compatibility.cairo.
    shown: felt,
    n_external: felt,
    external: EntryPoint*,
    n_constructors: felt,
    constructors: EntryPoint*,
    bytecode: felt*,
}

// What all inner transactions share.
struct SubBlock {
    n_classes: felt,
    classes: Class*,
    chain_id: felt,
    block_info: BlockInfo*,
    // The rounded block info that `__validate__` sees.
    validate_block_info: BlockInfo*,
    // The function `serve_syscalls`.
    serve_syscalls: felt*,
    // Where the range check segment ends: every cell before it counts, whatever becomes of `range_check_ptr`.
    range_check_end: felt,
}

// What all calls of one phase of one inner transaction share.
struct Context {
    sub_block: SubBlock*,
    index: felt,
    hash: felt,
    is_validate: felt,
}

// A call of an entry point, as its syscalls need it.
struct Call {
    info: ExecutionInfo*,
    // What `get_execution_info` answers.
    shown: ExecutionInfo*,
    // 1 if the call counts Sierra gas, 0 if the chain counts its steps.
    gas_metered: felt,
    // How many calls may be nested in this one.
    depth_left: felt,
    context: Context*,
    // The function `serve_syscalls`: modules cannot import one another mutually, so execution.cairo jumps to it.
    serve_syscalls: felt*,
}

// A contract at some moment of the sub-block. `storage` is the end of its log of storage accesses.
struct ContractState {
    class_hash: felt,
    storage: DictAccess*,
    nonce: felt,
}

// Ends of the lists of event hashes and of messages to L1, and how many events the phase has emitted.
struct Effects {
    events: felt*,
    messages: felt*,
    n_messages: felt,
    n_events: felt,
}
