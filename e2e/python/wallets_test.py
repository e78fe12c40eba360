"""The accounts that most people have, with starknet.py as it is: deployed on the chain, used in a thread, settled, and then
used on the chain again. All at once, each with somebody of its own to pay."""

import asyncio
from datetime import datetime, timedelta

from node import BOUNDS, CLIENT, STRK, TOLD, predeployed, run, succeeds, transfer
from starknet_py.constants import ANY_CALLER
from starknet_py.hash.selector import get_selector_from_name
from starknet_py.net.account.account import Account
from starknet_py.net.client_models import (
    Call,
    OutsideExecutionTimeBounds,
    TransactionExecutionStatus,
    TransactionFinalityStatus,
)
from starknet_py.net.full_node_client import FullNodeClient
from wallets import Eip191Key, Secp256k1Key, Secp256r1Key, StarknetKey, Wallet, argent, multisig

THREAD = FullNodeClient(node_url=TOLD["thread"]["url"])
USER = predeployed("user")
ACCOUNT, MULTISIG = "Argent account 0.4.0", "Argent multisig 0.2.0"


async def received(recipient: int) -> int:
    request = Call(to_addr=STRK, selector=get_selector_from_name("balance_of"), calldata=[recipient])
    return (await CLIENT.call_contract(request, block_number="latest"))[0]


def worked(name: str, how: str) -> None:
    """Tells the harness what has worked: a row of a table in docs/classes.md."""
    with open(TOLD["journeys"], "a", encoding="utf-8") as rows:
        rows.write(f"| {name} | {how} | yes | yes |\n")


async def on_chain(account: Account, calls: Call | list[Call]) -> None:
    """Sends a transaction on the chain; the thread has seen it, too, when this is done."""
    await succeeds((await account.execute_v3(calls, resource_bounds=BOUNDS)).transaction_hash, THREAD)


async def deploy(wallet: Wallet) -> None:
    """Deploys the account on the chain; the thread has seen it when this is done."""
    await succeeds(await wallet.deploy(CLIENT), THREAD)


async def settles(account: Account, call: Call) -> None:
    """Executes it in the thread, at once, and waits for it on the chain."""
    sent = await account.execute_v3(call, resource_bounds=BOUNDS)
    receipt = await THREAD.get_transaction_receipt(sent.transaction_hash)
    assert receipt.finality_status == TransactionFinalityStatus.PRE_CONFIRMED
    assert receipt.execution_status == TransactionExecutionStatus.SUCCEEDED, receipt.revert_reason
    await succeeds(sent.transaction_hash)


async def pays(name: str, signers: str, wallet: Wallet, recipient: int) -> None:
    await deploy(wallet)
    await settles(wallet.on(THREAD), transfer(recipient, 3))
    assert await received(recipient) == 3
    await on_chain(wallet.on(CLIENT), transfer(recipient, 2))
    assert await received(recipient) == 5
    worked(name, signers)


async def somebody_else_sends(wallet: Wallet, sender: Wallet, recipient: int) -> None:
    await asyncio.gather(deploy(wallet), deploy(sender))
    now = datetime.fromtimestamp((await CLIENT.get_block(block_number="latest")).timestamp)
    bounds = OutsideExecutionTimeBounds(now - timedelta(hours=1), now + timedelta(days=1))

    async def signed(amount: int) -> Call:
        payment = transfer(recipient, amount)
        return await wallet.on(CLIENT).sign_outside_execution_call(payment, bounds, caller=ANY_CALLER)

    await settles(sender.on(THREAD), await signed(7))
    await on_chain(sender.on(CLIENT), await signed(1))
    assert await received(recipient) == 8
    worked(ACCOUNT, "another account sends what it signed (SNIP-9)")


WALLETS = [
    (ACCOUNT, "Starknet key", argent(StarknetKey(0x201))),
    (ACCOUNT, "Starknet key and guardian", argent(StarknetKey(0x202), StarknetKey(0x203))),
    (ACCOUNT, "EIP-191", argent(Eip191Key(0x204))),
    (ACCOUNT, "secp256k1", argent(Secp256k1Key(0x205))),
    (ACCOUNT, "secp256r1", argent(Secp256r1Key(0x206))),
    (MULTISIG, "two of three Starknet keys", multisig(2, *map(StarknetKey, [0x207, 0x208, 0x209]))),
]


async def all_at_once() -> None:
    wallet, sender = argent(StarknetKey(0x20A)), argent(StarknetKey(0x20B))
    funded = [wallet, sender, *(wallet for _, _, wallet in WALLETS)]
    await on_chain(USER, [transfer(wallet.address, 10**20) for wallet in funded])
    payments = [pays(*wallet, 0x5900 + index) for index, wallet in enumerate(WALLETS)]
    await asyncio.gather(*payments, somebody_else_sends(wallet, sender, 0x5910))


asyncio.run(run(all_at_once))
