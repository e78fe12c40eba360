// The accounts that most people have, with starknet.js as it is: deployed on the chain, used in a thread, settled, and then
// used on the chain again.

import assert from 'node:assert/strict';
import test from 'node:test';
import { OutsideExecutionVersion, RpcProvider } from 'starknet';
import { provider as chain, resourceBounds, told, transfer, user } from './node.mjs';
import { argent, keys, multisig } from './wallets.mjs';

const thread = new RpcProvider({ nodeUrl: told.thread.url });
const recipient = '0x57';
const STRK = 10n ** 18n;

const balance = async (provider, block) => {
  const call = { contractAddress: told.strk, entrypoint: 'balance_of', calldata: [recipient] };
  return BigInt((await provider.callContract(call, block))[0]);
};

/** Waits for a transaction that must succeed: a proof of such an account takes longer than most. */
const succeeds = async (provider, { transaction_hash: hash }) => {
  const successStates = ['ACCEPTED_ON_L2', 'ACCEPTED_ON_L1'];
  const receipt = await provider.waitForTransaction(hash, { retryInterval: 1000, successStates });
  assert.equal(receipt.execution_status, 'SUCCEEDED', receipt.revert_reason);
  return receipt;
};

/** Gives the account STRK and deploys it, on the chain; the thread has seen it when this is done. */
const deploy = async (wallet) => {
  await succeeds(chain, await user.execute(transfer(wallet.address, 100n * STRK), { resourceBounds, tip: 0n }));
  const account = wallet.on(chain, true);
  await succeeds(thread, await account.deployAccount(wallet.deployment, { resourceBounds, tip: 0n }));
};

/** Pays in the thread, and on the chain once that has settled. */
const pays = async (wallet) => {
  const before = await balance(chain, 'latest');
  const sent = await wallet.on(thread).execute(transfer(recipient, 3n));
  const receipt = await thread.getTransactionReceipt(sent.transaction_hash);
  assert.equal(receipt.finality_status, 'PRE_CONFIRMED');
  assert.equal(receipt.execution_status, 'SUCCEEDED', receipt.revert_reason);
  assert.equal(await balance(chain, 'latest'), before);
  await succeeds(chain, sent);
  assert.equal(await balance(chain, 'latest'), before + 3n);
  // The library's estimate leaves out what checking the signature takes, which on the chain counts.
  await succeeds(chain, await wallet.on(chain).execute(transfer(recipient, 2n), { resourceBounds, tip: 0n }));
  assert.equal(await balance(chain, 'latest'), before + 5n);
};

const wallets = {
  'Argent 0.4.0': argent(keys.starknet(0x101n)),
  'Argent 0.4.0 with a guardian': argent(keys.starknet(0x102n), keys.starknet(0x103n)),
  'Argent 0.4.0 with an EIP-191 signer': argent(keys.eip191(0x104n)),
  'Argent 0.4.0 with a secp256k1 signer': argent(keys.secp256k1(0x105n)),
  'Argent 0.4.0 with a secp256r1 signer': argent(keys.secp256r1(0x106n)),
  'Argent multisig 0.2.0, two of three': multisig(2, keys.starknet(0x107n), keys.starknet(0x108n), keys.starknet(0x109n)),
};

for (const [name, wallet] of Object.entries(wallets)) {
  test(`${name} pays in a thread and on the chain`, async () => {
    await deploy(wallet);
    await pays(wallet);
  });
}

test('somebody else sends what an Argent account signed (SNIP-9)', async () => {
  const wallet = argent(keys.starknet(0x10an));
  await deploy(wallet);
  const before = await balance(chain, 'latest');
  const now = (await chain.getBlock('latest')).timestamp;
  const options = { caller: 'ANY_CALLER', execute_after: now - 100, execute_before: now + 10_000 };
  const signed = await wallet.on(thread).getOutsideTransaction(options, transfer(recipient, 7n), OutsideExecutionVersion.V2);
  const sender = argent(keys.starknet(0x10bn));
  await deploy(sender);
  const sent = await sender.on(thread).executeFromOutside(signed);
  await succeeds(chain, sent);
  assert.equal(await balance(chain, 'latest'), before + 7n);
  // Its nonce is used up, in the thread as on the chain.
  await assert.rejects(sender.on(thread).executeFromOutside(signed), /duplicated-outside-nonce|nonce/);
});
