// starknet.js with a thread's URL in place of a chain's: nothing else changes for a wallet.

import assert from 'node:assert/strict';
import test from 'node:test';
import { CallData, RpcProvider, WebSocketChannel, cairo } from 'starknet';
import { accountAt } from './bridge.mjs';
import { provider as chain, final, told, transfer } from './node.mjs';

const thread = new RpcProvider({ nodeUrl: told.thread.url });
const user = accountAt(thread, told.user);
const recipient = '0x51';

const balance = async (provider, block) => {
  const call = { contractAddress: told.strk, entrypoint: 'balance_of', calldata: [recipient] };
  return BigInt((await provider.callContract(call, block))[0]);
};

// The thread's sub-blocks hold two transactions: before the second one is sent, the first one cannot be on the chain.

test('a wallet signs, estimates, sends and sees its transaction at once', async () => {
  assert.equal(await thread.getChainId(), await chain.getChainId());
  const before = await balance(chain, 'latest');
  const estimate = await user.estimateInvokeFee(transfer(recipient, 3n));
  assert.ok(estimate.overall_fee > 0n);

  const sent = await user.execute(transfer(recipient, 3n));
  const receipt = await thread.getTransactionReceipt(sent.transaction_hash);
  assert.equal(receipt.finality_status, 'PRE_CONFIRMED');
  assert.equal(receipt.execution_status, 'SUCCEEDED');
  assert.equal(await balance(thread, 'pre_confirmed'), before + 3n);
  assert.equal(await balance(chain, 'latest'), before);

  // The next one builds on it, without waiting for anything.
  const calls = [
    { contractAddress: told.strk, entrypoint: 'transfer', calldata: CallData.compile([recipient, cairo.uint256(4n)]) },
    transfer(recipient, 5n),
  ];
  const next = await user.execute(calls);
  assert.equal(await balance(thread, 'pre_confirmed'), before + 12n);
  for (const { transaction_hash: hash } of [sent, next]) {
    const [here, there] = [await final(thread, hash), await final(chain, hash)];
    assert.equal(there.block_hash, here.block_hash);
    assert.deepEqual(there.events, here.events);
  }
  assert.equal(await balance(chain, 'latest'), before + 12n);
  const { events } = await thread.getEvents({
    address: told.strk,
    from_block: { block_number: 0 },
    to_block: 'latest',
    chunk_size: 100,
  });
  assert.ok(events.length > 0);
});

test('a subscriber hears of a transaction in the thread and again on the chain', async (context) => {
  const connect = async (url) => {
    const channel = new WebSocketChannel({ nodeUrl: url, autoReconnect: false });
    await channel.waitForConnection();
    context.after(() => channel.disconnect());
    return channel;
  };
  const [near, far] = [await connect(told.thread.ws), await connect(told.ws)];
  /** The first notification with each of these finalities. */
  const heard = (subscription, finality, ...wanted) => {
    const waiting = wanted.map((it) => [it, Promise.withResolvers()]);
    subscription.on((told) => {
      for (const [it, { resolve }] of waiting) if (finality(told) === it) resolve(told);
    });
    return waiting.map(([, { promise }]) => promise);
  };
  const sender = { senderAddress: [told.user.address] };
  const receipts = await near.subscribeNewTransactionReceipts({
    ...sender,
    finalityStatus: ['PRE_CONFIRMED', 'ACCEPTED_ON_L2'],
  });
  const [early, late] = heard(receipts, (it) => it.finality_status, 'PRE_CONFIRMED', 'ACCEPTED_ON_L2');

  const sent = await user.execute(transfer(recipient, 1n));
  const same = (it) => BigInt(it.transaction_hash) === BigInt(sent.transaction_hash);
  const statuses = await Promise.all([near, far].map((channel) =>
    channel.subscribeTransactionStatus({ transactionHash: sent.transaction_hash })));
  const accepted = statuses.flatMap((it) => heard(it, (told) => told.status.finality_status, 'ACCEPTED_ON_L2'));
  assert.ok(same(await early));
  await user.execute(transfer(recipient, 2n));
  for (const told of await Promise.all(accepted)) assert.equal(told.status.execution_status, 'SUCCEEDED');
  assert.ok(same(await late));
});

test('what the thread cannot take is an error that a wallet understands', async () => {
  const nonce = await user.getNonce();
  const details = { nonce: BigInt(nonce) - 1n, tip: 0n };
  const resourceBounds = {
    l1_gas: { max_amount: 1n, max_price_per_unit: 2_000_000_000n },
    l2_gas: { max_amount: 100_000_000n, max_price_per_unit: 2_000_000_000n },
    l1_data_gas: { max_amount: 1_000n, max_price_per_unit: 2_000_000_000n },
  };
  await assert.rejects(user.execute(transfer(recipient, 1n), { ...details, resourceBounds }), /nonce/i);
});
