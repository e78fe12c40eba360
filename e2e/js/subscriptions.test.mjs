// starknet.js over WebSocket: every subscription there is, each told of the same transaction.

import assert from 'node:assert/strict';
import test from 'node:test';
import { WebSocketChannel } from 'starknet';
import { provider, succeeds, told, transfer, user } from './node.mjs';

/** An open connection, closed when the test ends. */
async function connect(context) {
  const channel = new WebSocketChannel({ nodeUrl: told.ws, autoReconnect: false });
  await channel.waitForConnection();
  context.after(() => channel.disconnect());
  return channel;
}

/** The first notification that `wanted` accepts. */
function first(subscription, wanted) {
  return new Promise((resolve) => {
    subscription.on((result) => {
      if (wanted(result)) resolve(result);
    });
  });
}

const same = (one, other) => BigInt(one) === BigInt(other);

test('heads, events, transactions, receipts and a status are told as they happen', async (context) => {
  const channel = await connect(context);
  const heads = await channel.subscribeNewHeads();
  const events = await channel.subscribeEvents({ fromAddress: told.strk });
  const transactions = await channel.subscribeNewTransactions({ senderAddress: [told.user.address] });
  const receipts = await channel.subscribeNewTransactionReceipts({ senderAddress: [told.user.address] });

  const before = await provider.getBlockNumber();
  const happened = Promise.all([
    first(heads, (it) => it.block_number > before),
    first(events, (it) => same(it.from_address, told.strk) && it.block_number > before),
    first(transactions, (it) => same(it.sender_address, told.user.address)),
    first(receipts, () => true),
  ]);
  const sent = await user.execute(transfer('0x77', 1n));
  const status = await channel.subscribeTransactionStatus({ transactionHash: sent.transaction_hash });
  const accepted = first(status, (it) => it.status.finality_status === 'ACCEPTED_ON_L2');
  await succeeds(sent);

  const [head, event, transaction, receipt] = await happened;
  const block = await provider.getBlockWithTxHashes(head.block_number);
  assert.ok(same(head.block_hash, block.block_hash));
  assert.ok(same(event.transaction_hash, sent.transaction_hash));
  assert.ok(same(transaction.transaction_hash, sent.transaction_hash));
  assert.ok(same(receipt.transaction_hash, sent.transaction_hash));
  assert.equal((await accepted).status.execution_status, 'SUCCEEDED');
});

test('old heads are told first, in order and without a gap', async (context) => {
  for (let index = 0; index < 3; index += 1) await succeeds(await user.execute(transfer('0x78', 1n)));
  const channel = await connect(context);
  const latest = await provider.getBlockNumber();
  const heads = await channel.subscribeNewHeads({ blockIdentifier: 1 });
  const numbers = [];
  const upToDate = first(heads, (it) => {
    numbers.push(it.block_number);
    return it.block_number > latest;
  });
  await succeeds(await user.execute(transfer('0x78', 1n)));
  const newest = (await upToDate).block_number;
  assert.deepEqual(numbers, Array.from({ length: newest }, (_, index) => index + 1));
});

test('after unsubscribing nothing more is told', async (context) => {
  const channel = await connect(context);
  const heads = await channel.subscribeNewHeads();
  const other = await channel.subscribeNewHeads();
  let count = 0;
  heads.on(() => {
    count += 1;
  });
  assert.equal(await heads.unsubscribe(), true);
  const next = first(other, () => true);
  await succeeds(await user.execute(transfer('0x79', 1n)));
  await next;
  assert.equal(count, 0);
  await assert.rejects(channel.sendReceive('starknet_unsubscribe', { subscription_id: 'nonsense' }));
});

test('ordinary methods answer on the same connection', async (context) => {
  const channel = await connect(context);
  assert.equal(await channel.sendReceive('starknet_specVersion'), '0.10.3');
  assert.equal(await channel.sendReceive('starknet_blockNumber'), await provider.getBlockNumber());
});
