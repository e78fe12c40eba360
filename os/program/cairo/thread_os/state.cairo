// State as logs. The log of contracts holds, for every stretch of execution inside one contract, its `ContractState`
// before and after; each `ContractState` points into the contract's own log of storage accesses. Squashing a log
// proves that it is a consistent history and yields each key's first and last value, in ascending order.
//
// The first values are the prover's claims: they become the statement's preconditions.
//
// What a failed call did is undone by appending the inverse of its log entries, latest first.

from starkware.cairo.common.dict_access import DictAccess
from thread_os.types import ContractState

// Begins a stretch of execution inside `address`. The stretch ends with `close_contract`; nothing else may be
// appended to the log in between.
func open_contract{contracts: DictAccess*}(address: felt) -> (state: ContractState*) {
    assert contracts.key = address;
    // Writes `contracts.prev_value`. Bound by `squash_dict` in statement.cairo: it equals the `new_value` of the
    // contract's previous entry; in the first entry it is the claim that the statement carries.
    %{ zkthreads.open_contract(ids.contracts) %}
    return (state=cast(contracts.prev_value, ContractState*));
}

// Ends the stretch that `open_contract` began with `state`; `storage` is the end of the storage log by now.
func close_contract{contracts: DictAccess*}(state: ContractState*, storage: DictAccess*) {
    return close_contract_as(class_hash=state.class_hash, storage=storage, nonce=state.nonce);
}

// Ends a stretch with another class or nonce than it began with.
func close_contract_as{contracts: DictAccess*}(class_hash: felt, storage: DictAccess*, nonce: felt) {
    tempvar closed = new ContractState(class_hash=class_hash, storage=storage, nonce=nonce);
    assert contracts.new_value = cast(closed, felt);
    let contracts = contracts + DictAccess.SIZE;
    return ();
}

// Consumes the nonce `nonce` of `sender`.
func consume_nonce{contracts: DictAccess*}(sender: felt, nonce: felt) {
    let (state) = open_contract(sender);
    assert state.nonce = nonce;
    return close_contract_as(class_hash=state.class_hash, storage=state.storage, nonce=nonce + 1);
}

// Reads one cell of a contract other than the one that runs; the caller has closed that one.
func read_foreign_cell{contracts: DictAccess*}(address: felt, key: felt, value: felt) {
    let (state) = open_contract(address);
    assert [state.storage] = DictAccess(key=key, prev_value=value, new_value=value);
    return close_contract(state=state, storage=state.storage + DictAccess.SIZE);
}

// Undoes what the stretches from `start` up to `end`, the log's end, did to storage and classes. Nonces stay: no call
// changes them.
func undo{contracts: DictAccess*}(start: DictAccess*, end: DictAccess*) {
    alloc_locals;
    if (start == end) {
        return ();
    }
    let stretch = end - DictAccess.SIZE;
    local before: ContractState* = cast(stretch.prev_value, ContractState*);
    local after: ContractState* = cast(stretch.new_value, ContractState*);
    if (before.storage == after.storage) {
        if (before.class_hash == after.class_hash) {
            return undo(start=start, end=stretch);
        }
    }
    let (state) = open_contract(stretch.key);
    let (storage) = undo_cells(
        start=before.storage, end=after.storage, storage=state.storage, address=stretch.key
    );
    close_contract_as(class_hash=before.class_hash, storage=storage, nonce=state.nonce);
    return undo(start=start, end=stretch);
}

// Appends to the storage log, whose end is `storage`, the inverse of its entries from `start` up to `end`.
func undo_cells(start: DictAccess*, end: DictAccess*, storage: DictAccess*, address: felt) -> (
    storage: DictAccess*
) {
    if (start == end) {
        return (storage=storage);
    }
    let access = end - DictAccess.SIZE;
    if (access.new_value == access.prev_value) {
        return undo_cells(start, access, storage, address);
    }
    assert [storage] = DictAccess(
        key=access.key, prev_value=access.new_value, new_value=access.prev_value
    );
    // Lets the hints know the cell's value. Supplies nothing.
    %{ zkthreads.undo_write(ids.storage, ids.address) %}
    return undo_cells(start, access, storage + DictAccess.SIZE, address);
}
