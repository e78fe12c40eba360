// State as logs. The log of contracts holds, for every stretch of execution inside one contract, its `ContractState`
// before and after; each `ContractState` points into the contract's own log of storage accesses. Squashing a log
// proves that it is a consistent history and yields each key's first and last value, in ascending order.
//
// The first values are the prover's claims: they become the statement's preconditions.

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
    tempvar closed = new ContractState(
        class_hash=state.class_hash, storage=storage, nonce=state.nonce
    );
    assert contracts.new_value = cast(closed, felt);
    let contracts = contracts + DictAccess.SIZE;
    return ();
}

// Consumes the nonce `nonce` of `sender`.
func consume_nonce{contracts: DictAccess*}(sender: felt, nonce: felt) {
    let (state) = open_contract(sender);
    assert state.nonce = nonce;
    tempvar closed = new ContractState(
        class_hash=state.class_hash, storage=state.storage, nonce=nonce + 1
    );
    assert contracts.new_value = cast(closed, felt);
    let contracts = contracts + DictAccess.SIZE;
    return ();
}

// Reads one cell of a contract other than the one that runs; the caller has closed that one.
func read_foreign_cell{contracts: DictAccess*}(address: felt, key: felt, value: felt) {
    let (state) = open_contract(address);
    assert [state.storage] = DictAccess(key=key, prev_value=value, new_value=value);
    return close_contract(state=state, storage=state.storage + DictAccess.SIZE);
}
