// Answers that starknet-devnet's users rely on.

import assert from 'node:assert/strict';
import test from 'node:test';
import { CallData, WebSocketChannel, hash } from 'starknet';
import { accountAt, details, execute, freshClass, patient } from './bridge.mjs';
import { devnet, start } from './devnets.mjs';
import { resourceBounds, told, transfer } from './node.mjs';

const PAYEE = '0x5678';
const PRICE = 1_000_000_000n;

const provider = patient(told.url);
const user = accountAt(provider, told.user);
const other = accountAt(provider, told.burst);

const balance = async (provider, owner) => {
  const call = { contractAddress: told.strk, entrypoint: 'balance_of', calldata: [owner] };
  const [low, high] = (await provider.callContract(call)).map(BigInt);
  return low + (high << 128n);
};

/** A transfer of the user's, signed, `ahead` of the next nonce. */
async function signed(ahead = 0n, options = {}) {
  const nonce = BigInt(await user.getNonce()) + ahead;
  const all = { ...details, ...options, versions: ['0x3'], nonce, skipValidate: false };
  const [transaction] = await user.accountInvocationsFactory([{ type: 'INVOKE', payload: transfer(PAYEE, 1n) }], all);
  return transaction;
}

/** What a promise is rejected with. */
const failure = (promise) => promise.then(() => assert.fail('it was accepted'), (error) => error);

// Transactions.

test('what was sent is in a block when the answer comes', async () => {
  for (let index = 0; index < 3; index += 1) {
    const { transaction_hash: sent } = await user.execute(transfer(PAYEE, 1n), details);
    assert.equal((await provider.getTransactionReceipt(sent)).finality_status, 'ACCEPTED_ON_L2');
  }
  const { transaction_hash: declared } = await user.declare(freshClass(), details);
  assert.equal((await provider.getTransactionReceipt(declared)).finality_status, 'ACCEPTED_ON_L2');
});

test('fees offered below the block’s price are error 53', async () => {
  const kinds = Object.keys(resourceBounds);
  for (const kind of kinds) {
    const low = { ...resourceBounds, [kind]: { ...resourceBounds[kind], max_price_per_unit: PRICE - 1n } };
    await assert.rejects(user.execute(transfer(PAYEE, 1n), { ...details, resourceBounds: low }), { code: 53 }, kind);
  }
  const exact = Object.fromEntries(kinds.map((it) => [it, { ...resourceBounds[it], max_price_per_unit: PRICE }]));
  const { transaction_hash: sent } = await user.execute(transfer(PAYEE, 1n), { ...details, resourceBounds: exact });
  assert.ok((await provider.waitForTransaction(sent)).isSuccess());
});

test('a class of another version is error 62', async () => {
  const { contract, casm } = freshClass();
  for (const version of ['0.2.0', '0.1', '']) {
    const payload = { contract: { ...contract, contract_class_version: version }, casm };
    await assert.rejects(user.declare(payload, details), { code: 62 }, version);
  }
});

// Errors of calls.

/** An error's calls, the outermost first, and what the innermost one says. */
function unfolded(error) {
  const calls = [];
  let at = error;
  for (; typeof at === 'object'; at = at.error) {
    assert.match(at.class_hash, /^0x/);
    calls.push([at.contract_address, at.selector].map(BigInt));
  }
  assert.equal(typeof at, 'string');
  return { calls, reason: at };
}

const frame = (contract, entrypoint) => [contract, hash.getSelectorFromName(entrypoint)].map(BigInt);

test('a call that fails shows the calls that led there', async () => {
  const alone = { contractAddress: told.strk, entrypoint: 'balance_of', calldata: [] };
  const { baseError: { code, data } } = await failure(provider.callContract(alone));
  assert.equal(code, 40);
  assert.deepEqual(unfolded(data.revert_error).calls, [frame(told.strk, 'balance_of')]);

  // One contract calls another one.
  const options = { caller: 'ANY_CALLER', execute_after: 0, execute_before: 2n ** 40n };
  const outside = await other.getOutsideTransaction(options, transfer(PAYEE, 2n ** 127n), '2');
  const { outsideExecution: it, signature: { r, s } } = outside;
  const calldata = [it.caller, it.nonce, it.execute_after, it.execute_before, it.calls.length];
  for (const call of it.calls) calldata.push(call.to, call.selector, call.calldata.length, ...call.calldata);
  calldata.push(2, r, s);
  const entrypoint = 'execute_from_outside_v2';
  const nested = { contractAddress: other.address, entrypoint, calldata: CallData.toHex(calldata) };
  const deep = (await failure(provider.callContract(nested))).baseError;
  assert.equal(deep.code, 40);
  const { calls, reason } = unfolded(deep.data.revert_error);
  assert.deepEqual(calls, [frame(other.address, entrypoint), frame(told.strk, 'transfer')]);
  assert.match(reason, /insufficient balance/i);
});

