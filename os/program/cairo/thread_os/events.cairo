// Events and messages to L1.

from starkware.cairo.common.alloc import alloc
from starkware.cairo.common.builtin_poseidon.poseidon import poseidon_hash_many
from starkware.cairo.common.cairo_builtins import PoseidonBuiltin
from starkware.cairo.common.memcpy import memcpy
from thread_os.constants import MAX_EVENTS, MAX_EVENT_DATA, MAX_EVENT_KEYS
from thread_os.types import Call, Effects

// Lists that nobody will read, for the effects of a call that fails.
func discarded_effects(effects: Effects*) -> (discarded: Effects*) {
    let (events) = alloc();
    let (messages) = alloc();
    tempvar discarded = new Effects(
        events=events, messages=messages, n_messages=0, n_events=effects.n_events
    );
    return (discarded=discarded);
}

// Appends an event's hash: Poseidon(from, transaction hash, number of keys, keys, length of data, data).
func emit_event{range_check_ptr, poseidon_ptr: PoseidonBuiltin*, effects: Effects*}(
    frame: Call*, keys: felt*, n_keys: felt, data: felt*, n_data: felt
) {
    alloc_locals;
    assert [range_check_ptr] = n_keys;
    assert [range_check_ptr + 1] = MAX_EVENT_KEYS - n_keys;
    assert [range_check_ptr + 2] = n_data;
    assert [range_check_ptr + 3] = MAX_EVENT_DATA - n_data;
    assert [range_check_ptr + 4] = MAX_EVENTS - 1 - effects.n_events;
    let range_check_ptr = range_check_ptr + 5;
    let (local preimage: felt*) = alloc();
    assert preimage[0] = frame.info.contract_address;
    assert preimage[1] = frame.context.hash;
    assert preimage[2] = n_keys;
    memcpy(dst=preimage + 3, src=keys, len=n_keys);
    assert preimage[3 + n_keys] = n_data;
    memcpy(dst=preimage + 4 + n_keys, src=data, len=n_data);
    let (hash) = poseidon_hash_many(n=4 + n_keys + n_data, elements=preimage);
    assert [effects.events] = hash;
    tempvar effects = new Effects(
        events=effects.events + 1,
        messages=effects.messages,
        n_messages=effects.n_messages,
        n_events=effects.n_events + 1,
    );
    return ();
}

// Appends a message to L1, in the statement's layout.
func send_message{range_check_ptr, effects: Effects*}(
    frame: Call*, to_address: felt, payload: felt*, n_payload: felt
) {
    alloc_locals;
    assert [range_check_ptr] = n_payload;
    let range_check_ptr = range_check_ptr + 1;
    let message = effects.messages;
    assert message[0] = frame.context.index;
    assert message[1] = frame.info.contract_address;
    assert message[2] = to_address;
    assert message[3] = n_payload;
    memcpy(dst=message + 4, src=payload, len=n_payload);
    tempvar effects = new Effects(
        events=effects.events,
        messages=effects.messages + 4 + n_payload,
        n_messages=effects.n_messages + 1,
        n_events=effects.n_events,
    );
    return ();
}
