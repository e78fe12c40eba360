"""The node under test, as every file here sees it, and what several of them do with it."""

import asyncio
import json
import os
from pathlib import Path

from starknet_py.hash.selector import get_selector_from_name
from starknet_py.net.account.account import Account
from starknet_py.net.client_models import (
    Call,
    ResourceBounds,
    ResourceBoundsMapping,
    TransactionExecutionStatus,
    TransactionFinalityStatus,
)
from starknet_py.net.full_node_client import FullNodeClient
from starknet_py.net.models import StarknetChainId
from starknet_py.net.signer.key_pair import KeyPair

TOLD = json.loads(Path(os.environ["ZKTHREADS_BRIEFING"]).read_text())
STRK = int(TOLD["strk"], 16)
CLIENT = FullNodeClient(node_url=TOLD["url"])
# How often to look, and for how long a test that hangs is let go on, seconds.
LOOK, PATIENCE = 0.1, 480
WAITING = {"check_interval": LOOK, "retries": int(PATIENCE / LOOK)}
BOUNDS = ResourceBoundsMapping(
    l1_gas=ResourceBounds(max_amount=100_000, max_price_per_unit=2_000_000_000),
    l2_gas=ResourceBounds(max_amount=1_000_000_000, max_price_per_unit=2_000_000_000),
    l1_data_gas=ResourceBounds(max_amount=1_000_000, max_price_per_unit=2_000_000_000),
)


def account(address: int, key: int) -> Account:
    return Account(
        client=CLIENT,
        address=address,
        key_pair=KeyPair.from_private_key(key),
        chain=StarknetChainId.SEPOLIA,
    )


def predeployed(name: str) -> Account:
    return account(int(TOLD[name]["address"], 16), int(TOLD[name]["key"], 16))


def transfer(recipient: int, amount: int) -> Call:
    return Call(to_addr=STRK, selector=get_selector_from_name("transfer"), calldata=[recipient, amount, 0])


async def call(contract: int, function: str, *calldata: int) -> list[int]:
    request = Call(to_addr=contract, selector=get_selector_from_name(function), calldata=list(calldata))
    return await CLIENT.call_contract(request, block_number="latest")


async def balance(owner: int) -> int:
    low, high = await call(STRK, "balance_of", owner)
    return low + (high << 128)


async def final(client: FullNodeClient, transaction_hash: int):
    """The receipt once the transaction is in a block that is sealed. The library is content with the open block, which
    `latest` does not name."""
    for _ in range(int(PATIENCE / LOOK)):
        try:
            receipt = await client.get_transaction_receipt(transaction_hash)
            if receipt.finality_status == TransactionFinalityStatus.ACCEPTED_ON_L2:
                return receipt
        except Exception as error:  # The chain does not know it yet.
            if "29" not in str(error):
                raise
        await asyncio.sleep(LOOK)
    raise TimeoutError(f"{transaction_hash:#x} is in no block")


async def succeeds(transaction_hash: int, client: FullNodeClient = CLIENT):
    receipt = await final(client, transaction_hash)
    assert receipt.execution_status == TransactionExecutionStatus.SUCCEEDED, receipt.revert_reason
    return receipt


async def run(*steps) -> None:
    """Runs the steps one after the other and names each that is done."""
    for step in steps:
        await step()
        print("ok", step.__name__)
