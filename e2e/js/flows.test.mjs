// starknet.js: estimates, simulations, traces, events in pages, bursts, storage proofs, a forced look at every part.

import assert from 'node:assert/strict';
import test from 'node:test';
import { hash, num } from 'starknet';
import { account, balance, final, provider, resourceBounds, succeeds, told, transfer, user } from './node.mjs';
import { isDeclared, provenCell, stateRoot } from './proof.mjs';

const BURST = 200;
const recipient = '0x1234567';

test('what an estimate says is about what a transaction costs', async () => {
  const call = transfer(recipient, 1n);
  const estimate = await user.estimateInvokeFee(call);
  const receipt = await succeeds(await user.execute(call));
  const paid = BigInt(receipt.actual_fee.amount);
  assert.ok(paid > 0n);
  assert.ok(BigInt(estimate.overall_fee) >= paid, `${estimate.overall_fee} estimated, ${paid} paid`);
  assert.ok(BigInt(estimate.overall_fee) <= 3n * paid, `${estimate.overall_fee} estimated, ${paid} paid`);
});

test('a multicall is one transaction: all of it or nothing', async () => {
  const before = await balance(recipient);
  await succeeds(await user.execute([transfer(recipient, 3n), transfer(recipient, 4n)]));
  assert.equal(await balance(recipient), before + 7n);

  const tooMuch = [transfer(recipient, 5n), transfer(recipient, 2n ** 127n)];
  const { transaction_hash: reverted } = await user.execute(tooMuch, { resourceBounds, tip: 0n });
  const receipt = await final(provider, reverted);
  assert.equal(receipt.execution_status, 'REVERTED');
  assert.ok(receipt.revert_reason.length > 0);
  assert.equal(await balance(recipient), before + 7n);
});

test('a simulation shows the calls, changes nothing, and equals the trace of the transaction itself', async () => {
  const before = await balance(recipient);
  const call = transfer(recipient, 11n);
  const details = { resourceBounds, tip: 0n };
  const { simulated_transactions: simulated } = await user.simulateTransaction([{ type: 'INVOKE', payload: call }], {
    ...details,
    skipValidate: false,
  });
  assert.equal(await balance(recipient), before);
  const foreseen = simulated[0].transaction_trace;
  const signed = await user.accountInvocationsFactory([{ type: 'INVOKE', payload: call }], {
    ...details,
    versions: ['0x3'],
    nonce: await user.getNonce(),
    skipValidate: false,
  });
  const withReads = await provider.getSimulateTransaction(signed, { returnInitialReads: true, skipValidate: false });
  assert.ok(withReads.initial_reads.storage.length > 0);

  const sent = await user.execute(call, details);
  const receipt = await succeeds(sent);
  const trace = await provider.getTransactionTrace(sent.transaction_hash);
  assert.equal(trace.type, 'INVOKE');
  const inner = trace.execute_invocation.calls.find((it) => BigInt(it.contract_address) === BigInt(told.strk));
  assert.equal(BigInt(inner.entry_point_selector), BigInt(hash.getSelectorFromName('transfer')));
  assert.deepEqual(inner.result.map(BigInt), [1n]);
  assert.deepEqual(foreseen.execute_invocation.calls, trace.execute_invocation.calls);
  assert.deepEqual(foreseen.validate_invocation.entry_point_selector, trace.validate_invocation.entry_point_selector);

  const traces = await provider.getBlockTransactionsTraces(receipt.block_number);
  const own = traces.find((it) => BigInt(it.transaction_hash) === BigInt(sent.transaction_hash));
  assert.deepEqual(own.trace_root, trace);
});

test('two hundred transactions are sent without waiting, and all are executed in order', async () => {
  const sender = account(told.burst);
  const first = BigInt(await sender.getNonce());
  const before = await balance(recipient);
  const sends = [];
  for (let index = 0n; index < BURST; index += 1n) {
    sends.push(sender.execute(transfer(recipient, 1n), { nonce: first + index, resourceBounds, tip: 0n }));
  }
  const sent = await Promise.all(sends);
  const receipts = await Promise.all(sent.map(succeeds));
  assert.equal(await balance(recipient), before + BigInt(BURST));
  assert.equal(BigInt(await sender.getNonce()), first + BigInt(BURST));
  const blocks = receipts.map((it) => it.block_number);
  assert.deepEqual(blocks, blocks.toSorted((a, b) => a - b));
});

test('events come in pages that miss nothing and repeat nothing', async () => {
  const filter = {
    address: told.strk,
    keys: [[hash.getSelectorFromName('Transfer')], [num.toHex(told.burst.address)], [num.toHex(recipient)]],
    from_block: { block_number: 0 },
    to_block: 'latest',
  };
  const pages = [];
  let token;
  do {
    const page = await provider.getEvents({ ...filter, chunk_size: 7, continuation_token: token });
    assert.ok(page.events.length <= 7);
    pages.push(...page.events);
    token = page.continuation_token;
  } while (token);
  const whole = await provider.getEvents({ ...filter, chunk_size: 1000 });
  assert.equal(whole.continuation_token, undefined);
  assert.equal(whole.events.length, BURST);
  assert.deepEqual(pages, whole.events);
  const places = pages.map((it) => [it.block_number, it.transaction_index, it.event_index].join());
  assert.equal(new Set(places).size, BURST);
});

test('a storage proof of any block convinces one who trusts the block hash only', async () => {
  // ERC20_balances[recipient], the low half: what the contract's source says.
  const key = hash.getSelectorFromName('ERC20_balances');
  const cell = num.toHex(BigInt(hash.computePedersenHash(key, num.toHex(recipient))));
  const keys = [{ contract_address: told.strk, storage_keys: [cell] }];
  const proven = async (number) => {
    const block = await provider.getBlockWithTxHashes(number);
    const proof = await provider.getStorageProof([told.accountClass], [told.strk], keys, number);
    assert.equal(BigInt(proof.global_roots.block_hash), BigInt(block.block_hash));
    assert.equal(stateRoot(proof.global_roots), BigInt(block.new_root));
    return [proof, provenCell(proof, told.strk, cell)];
  };

  const latest = await provider.getBlockNumber();
  const [proof, now] = await proven(latest);
  assert.equal(now, await balance(recipient));
  assert.ok(now > 0n);
  const compiled = hash.computeCompiledClassHashBlake(await provider.getCompiledCasm(told.accountClass));
  assert.ok(isDeclared(proof, told.accountClass, compiled));
  assert.ok(!isDeclared(proof, told.accountClass, '0x1'));

  const [, atGenesis] = await proven(0);
  assert.equal(atGenesis, 0n);
  for (const number of [1, Math.floor(latest / 2)]) {
    const [, then] = await proven(number);
    const { value: read } = await provider.getStorageAt(told.strk, cell, number);
    assert.equal(then, BigInt(read));
  }

  const damaged = structuredClone(proof);
  damaged.contracts_proof.contract_leaves_data[0].nonce = '0x1';
  assert.throws(() => provenCell(damaged, told.strk, cell));
});

test('a pre-confirmed state is there to ask', async () => {
  const block = await provider.getBlockWithTxs('pre_confirmed');
  assert.ok(block.block_number > (await provider.getBlockNumber()) - 1);
  assert.equal(block.block_hash, undefined);
  await provider.getNonceForAddress(told.user.address, 'pre_confirmed');
});
