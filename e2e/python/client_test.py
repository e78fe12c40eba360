"""starknet.py against a running node: what a script or a bot does, and a thread transaction besides."""

import asyncio
import base64
from pathlib import Path

from node import BOUNDS, CLIENT, TOLD, WAITING, balance, call, predeployed, run, succeeds, transfer
from starknet_py.common import create_casm_class
from starknet_py.contract import Contract
from starknet_py.hash.address import compute_address
from starknet_py.hash.casm_class_hash import compute_casm_class_hash
from starknet_py.hash.selector import get_selector_from_name
from starknet_py.net.account.account import Account
from starknet_py.net.client_models import Call, TransactionResponseFlag
from starknet_py.net.signer.key_pair import KeyPair
from starknet_py.net.udc_deployer.deployer import Deployer


async def the_node_introduces_itself() -> None:
    assert await CLIENT.spec_version() == "0.10.3"
    assert await CLIENT.get_chain_id() == "0x534e5f5345504f4c4941"
    assert (await CLIENT.get_block(block_number="latest")).block_number == 0


async def an_account_is_funded_deployed_and_invokes() -> None:
    user = predeployed("user")
    keys = KeyPair.generate()
    class_hash = int(TOLD["accountClass"], 16)
    address = compute_address(salt=5, class_hash=class_hash, constructor_calldata=[keys.public_key])
    sent = await user.execute_v3(transfer(address, 10**19), auto_estimate=True)
    await succeeds(sent.transaction_hash)
    assert await balance(address) == 10**19

    deployed = await Account.deploy_account_v3(
        address=address,
        class_hash=class_hash,
        salt=5,
        key_pair=keys,
        client=CLIENT,
        constructor_calldata=[keys.public_key],
        auto_estimate=True,
    )
    await deployed.wait_for_acceptance(**WAITING)
    await succeeds(deployed.hash)
    assert await CLIENT.get_class_hash_at(address, block_number="latest") == class_hash

    before = await balance(user.address)
    calls = [transfer(user.address, 5), transfer(user.address, 6)]
    sent = await deployed.account.execute_v3(calls, auto_estimate=True)
    await succeeds(sent.transaction_hash)
    assert await balance(user.address) == before + 11
    assert await deployed.account.get_nonce() == 2


async def a_class_is_declared_and_deployed() -> None:
    user = predeployed("user")
    casm = create_casm_class(Path(TOLD["casm"]).read_text())
    declared = await Contract.declare_v3(
        account=user,
        compiled_contract=Path(TOLD["sierra"]).read_text(),
        compiled_class_hash=compute_casm_class_hash(casm),
        auto_estimate=True,
    )
    await declared.wait_for_acceptance(**WAITING)
    await succeeds(declared.hash)
    deployment = Deployer().create_contract_deployment_raw(class_hash=declared.class_hash, raw_calldata=[])
    sent = await user.execute_v3(deployment.call, auto_estimate=True)
    await succeeds(sent.transaction_hash)
    put = Call(to_addr=deployment.address, selector=get_selector_from_name("put"), calldata=[5, 42])
    sent = await user.execute_v3(put, auto_estimate=True)
    await succeeds(sent.transaction_hash)
    assert await call(deployment.address, "get", 5) == [42]


async def a_thread_transaction_is_signed_sent_settled_and_read() -> None:
    submitter = predeployed("submitter")
    facts = [int(fact, 16) for fact in TOLD["proofFacts"]]
    before = await balance(submitter.address)
    signed = await submitter.sign_invoke_v3(
        [],
        resource_bounds=BOUNDS,
        proof_facts=facts,
        proof=base64.b64encode(Path(TOLD["package"]).read_bytes()).decode(),
    )
    sent = await CLIENT.send_transaction(signed)
    receipt = await succeeds(sent.transaction_hash)
    assert len(receipt.events) >= 12
    assert await balance(submitter.address) == before - receipt.actual_fee.amount

    flags = [TransactionResponseFlag.INCLUDE_PROOF_FACTS]
    transaction = await CLIENT.get_transaction(sent.transaction_hash, response_flags=flags)
    assert transaction.proof_facts == facts
    block = await CLIENT.get_block_with_txs(block_number=receipt.block_number)
    assert [it.hash for it in block.transactions] == [sent.transaction_hash]
    receipts = await CLIENT.get_block_with_receipts(block_number=receipt.block_number)
    assert len(receipts.transactions[0].receipt.events) == len(receipt.events)
    await CLIENT.get_state_update(block_number=receipt.block_number)


asyncio.run(
    run(
        the_node_introduces_itself,
        an_account_is_funded_deployed_and_invokes,
        a_class_is_declared_and_deployed,
        a_thread_transaction_is_signed_sent_settled_and_read,
    )
)
