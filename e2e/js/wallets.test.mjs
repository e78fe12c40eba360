// The accounts that most people have, with starknet.js as it is: deployed on the chain, used in a thread, settled, and then
// used on the chain again. All at once, each with somebody of its own to pay.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { Account, OutsideExecutionVersion, ec, hash, num } from 'starknet';
import { accountAt } from './bridge.mjs';
import { onChain, sends, succeeds, thread, worked } from './journey.mjs';
import { provider as chain, resourceBounds, told, transfer, user } from './node.mjs';
import { session } from './sessions.mjs';
import { argent, keys, multisig } from './wallets.mjs';

const STRK = 10n ** 18n;
/** OpenZeppelin's account 0.5.1. */
const CAIRO_0 = '0x4d07e40e93398ed3c76981e72dd1fd22557a78ce36c0515f679e27f0bb5bc5f';
/** Accounts that are to be given STRK. */
const funded = [];
const fund = (wallet) => {
  funded.push(wallet);
  return wallet;
};

/** Deploys the account on the chain; the thread has seen it when this is done. */
const deploy = async (wallet) => {
  const account = wallet.on(chain, true);
  await succeeds(thread, await account.deployAccount(wallet.deployment, { resourceBounds, tip: 0n }));
};

const received = async (recipient) => {
  const call = { contractAddress: told.strk, entrypoint: 'balance_of', calldata: [recipient] };
  return BigInt((await chain.callContract(call, 'latest'))[0]);
};

/** Pays in the thread, and on the chain once that has settled. */
const pays = async (wallet, recipient) => {
  await succeeds(chain, await sends(wallet.on(thread), transfer(recipient, 3n)));
  assert.equal(await received(recipient), 3n);
  await onChain(wallet.on(chain), transfer(recipient, 2n));
  assert.equal(await received(recipient), 5n);
};

const [ACCOUNT, MULTISIG] = ['Argent account 0.4.0', 'Argent multisig 0.2.0'];
const wallets = [
  [ACCOUNT, 'Starknet key', argent(keys.starknet(0x101n))],
  [ACCOUNT, 'Starknet key and guardian', argent(keys.starknet(0x102n), keys.starknet(0x103n))],
  [ACCOUNT, 'EIP-191', argent(keys.eip191(0x104n))],
  [ACCOUNT, 'secp256k1', argent(keys.secp256k1(0x105n))],
  [ACCOUNT, 'secp256r1', argent(keys.secp256r1(0x106n))],
  [MULTISIG, 'two of three Starknet keys', multisig(2, ...[0x107n, 0x108n, 0x109n].map(keys.starknet))],
];

describe('accounts', { concurrency: true }, () => {
  before(async () => onChain(user, funded.map(({ address }) => transfer(address, 100n * STRK))));

  for (const [index, [name, signers, wallet]] of wallets.entries()) {
    fund(wallet);
    test(`${name} pays in a thread and on the chain: ${signers}`, async () => {
      await deploy(wallet);
      await pays(wallet, num.toHex(0x5700 + index));
      worked(name, signers);
    });
  }

  test('OpenZeppelin account 1.0.0 pays in a thread and on the chain', async () => {
    await pays({ on: (provider) => accountAt(provider, told.burst) }, '0x5710');
    worked('OpenZeppelin account 1.0.0', 'Starknet key');
  });

  const [wallet, sender] = [0x10an, 0x10bn].map((key) => fund(argent(keys.starknet(key))));
  test('somebody else sends what an Argent account signed (SNIP-9)', async () => {
    const recipient = '0x5711';
    await Promise.all([deploy(wallet), deploy(sender)]);
    const now = (await chain.getBlock('latest')).timestamp;
    const options = { caller: 'ANY_CALLER', execute_after: now - 100, execute_before: now + 10_000 };
    const signed = (amount) =>
      wallet.on(thread).getOutsideTransaction(options, transfer(recipient, amount), OutsideExecutionVersion.V2);
    const first = await signed(7n);
    await succeeds(chain, await sender.on(thread).executeFromOutside(first));
    assert.equal(await received(recipient), 7n);
    // Its nonce is used up, in the thread as on the chain.
    await assert.rejects(sender.on(thread).executeFromOutside(first), /duplicated-outside-nonce/);
    const bounds = { resourceBounds, tip: 0n };
    await succeeds(chain, await sender.on(chain).executeFromOutside(await signed(1n), bounds));
    assert.equal(await received(recipient), 8n);
    worked(ACCOUNT, 'another account sends what it signed (SNIP-9)');
  });

  const [owner, guardian] = [0x10cn, 0x10dn].map(keys.starknet);
  const guarded = fund(argent(owner, guardian));
  test('an application pays with a session key of an Argent account', async () => {
    const recipient = '0x5712';
    await deploy(guarded);
    const allowed = [{ contractAddress: told.strk, entrypoint: 'approve' }, transfer(recipient, 1n)];
    const expiresAt = (await chain.getBlock('latest')).timestamp + 100_000;
    const key = keys.starknet(0x10en);
    const application = await session(chain, guarded, { owner, guardian, key, allowed, expiresAt });
    await pays(application, recipient);
    const calldata = [recipient, recipient, 1, 0];
    const forbidden = { contractAddress: told.strk, entrypoint: 'transfer_from', calldata };
    const sent = application.on(thread).execute(forbidden, { resourceBounds, tip: 0n });
    await assert.rejects(sent, /session\/invalid-call/);
    worked(ACCOUNT, 'session key and guardian');
  });

  const [publicKey, classHash] = [ec.starkCurve.getStarkKey('0x10f'), CAIRO_0];
  const address = hash.calculateContractAddressFromHash('0x0', classHash, [publicKey], 0);
  const on = (provider) => new Account({ provider, address, signer: '0x10f', cairoVersion: '0' });
  const deployment = { classHash, constructorCalldata: [publicKey], addressSalt: '0x0', contractAddress: address };
  const old = fund({ address, on, deployment });
  test('a Cairo 0 account pays on the chain only', async () => {
    const payment = transfer('0x5713', 1n);
    await deploy(old);
    await onChain(on(chain), payment);
    await assert.rejects(on(thread).execute(payment, { resourceBounds, tip: 0n }), /Cairo 0/);
    worked('OpenZeppelin account 0.5.1', 'Starknet key', 'no: Cairo 0');
  });
});
