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
    paymaster_data_start: felt,
    paymaster_data_end: felt,
    nonce_mode: felt,
    fee_mode: felt,
    account_deployment_data_start: felt,
    account_deployment_data_end: felt,
    proof_facts_start: felt,
    proof_facts_end: felt,
}

// The builtins that contracts use besides range_check and poseidon, which the OS also uses itself.
struct Builtins {
    pedersen: felt*,
    bitwise: felt*,
    ec_op: felt*,
    range_check96: felt*,
    add_mod: felt*,
    mul_mod: felt*,
}

// An external entry point of a class, in the layout in which the class is hashed.
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
    n_entry_points: felt,
    entry_points: EntryPoint*,
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
}

// What all calls of one phase of one inner transaction share.
struct Context {
    sub_block: SubBlock*,
    index: felt,
    hash: felt,
    is_validate: felt,
}

// One call of an entry point.
struct Call {
    // At offset 0: a contract reads it as `ExecutionInfo`.
    info: ExecutionInfo,
    calldata_start: felt*,
    calldata_end: felt*,
    context: Context*,
}

// A contract at some moment of the sub-block. `storage` is the end of its log of storage accesses.
struct ContractState {
    class_hash: felt,
    storage: DictAccess*,
    nonce: felt,
}

// Ends of the lists of event hashes and of messages to L1.
struct Effects {
    events: felt*,
    messages: felt*,
    n_messages: felt,
}