test('a simulated transaction that fails does so, too', async () => {
  const { baseError: { code, data } } = await failure(user.estimateInvokeFee(transfer(PAYEE, 2n ** 127n)));
  assert.deepEqual([code, data.transaction_index], [41, 0]);
  const { calls, reason } = unfolded(data.execution_error);
  assert.deepEqual(calls, [frame(user.address, '__execute__'), frame(told.strk, 'transfer')]);
  assert.match(reason, /insufficient balance/i);

  const impostor = accountAt(provider, { address: told.user.address, key: '0x1' });
  const refused = await failure(impostor.estimateInvokeFee(transfer(PAYEE, 1n), { skipValidate: false }));
  assert.equal(refused.baseError.code, 41);
  assert.deepEqual(unfolded(refused.baseError.data.execution_error).calls, [frame(user.address, '__validate__')]);
});

// Simulations.

test('nothing is simulated for nothing, unless nothing is charged', async () => {
  const none = { max_amount: 0n, max_price_per_unit: 0n };
  const free = await signed(0n, { resourceBounds: { l1_gas: none, l2_gas: none, l1_data_gas: none } });
  const simulate = (skipFeeCharge) => provider.getSimulateTransaction([free], { skipValidate: false, skipFeeCharge });
  await assert.rejects(simulate(false), { code: 41 });
  const { simulated_transactions: [simulated] } = await simulate(true);
  assert.equal(simulated.transaction_trace.fee_transfer_invocation, undefined);
  assert.ok((await provider.getEstimateFeeBulk([free], { skipValidate: false }))[0].overall_fee > 0n);
});

test('a nonce to come can be simulated if nobody validates it', async () => {
  const ahead = await signed(3n);
  for (const skipValidate of [false, true]) {
    // One after the other: whoever asks is to be there when it is refused.
    for (const ask of ['getSimulateTransaction', 'getEstimateFeeBulk']) {
      const answer = provider[ask]([ahead], { skipValidate });
      await (skipValidate ? answer : assert.rejects(answer, { code: 41 }));
    }
  }
  // One that was used is refused in any case.
  const used = await signed(-1n);
  await assert.rejects(provider.getSimulateTransaction([used], { skipValidate: true }), { code: 41 });
});

// Events.

test('events of the open block belong to those without an end', async (context) => {
  const demand = await start(context, '--block-generation-on', 'demand');
  const transfers = { address: told.strk, keys: [[hash.getSelectorFromName('Transfer')], [], [PAYEE]], chunk_size: 10 };
  const find = async (filter) => {
    const { events, continuation_token: token } = await demand.provider.getEvents({ ...transfers, ...filter });
    assert.equal(token, undefined);
    return events.map((it) => it.transaction_hash);
  };
  const paid = [];
  for (const _ of [1, 2]) {
    if (paid.length) await demand.devnet.createBlock();
    const nonce = await demand.provider.getNonceForAddress(demand.user.address, 'pre_confirmed');
    const { transaction_hash: sent } = await demand.user.execute(transfer(PAYEE, 1n), { ...details, nonce });
    assert.equal((await demand.provider.getTransactionReceipt(sent)).finality_status, 'PRE_CONFIRMED');
    paid.push(sent);
  }
  assert.deepEqual(await find({}), paid);
  assert.deepEqual(await find({ from_block: { block_number: 0 } }), paid);
  assert.deepEqual(await find({ from_block: 'pre_confirmed' }), paid.slice(1));
  assert.deepEqual(await find({ to_block: 'latest' }), paid.slice(0, 1));
  // Beyond the head there is nothing yet.
  assert.deepEqual(await find({ from_block: { block_number: 1_000 } }), []);
  assert.deepEqual(await find({ from_block: { block_number: 1_000 }, to_block: { block_number: 2_000 } }), []);
});

// A devnet's controls.

test('the clock may be set to the past', async (context) => {
  const { timestamp: now } = await provider.getBlock('latest');
  context.after(() => devnet.setTime(now, { generateBlock: true }));
  const set = await devnet.setTime(1, { generateBlock: true });
  const first = await provider.getBlock('latest');
  assert.deepEqual([set.block_timestamp, first.timestamp, first.block_hash], [1, 1, set.block_hash]);
  // Without a block of its own: the next one.
  await devnet.setTime(now - 1_000_000);
  await devnet.setTime(2);
  await execute(user, transfer(PAYEE, 1n));
  assert.equal((await provider.getBlock('latest')).timestamp, 2);
});

