"""starknet.py with a thread's URL in place of a chain's: nothing else changes for a wallet."""

import asyncio

from node import BOUNDS, CLIENT, STRK, TOLD, final, run, transfer
from starknet_py.hash.selector import get_selector_from_name
from starknet_py.net.account.account import Account
from starknet_py.net.client_models import Call, TransactionFinalityStatus
from starknet_py.net.full_node_client import FullNodeClient
from starknet_py.net.models import StarknetChainId
from starknet_py.net.signer.key_pair import KeyPair

THREAD = FullNodeClient(node_url=TOLD["thread"]["url"])
USER = Account(
    client=THREAD,
    address=int(TOLD["burst"]["address"], 16),
    key_pair=KeyPair.from_private_key(int(TOLD["burst"]["key"], 16)),
    chain=StarknetChainId.SEPOLIA,
)
RECIPIENT = 0x52
# Twenty-one fill a sub-block: before the last of them is sent, none can be on the chain.
BURST = 20
HASHES: list[int] = []


async def balance(client: FullNodeClient, block: str) -> int:
    request = Call(to_addr=STRK, selector=get_selector_from_name("balance_of"), calldata=[RECIPIENT])
    return (await client.call_contract(request, block_number=block))[0]


async def a_burst_is_answered_at_once() -> None:
    first = await USER.get_nonce()
    for index in range(BURST):
        sent = await USER.execute_v3(transfer(RECIPIENT, 1), nonce=first + index, resource_bounds=BOUNDS)
        HASHES.append(sent.transaction_hash)
        receipt = await THREAD.get_transaction_receipt(sent.transaction_hash)
        assert receipt.finality_status == TransactionFinalityStatus.PRE_CONFIRMED
    assert await balance(THREAD, "pre_confirmed") == BURST
    assert await USER.get_nonce(block_number="pre_confirmed") == first + BURST
    assert await balance(CLIENT, "latest") == 0


async def an_estimate_simulates_on_what_the_thread_has_done() -> None:
    signed = await USER.sign_invoke_v3(transfer(RECIPIENT, 1), auto_estimate=True)
    simulated = await THREAD.simulate_transactions([signed], block_number="pre_confirmed")
    assert simulated[0].transaction_trace.execute_invocation is not None
    sent = await THREAD.send_transaction(signed)
    trace = await THREAD.trace_transaction(sent.transaction_hash)
    assert trace.execute_invocation.result == simulated[0].transaction_trace.execute_invocation.result
    HASHES.append(sent.transaction_hash)


async def all_of_it_settles() -> None:
    for transaction_hash in HASHES:
        here, there = await final(THREAD, transaction_hash), await final(CLIENT, transaction_hash)
        assert here.block_number == there.block_number
        assert here.events == there.events
    assert await balance(CLIENT, "latest") == BURST + 1


asyncio.run(
    run(a_burst_is_answered_at_once, an_estimate_simulates_on_what_the_thread_has_done, all_of_it_settles)
)
