"""starknet.py: estimates, simulations, traces, events in pages, a burst, subscriptions."""

import asyncio

from node import BOUNDS, CLIENT, PATIENCE, TOLD, STRK, balance, predeployed, run, succeeds, transfer
from starknet_py.hash.selector import get_selector_from_name
from starknet_py.net.client_models import ContractsStorageKeys, InvokeTransactionTrace
from starknet_py.net.websockets.websocket_client import WebsocketClient

BURST = 50
RECIPIENT = 0x7654321


async def an_estimate_covers_what_is_paid() -> None:
    user = predeployed("user")
    signed = await user.sign_invoke_v3(transfer(RECIPIENT, 1), auto_estimate=True)
    estimate = await CLIENT.estimate_fee(signed, block_number="latest")
    receipt = await succeeds((await CLIENT.send_transaction(signed)).transaction_hash)
    assert 0 < receipt.actual_fee.amount <= 3 * estimate.overall_fee
    assert estimate.unit.value == "FRI"


async def a_simulation_changes_nothing_and_equals_the_trace() -> None:
    user = predeployed("user")
    before = await balance(RECIPIENT)
    signed = await user.sign_invoke_v3(transfer(RECIPIENT, 2), resource_bounds=BOUNDS)
    simulated = await CLIENT.simulate_transactions([signed], block_number="latest")
    foreseen = simulated[0].transaction_trace
    assert isinstance(foreseen, InvokeTransactionTrace)
    with_reads = await CLIENT.simulate_transactions([signed], return_initial_reads=True, block_number="latest")
    assert with_reads.initial_reads is not None
    assert await balance(RECIPIENT) == before

    sent = await CLIENT.send_transaction(signed)
    receipt = await succeeds(sent.transaction_hash)
    trace = await CLIENT.trace_transaction(sent.transaction_hash)
    assert trace.execute_invocation == foreseen.execute_invocation
    assert trace.fee_transfer_invocation == foreseen.fee_transfer_invocation
    traces = await CLIENT.trace_block_transactions(block_number=receipt.block_number)
    assert [it.transaction_hash for it in traces] == [sent.transaction_hash]
    assert traces[0].trace_root == trace


async def a_burst_is_executed_in_order() -> None:
    user = predeployed("burst")
    first = await user.get_nonce()
    before = await balance(RECIPIENT)
    hashes = []
    for index in range(BURST):
        sent = await user.execute_v3(transfer(RECIPIENT, 1), nonce=first + index, resource_bounds=BOUNDS)
        hashes.append(sent.transaction_hash)
    receipts = [await succeeds(transaction_hash) for transaction_hash in hashes]
    blocks = [receipt.block_number for receipt in receipts]
    assert blocks == sorted(blocks)
    assert await balance(RECIPIENT) == before + BURST


async def events_come_in_pages() -> None:
    keys = [[get_selector_from_name("Transfer")], [predeployed("burst").address], [RECIPIENT]]
    request = {"address": STRK, "keys": keys, "from_block_number": 0, "to_block_number": "latest"}
    paged = await CLIENT.get_events(**request, chunk_size=7, follow_continuation_token=True)
    whole = await CLIENT.get_events(**request, chunk_size=1000)
    assert whole.continuation_token is None
    assert len(whole.events) == BURST
    assert paged.events == whole.events


async def a_storage_proof_of_an_old_block_is_there() -> None:
    block = await CLIENT.get_block_with_tx_hashes(block_number=1)
    proof = await CLIENT.get_storage_proof(
        block_number=1,
        class_hashes=[int(TOLD["accountClass"], 16)],
        contract_addresses=[STRK],
        contracts_storage_keys=[ContractsStorageKeys(contract_address=STRK, storage_keys=["0x1"])],
    )
    assert proof.global_roots.block_hash == block.block_hash
    assert len(proof.contracts_proof.contract_leaves_data) == 1
    assert len(proof.contracts_storage_proofs) == 1


async def subscriptions_tell_what_happens() -> None:
    user = predeployed("user")
    client = WebsocketClient(TOLD["ws"])
    await client.connect()
    told: dict[str, asyncio.Queue] = {
        name: asyncio.Queue() for name in ("heads", "events", "transactions", "receipts", "status")
    }

    def into(name: str):
        return lambda notification: told[name].put_nowait(notification.result)

    heads = await client.subscribe_new_heads(into("heads"))
    await client.subscribe_events(into("events"), from_address=STRK)
    await client.subscribe_new_transactions(into("transactions"), sender_address=[user.address])
    await client.subscribe_new_transaction_receipts(into("receipts"), sender_address=[user.address])
    sent = await user.execute_v3(transfer(RECIPIENT, 3), resource_bounds=BOUNDS)
    await client.subscribe_transaction_status(into("status"), sent.transaction_hash)
    receipt = await succeeds(sent.transaction_hash)

    async def until(name: str, wanted) -> None:
        while not wanted(await asyncio.wait_for(told[name].get(), timeout=PATIENCE)):
            pass

    await until("heads", lambda head: head.block_number == receipt.block_number)
    await until("events", lambda event: event.transaction_hash == sent.transaction_hash)
    await until("transactions", lambda it: it.transaction.hash == sent.transaction_hash)
    await until("receipts", lambda it: it.transaction_hash == sent.transaction_hash)
    await until("status", lambda it: it.status.finality_status.value == "ACCEPTED_ON_L2")
    assert await client.unsubscribe(heads)
    await client.disconnect()


asyncio.run(
    run(
        an_estimate_covers_what_is_paid,
        a_simulation_changes_nothing_and_equals_the_trace,
        a_burst_is_executed_in_order,
        events_come_in_pages,
        a_storage_proof_of_an_old_block_is_there,
        subscriptions_tell_what_happens,
    )
)