test('prices that are set are those of the next block', async (context) => {
  context.after(() => devnet.setGasPrice({ l2GasPrice: PRICE }, true));
  const before = await provider.getBlockNumber();
  await devnet.setGasPrice({ l2GasPrice: 2n * PRICE });
  assert.equal(await provider.getBlockNumber(), before);
  assert.equal((await provider.getGasPrices('latest')).l2GasPrice, PRICE);
  assert.equal((await provider.getGasPrices('pre_confirmed')).l2GasPrice, PRICE);
  await devnet.createBlock();
  assert.equal((await provider.getGasPrices('latest')).l2GasPrice, 2n * PRICE);
  assert.equal((await provider.getGasPrices('pre_confirmed')).l2GasPrice, 2n * PRICE);
});

test('a restart forgets who subscribed', async (context) => {
  const channel = new WebSocketChannel({ nodeUrl: told.ws, autoReconnect: false });
  await channel.waitForConnection();
  context.after(() => channel.disconnect());
  const before = await channel.subscribeNewHeads();
  await devnet.restart();
  await assert.rejects(before.unsubscribe(), /"code":66/);
  before.on(() => assert.fail('it was told'));
  const after = await channel.subscribeNewHeads();
  const { promise: head, resolve } = Promise.withResolvers();
  after.on(resolve);
  const { block_hash: made } = await devnet.createBlock();
  assert.equal((await head).block_hash, made);
});

test('an account may have 2^256 - 1', async (context) => {
  const most = 2n ** 256n - 1n;
  const rich = await start(context, '--initial-balance', String(most));
  assert.equal(await balance(rich.provider, rich.user.address), most);
  const [account] = await rich.devnet.getPredeployedAccounts({ withBalance: true });
  assert.deepEqual([account.initial_balance, account.balance.eth.amount], [String(most), String(most)]);
  // It can spend.
  const receipt = await execute(rich.user, transfer(PAYEE, 5n));
  assert.equal(await balance(rich.provider, PAYEE), 5n);
  assert.equal(await balance(rich.provider, rich.user.address), most - 5n - BigInt(receipt.actual_fee.amount));
});

test('methods can be forbidden', async (context) => {
  const forbidden = { code: -32604, message: 'Method forbidden' };
  const usual = await start(context, '--restrictive-mode');
  await assert.rejects(usual.devnet.mint(PAYEE, 1n), forbidden);
  await assert.rejects(usual.devnet.restart(), forbidden);
  await assert.rejects(usual.devnet.createBlock(), forbidden);
  await execute(usual.user, transfer(PAYEE, 1n));
  await usual.devnet.getConfig();

  const named = await start(context, '--restrictive-mode', 'devnet_mint', 'starknet_call');
  await assert.rejects(named.devnet.mint(PAYEE, 1n), forbidden);
  await assert.rejects(balance(named.provider, PAYEE), { code: -32604 });
  await named.devnet.createBlock();
  const channel = new WebSocketChannel({ nodeUrl: named.ws, autoReconnect: false });
  await channel.waitForConnection();
  context.after(() => channel.disconnect());
  await assert.rejects(channel.sendReceive('devnet_mint', { address: PAYEE, amount: 1 }), /"code":-32604/);
});

// JSON-RPC.

const headers = { 'content-type': 'application/json' };
const post = (body) => fetch(told.url, { method: 'POST', headers, body });

/** A call, and the answer to it as it is written. */
const call = (id) => `{"jsonrpc":"2.0","id":${id},"method":"starknet_specVersion"}`;
const answer = (id) => `{"jsonrpc":"2.0","id":${id},"result":"0.10.3"}`;

test('an id comes back as it was written', async () => {
  const ids = ['7', '-1', '1.5', '18446744073709551616', '"a"', '""', '"\\u00e9"', 'null'];
  for (const id of ids) assert.equal(await (await post(call(id))).text(), answer(id));
  assert.equal(await (await post(`[${ids.map(call)}]`)).text(), `[${ids.map(answer)}]`);
});

test('what is no id makes no call', async () => {
  for (const id of ['true', '[1]', '{}', '1,"id":2']) {
    const { error, ...rest } = await (await post(call(id))).json();
    assert.deepEqual([rest, error.code], [{ jsonrpc: '2.0', id: null }, -32600]);
  }
});

test('a notification is carried out and not answered', async () => {
  const notification = '{"jsonrpc":"2.0","method":"devnet_createBlock"}';
  for (const [body, blocks] of [[notification, 1], [`[${notification},${notification}]`, 2]]) {
    const before = await provider.getBlockNumber();
    const response = await post(body);
    assert.deepEqual([response.status, await response.text()], [204, '']);
    assert.equal(await provider.getBlockNumber(), before + blocks);
  }
  const mixed = await post(`[${notification},${call('7')}]`);
  assert.equal(await mixed.text(), `[${answer('7')}]`);
});
