// starknet.js's RpcProvider, and what its RpcChannel has besides: a scenario for each public method.

import assert from 'node:assert/strict';
import { RpcChannel, RpcProvider, hash } from 'starknet';
import { ON_L1, accountAt, deployBridge, deposit, deposited, details, execute, freshClass, newcomer, patient } from './bridge.mjs';
import { told, transfer } from './node.mjs';
import { isDeclared, provenCell, stateRoot } from './proof.mjs';
import { publicMethods, scenariosOf } from './scenarios.mjs';

const LEGACY_DEPLOYER = '0x41a78e741e5af2fec34b695679bc6891742439f7afb8484ecd7766661ad02bf';
const L1_TRANSACTION = `0x${'ab'.repeat(32)}`;
const PRICE = 1_000_000_000n;
const PAYEE = '0x1234';
const V3 = { ...details, versions: ['0x3'], skipValidate: false };

const provider = patient(told.url);
const user = accountAt(provider, told.user);
const bridge = await deployBridge(user);
/** A payment of 7, its receipt and its block. */
const receipt = await execute(user, transfer(PAYEE, 7n));
const { transaction_hash: payment, block_number: paidIn } = receipt;
const block = await provider.channel.getBlockWithTxHashes(paidIn);
/** A message from L1: 10 for owner 5. */
const { transaction_hash: message } = await rpc('devnet_postmanSendMessageToL2', {
  ...deposit(bridge, 5, 10, '0x0'), l1_transaction_hash: L1_TRANSACTION,
});

function rpc(method, params) {
  return provider.channel.fetchEndpoint(method, params);
}

const same = (one, other) => assert.equal(BigInt(one), BigInt(other));
const height = () => provider.channel.getBlockNumber();
const balance = async (owner, at) => {
  const call = { contractAddress: told.strk, entrypoint: 'balance_of', calldata: [owner] };
  return BigInt((await provider.channel.callContract(call, at))[0]);
};
const balanceCell = (owner) => hash.computePedersenHash(hash.getSelectorFromName('ERC20_balances'), owner);

/** Transactions of the user's, signed, with their nonces. */
const signed = async (...transactions) =>
  user.accountInvocationsFactory(transactions, { ...V3, nonce: await user.getNonce() });
const invoke = (amount) => ({ type: 'INVOKE', payload: transfer(PAYEE, amount) });

/** An account that is to be deployed, with money, and its signed DEPLOY_ACCOUNT. */
async function signedNewcomer() {
  const { account, payload } = await newcomer(user);
  const [deployment] = await account.accountInvocationsFactory([{ type: 'DEPLOY_ACCOUNT', payload }], { ...V3, nonce: 0n });
  return { address: account.address, deployment };
}

/** That an estimate, with the library's surcharge of half, is what was paid in the end. */
function covers({ overall_fee: fee, unit }, { actual_fee: { amount } }) {
  assert.equal(unit, 'FRI');
  const paid = BigInt(amount);
  assert.ok(paid > 0n && BigInt(fee) >= paid && BigInt(fee) <= 3n * paid, `${fee} estimated, ${paid} paid`);
}

const { scenario, complete } = scenariosOf('RpcProvider', provider);

// What it is connected to.

scenario('use', 'a plugin asks the node', async () => {
  const extended = new RpcProvider({ nodeUrl: told.url }).use({
    name: 'height',
    extend: (it) => ({ height: () => it.getBlockNumber() }),
  });
  assert.equal(await extended.height(), await height());
});

scenario('fetch', 'the answer has the id of the question', async () => {
  // The library hands out what its plugins would see.
  const { result: answer } = await provider.fetch('starknet_blockNumber', undefined, 7);
  assert.equal(answer.status, 200);
  assert.deepEqual(await answer.json(), { jsonrpc: '2.0', id: 7, result: await height() });
});

scenario('getChainId', 'is that of the Sepolia testnet', async () => {
  assert.equal(await provider.getChainId(), '0x534e5f5345504f4c4941');
});

scenario('getSpecVersion', 'is one that the library knows', async () => {
  assert.equal(await provider.getSpecVersion(), '0.10.3');
});

scenario('setUpSpecVersion', 'asks the node', async () => {
  assert.equal(await patient(told.url).setUpSpecVersion(), '0.10.3');
});

scenario('readSpecVersion', 'is what the node said', async () => {
  const fresh = patient(told.url);
  assert.equal(fresh.readSpecVersion(), undefined);
  await fresh.setUpSpecVersion();
  assert.equal(fresh.readSpecVersion(), '0.10.3');
});

scenario('getStarknetVersion', 'is that of the block', async () => {
  assert.equal(await provider.getStarknetVersion(paidIn), block.starknet_version);
  assert.match(block.starknet_version, /^0\.\d+\.\d+/);
});

scenario('getSyncingStats', 'the node is never behind itself', async () => {
  assert.equal(await provider.getSyncingStats(), false);
});

// Blocks.

scenario('getBlockNumber', 'a transaction makes a block', async () => {
  const before = await provider.getBlockNumber();
  await execute(user, transfer(PAYEE, 1n));
  assert.equal(await provider.getBlockNumber(), before + 1);
});

scenario('getBlockLatestAccepted', 'is the newest block', async () => {
  const latest = await provider.getBlockLatestAccepted();
  const { block_hash, block_number } = await provider.channel.getBlockWithTxHashes('latest');
  assert.deepEqual(latest, { block_hash, block_number });
});

scenario('getBlock', 'the same by number and hash; the open one has no hash', async () => {
  assert.deepEqual(await provider.getBlock(paidIn), block);
  assert.deepEqual(await provider.getBlock(block.block_hash), block);
  const open = await provider.getBlock('pre_confirmed');
  assert.equal(open.block_hash, undefined);
  assert.equal(open.block_number, (await height()) + 1);
  await assert.rejects(provider.getBlock(1_000_000), { code: 24 });
});

scenario('getBlockWithTxHashes', 'lists what it holds, after its parent', async () => {
  const found = await provider.getBlockWithTxHashes(paidIn);
  assert.deepEqual(found.transactions, [payment]);
  assert.equal(found.parent_hash, (await provider.getBlockWithTxHashes(paidIn - 1)).block_hash);
  assert.equal(found.status, 'ACCEPTED_ON_L2');
});

scenario('getBlockWithTxs', 'shows the transactions', async () => {
  const { transactions: [transaction] } = await provider.getBlockWithTxs(paidIn);
  assert.equal(transaction.type, 'INVOKE');
  same(transaction.sender_address, told.user.address);
  assert.equal(transaction.transaction_hash, payment);
});

scenario('getBlockWithReceipts', 'shows each transaction beside its receipt', async () => {
  const { transactions: [pair] } = await provider.getBlockWithReceipts(paidIn);
  const { block_hash: _, block_number: __, ...alone } = await provider.channel.getTransactionReceipt(payment);
  assert.deepEqual(pair.receipt, alone);
  assert.equal(pair.transaction.type, 'INVOKE');
});

scenario('getBlockTransactionCount', 'counts them', async () => {
  assert.equal(await provider.getBlockTransactionCount(paidIn), 1);
});

scenario('waitForBlock', 'ends with the block', async () => {
  const next = (await height()) + 1;
  const waiting = provider.waitForBlock(next, 100);
  await execute(user, transfer(PAYEE, 1n));
  await waiting;
  assert.ok((await height()) >= next);
});

for (const method of ['getBlockStateUpdate', 'getStateUpdate']) {
  scenario(method, 'the payment is in it, and only what was asked for', async () => {
    const update = await provider[method](paidIn);
    assert.equal(update.block_hash, block.block_hash);
    assert.equal(update.new_root, block.new_root);
    assert.equal(update.old_root, (await provider.channel.getBlockWithTxHashes(paidIn - 1)).new_root);
    const { storage_diffs: diffs, nonces } = update.state_diff;
    const strk = diffs.find((it) => BigInt(it.address) === BigInt(told.strk));
    const cell = strk.storage_entries.find((it) => BigInt(it.key) === BigInt(balanceCell(PAYEE)));
    same(cell.value, await balance(PAYEE, paidIn));
    assert.deepEqual(nonces.map((it) => BigInt(it.contract_address)), [BigInt(told.user.address)]);
    const { state_diff: filtered } = await provider[method](paidIn, [told.user.address]);
    assert.deepEqual([filtered.storage_diffs, filtered.nonces], [[], nonces]);
  });
}

scenario('getL1GasPrice', 'is the default price in wei', async () => {
  same(await provider.getL1GasPrice(paidIn), PRICE);
});

scenario('getGasPrices', 'all three are the default', async () => {
  const prices = { l1GasPrice: PRICE, l1DataGasPrice: PRICE, l2GasPrice: PRICE };
  assert.deepEqual(await provider.getGasPrices(paidIn), prices);
});

scenario('getEstimateTip', 'is what others have paid', async () => {
  const paying = await user.execute(transfer(PAYEE, 1n), { ...details, tip: 5n });
  const { block_number: from } = await provider.waitForTransaction(paying.transaction_hash);
  const tip = await provider.getEstimateTip(from, { maxBlocks: 1, minTxsNecessary: 1 });
  assert.equal(tip.recommendedTip, 5n);
  assert.deepEqual(tip.metrics, { blocksAnalyzed: 1, transactionsTipsFound: [5n] });
});

// Transactions.

for (const method of ['getTransaction', 'getTransactionByHash']) {
  scenario(method, 'is what was sent', async () => {
    const transaction = await provider[method](payment);
    assert.equal(transaction.version, '0x3');
    same(transaction.sender_address, told.user.address);
    const paid = transaction.calldata.slice(-3).map(BigInt);
    assert.deepEqual(paid, [BigInt(PAYEE), 7n, 0n]);
    await assert.rejects(provider[method]('0x1'), { code: 29 });
  });
}

scenario('getTransactionByBlockIdAndIndex', 'is the same one', async () => {
  const found = await provider.getTransactionByBlockIdAndIndex(paidIn, 0);
  assert.deepEqual(found, await provider.channel.getTransactionByHash(payment));
  await assert.rejects(provider.getTransactionByBlockIdAndIndex(paidIn, 1), { code: 27 });
});

scenario('getTransactionReceipt', 'says what happened and what it cost', async () => {
  const found = await provider.getTransactionReceipt(payment);
  assert.ok(found.isSuccess());
  assert.equal(found.finality_status, 'ACCEPTED_ON_L2');
  assert.equal(found.block_hash, block.block_hash);
  assert.equal(found.actual_fee.unit, 'FRI');
  const { l1_gas: l1, l1_data_gas: data, l2_gas: l2 } = found.execution_resources;
  same(found.actual_fee.amount, BigInt(l1 + data + l2) * PRICE);
  const moved = found.events.find((it) => BigInt(it.keys[2] ?? 0) === BigInt(PAYEE));
  assert.equal(BigInt(moved.data[0]), 7n);
});

scenario('getTransactionStatus', 'tells done from unknown', async () => {
  const done = { finality_status: 'ACCEPTED_ON_L2', execution_status: 'SUCCEEDED' };
  assert.deepEqual(await provider.getTransactionStatus(payment), done);
  await assert.rejects(provider.getTransactionStatus('0x1'), { code: 29 });
});

scenario('waitForTransaction', 'ends with the receipt, or with the state that is none wanted', async () => {
  const { transaction_hash: sent } = await user.execute(transfer(PAYEE, 1n), details);
  assert.ok((await provider.waitForTransaction(sent)).isSuccess());
  const { transaction_hash: failing } = await user.execute(transfer(PAYEE, 2n ** 127n), details);
  await assert.rejects(provider.waitForTransaction(failing, { errorStates: ['REVERTED'] }), /REVERTED/);
  assert.ok((await provider.waitForTransaction(failing)).isReverted());
});

scenario('fastWaitForTransaction', 'is content when the next nonce can be used', async () => {
  const fast = patient(told.url, { blockIdentifier: 'pre_confirmed' });
  const nonce = await fast.getNonceForAddress(user.address);
  const { transaction_hash: sent } = await user.execute(transfer(PAYEE, 1n), { ...details, nonce });
  const patience = { retries: 3000, retryInterval: 100 };
  assert.equal(await provider.fastWaitForTransaction(sent, user.address, nonce, patience), true);
  same(await fast.getNonceForAddress(user.address), BigInt(nonce) + 1n);
});

scenario('getTransactionTrace', 'shows the call of the token', async () => {
  const trace = await provider.getTransactionTrace(payment);
  assert.equal(trace.type, 'INVOKE');
  const [call] = trace.execute_invocation.calls;
  same(call.contract_address, told.strk);
  same(call.caller_address, told.user.address);
  assert.deepEqual(call.calldata.map(BigInt), [BigInt(PAYEE), 7n, 0n]);
  assert.deepEqual(call.result, ['0x1']);
  await assert.rejects(provider.getTransactionTrace('0x1'), { code: 29 });
});

scenario('getBlockTransactionsTraces', 'are those of its transactions', async () => {
  const [trace, ...others] = await provider.getBlockTransactionsTraces(paidIn);
  assert.equal(trace.transaction_hash, payment);
  assert.deepEqual(trace.trace_root, await provider.channel.getTransactionTrace(payment));
  assert.deepEqual(others, []);
  const { traces, initial_reads: reads } = await provider.getBlockTransactionsTraces(paidIn, { returnInitialReads: true });
  assert.deepEqual(traces, [trace]);
  assert.ok(reads.storage.some((it) => BigInt(it.key) === BigInt(balanceCell(PAYEE))));
});

scenario('invokeFunction', 'sends what was signed', async () => {
  const before = await balance(PAYEE);
  const [transaction] = await signed(invoke(3n));
  const { transaction_hash: sent } = await provider.invokeFunction(transaction, transaction);
  await provider.waitForTransaction(sent);
  assert.equal(await balance(PAYEE), before + 3n);
  await assert.rejects(provider.invokeFunction(transaction, transaction), { code: 52 });
});

scenario('invokeSignedTx', 'sends what was signed for later', async () => {
  const before = await balance(PAYEE);
  const transaction = await user.getSignedTransaction(transfer(PAYEE, 4n), details);
  assert.equal(await balance(PAYEE), before);
  const { transaction_hash: sent } = await provider.invokeSignedTx(transaction);
  await provider.waitForTransaction(sent);
  assert.equal(await balance(PAYEE), before + 4n);
});

scenario('declareContract', 'the class is there afterwards', async () => {
  const [transaction] = await signed({ type: 'DECLARE', payload: freshClass() });
  const { transaction_hash: sent, class_hash: declared } = await provider.declareContract(transaction, transaction);
  assert.ok((await provider.waitForTransaction(sent)).isSuccess());
  const { sierra_program: program } = await provider.channel.getClass(declared);
  assert.deepEqual(program, (await provider.channel.getClass(bridge.classHash)).sierra_program);
});

scenario('deployAccountContract', 'the account is there afterwards', async () => {
  const { address, deployment } = await signedNewcomer();
  const sent = await provider.deployAccountContract(deployment, deployment);
  same(sent.contract_address, address);
  assert.ok((await provider.waitForTransaction(sent.transaction_hash)).isSuccess());
  same(await provider.channel.getClassHashAt(address), told.accountClass);
});

// Estimates and simulations.

scenario('getEstimateFeeBulk', 'each is about what it costs, one after the other', async () => {
  const transactions = await signed(invoke(1n), invoke(2n));
  const estimates = await provider.getEstimateFeeBulk(transactions, { skipValidate: false });
  assert.equal(estimates.length, 2);
  for (const [index, transaction] of transactions.entries()) {
    const { transaction_hash: sent } = await provider.channel.invoke(transaction, transaction);
    covers(estimates[index], await provider.waitForTransaction(sent));
  }
});

scenario('getInvokeEstimateFee', 'is about what it costs', async () => {
  const [transaction] = await signed(invoke(1n));
  const estimate = await provider.getInvokeEstimateFee(transaction, transaction, 'latest', false);
  const { transaction_hash: sent } = await provider.channel.invoke(transaction, transaction);
  covers(estimate, await provider.waitForTransaction(sent));
});

scenario('getDeclareEstimateFee', 'is about what it costs', async () => {
  const [transaction] = await signed({ type: 'DECLARE', payload: freshClass() });
  const estimate = await provider.getDeclareEstimateFee(transaction, transaction, 'latest', false);
  const { transaction_hash: sent } = await provider.channel.declare(transaction, transaction);
  covers(estimate, await provider.waitForTransaction(sent));
});

scenario('getDeployAccountEstimateFee', 'is about what it costs', async () => {
  const { deployment } = await signedNewcomer();
  const estimate = await provider.getDeployAccountEstimateFee(deployment, deployment, 'latest', false);
  const { transaction_hash: sent } = await provider.channel.deployAccount(deployment, deployment);
  covers(estimate, await provider.waitForTransaction(sent));
});

scenario('getSimulateTransaction', 'shows what would happen, which does not', async () => {
  const before = await balance(PAYEE);
  const transactions = await signed(invoke(5n), invoke(6n));
  const options = { skipValidate: false, skipFeeCharge: false, returnInitialReads: true };
  const simulated = await provider.getSimulateTransaction(transactions, options);
  assert.equal(simulated.simulated_transactions.length, 2);
  for (const { transaction_trace: trace, overall_fee: fee } of simulated.simulated_transactions) {
    assert.ok(fee > 0n);
    same(trace.execute_invocation.calls[0].contract_address, told.strk);
    assert.ok(trace.validate_invocation && trace.fee_transfer_invocation);
  }
  const read = simulated.initial_reads.storage.find((it) => BigInt(it.key) === BigInt(balanceCell(PAYEE)));
  same(read.value, before);
  assert.equal(await balance(PAYEE), before);
});

scenario('estimateMessageFee', 'is in wei', async () => {
  const call = { from_address: ON_L1, to_address: bridge.address, entry_point_selector: 'deposit', payload: ['5', '1'] };
  const { unit, overall_fee: fee, ...gas } = await provider.estimateMessageFee(call);
  assert.equal(unit, 'WEI');
  const used = BigInt(gas.l1_gas_consumed) + BigInt(gas.l1_data_gas_consumed) + BigInt(gas.l2_gas_consumed);
  assert.ok(used > 0n);
  same(fee, used * PRICE);
  await assert.rejects(provider.estimateMessageFee({ ...call, payload: ['0', '1'] }), { code: 40 });
});

scenario('prepareInvocations', 'leaves out what is declared already', async () => {
  const transfers = invoke(1n);
  const known = { type: 'DECLARE', classHash: bridge.classHash };
  const unknown = { type: 'DECLARE', payload: freshClass() };
  assert.deepEqual(await provider.prepareInvocations([transfers, known, unknown]), [unknown, transfers]);
});

// State.

scenario('callContract', 'is answered, or says why it failed', async () => {
  const call = { contractAddress: bridge.address, entrypoint: 'balance', calldata: ['5'] };
  assert.deepEqual(await provider.callContract(call), ['0xa']);
  assert.deepEqual(await provider.callContract(call, 'pre_confirmed'), ['0xa']);
  await assert.rejects(provider.callContract({ ...call, contractAddress: '0x1' }), { code: 20 });
  await assert.rejects(provider.callContract({ ...call, entrypoint: 'nothing' }), { code: 21 });
  await assert.rejects(provider.callContract({ ...call, calldata: [] }), { code: 40 });
});

scenario('getNonceForAddress', 'counts transactions, and knows what it was', async () => {
  same(await provider.getNonceForAddress(told.user.address, 0), 0);
  const before = await provider.getNonceForAddress(told.user.address);
  await execute(user, transfer(PAYEE, 1n));
  same(await provider.getNonceForAddress(told.user.address), BigInt(before) + 1n);
  await assert.rejects(provider.getNonceForAddress('0x1'), { code: 20 });
});

scenario('getStorageAt', 'a balance, then and now, and when it came to be', async () => {
  const { value: then } = await provider.getStorageAt(told.strk, balanceCell(PAYEE), paidIn - 1);
  const { value: later } = await provider.getStorageAt(told.strk, balanceCell(PAYEE), paidIn);
  assert.deepEqual([then, later].map(BigInt), [0n, 7n]);
  const flags = ['INCLUDE_LAST_UPDATE_BLOCK'];
  const noted = await provider.getStorageAt(told.strk, balanceCell(PAYEE), paidIn, flags);
  assert.deepEqual(noted, { value: '0x7', last_update_block: paidIn });
});

scenario('getClassHashAt', 'of an account', async () => {
  same(await provider.getClassHashAt(told.user.address), told.accountClass);
  await assert.rejects(provider.getClassHashAt('0x1'), { code: 20 });
});

for (const method of ['getClass', 'getClassByHash']) {
  scenario(method, 'has the interface that was declared', async () => {
    const found = await provider[method](bridge.classHash);
    assert.deepEqual(found.abi, bridge.abi);
    same(hash.computeSierraContractClassHash(found), bridge.classHash);
    await assert.rejects(provider[method]('0x1'), { code: 28 });
  });
}

scenario('getClassAt', 'has the interface of the contract', async () => {
  assert.deepEqual((await provider.getClassAt(bridge.address)).abi, bridge.abi);
  await assert.rejects(provider.getClassAt(bridge.address, 0), { code: 20 });
});

scenario('getContractVersion', 'tells Cairo 0 from Cairo 1', async () => {
  assert.deepEqual(await provider.getContractVersion(LEGACY_DEPLOYER), { cairo: '0', compiler: '0' });
  assert.deepEqual(await provider.getContractVersion(bridge.address), { cairo: '1', compiler: '2' });
  assert.deepEqual(await provider.getContractVersion(undefined, bridge.classHash), { cairo: '1', compiler: '2' });
});

scenario('isClassDeclared', 'by hash or by the class itself', async () => {
  assert.equal(await provider.isClassDeclared({ classHash: bridge.classHash }), true);
  assert.equal(await provider.isClassDeclared({ classHash: bridge.classHash }, 0), false);
  assert.equal(await provider.isClassDeclared(freshClass()), false);
});

scenario('getCompiledCasm', 'hashes to what was declared', async () => {
  const casm = await provider.getCompiledCasm(bridge.classHash);
  same(hash.computeCompiledClassHashBlake(casm), hash.computeCompiledClassHashBlake(bridge.casm));
});

scenario('getStorageProof', 'convinces one who trusts the block hash only', async () => {
  const cell = balanceCell(PAYEE);
  const keys = [{ contract_address: told.strk, storage_keys: [cell] }];
  const proof = await provider.getStorageProof([bridge.classHash], [told.strk], keys, paidIn);
  assert.equal(proof.global_roots.block_hash, block.block_hash);
  same(stateRoot(proof.global_roots), block.new_root);
  assert.equal(provenCell(proof, told.strk, cell), 7n);
  assert.ok(isDeclared(proof, bridge.classHash, hash.computeCompiledClassHashBlake(bridge.casm)));
});

scenario('getEvents', 'finds the payment, and pages', async () => {
  const transfers = hash.getSelectorFromName('Transfer');
  const filter = { address: told.strk, keys: [[transfers], [], [PAYEE]], from_block: { block_number: paidIn } };
  const first = await provider.getEvents({ ...filter, to_block: 'latest', chunk_size: 1 });
  assert.equal(first.events[0].transaction_hash, payment);
  const next = await provider.getEvents({ ...filter, chunk_size: 1, continuation_token: first.continuation_token });
  assert.notEqual(next.events[0].transaction_hash, payment);
  const alone = await provider.getEvents({ ...filter, to_block: { block_number: paidIn }, chunk_size: 10 });
  assert.deepEqual(alone, { events: first.events });
});

scenario('verifyMessageInStarknet', 'the account knows its own signature', async () => {
  const typedData = {
    types: { StarknetDomain: [{ name: 'name', type: 'shortstring' }], Note: [{ name: 'text', type: 'felt' }] },
    primaryType: 'Note',
    domain: { name: 'zkThreads', revision: '1' },
    message: { text: '0x7' },
  };
  const signature = await user.signMessage(typedData);
  assert.equal(await provider.verifyMessageInStarknet(typedData, signature, user.address), true);
  const other = { ...typedData, message: { text: '0x8' } };
  assert.equal(await provider.verifyMessageInStarknet(other, signature, user.address), false);
});

// Messages from L1.

scenario('getL1MessageHash', 'is the one in the receipt', async () => {
  const delivered = await provider.waitForTransaction(message);
  assert.equal(delivered.type, 'L1_HANDLER');
  assert.equal(await provider.getL1MessageHash(message), delivered.message_hash);
  assert.equal(await deposited(provider, bridge, 5), 10n);
});

scenario('getL1MessagesStatus', 'the message was delivered', async () => {
  const [status, ...others] = await provider.getL1MessagesStatus(L1_TRANSACTION);
  assert.deepEqual(others, []);
  assert.equal(status.transaction_hash, message);
  assert.equal(status.finality_status, 'ACCEPTED_ON_L2');
  assert.equal(status.execution_status, 'SUCCEEDED');
  await assert.rejects(provider.getL1MessagesStatus('0x1'), { code: 29 });
});

// Names of people are kept by contracts that a devnet does not have.
complete(
  'getStarkName', 'getAddressFromStarkName', 'getStarkProfile',
  'getBrotherName', 'getAddressFromBrotherName', 'getBrotherProfile',
);

const ofClass = scenariosOf('RpcProvider (static)', RpcProvider);
ofClass.scenario('create', 'finds out what the node speaks', async () => {
  const created = await RpcProvider.create({ nodeUrl: told.url });
  assert.equal(created.readSpecVersion(), '0.10.3');
  assert.equal(await created.getBlockNumber(), await height());
});
ofClass.complete();

// What one calls of the channel is what the provider calls, but for these.

const channel = new RpcChannel({
  nodeUrl: told.url, waitMode: true, retries: 3000, transactionRetryIntervalFallback: 100,
});
const ofChannel = scenariosOf('RpcChannel', channel);

ofChannel.scenario('fetchEndpoint', 'calls of one moment go in one request', async () => {
  const requests = [];
  const baseFetch = (url, request) => {
    requests.push(JSON.parse(request.body));
    return fetch(url, request);
  };
  const batching = new RpcChannel({ nodeUrl: told.url, batch: 0, baseFetch });
  const answers = ['starknet_blockNumber', 'starknet_specVersion'].map((it) => batching.fetchEndpoint(it));
  assert.deepEqual(await Promise.all(answers), [await height(), '0.10.3']);
  assert.deepEqual(requests.map((it) => it.length), [2]);
  await assert.rejects(batching.fetchEndpoint('starknet_nothing'), { code: -32601 });
});

ofChannel.scenario('buildTransaction', 'is what can be sent', async () => {
  const [transaction] = await signed(invoke(1n));
  const built = await channel.buildTransaction(transaction, 'transaction');
  const { transaction_hash: sent } = await rpc('starknet_addInvokeTransaction', { invoke_transaction: built });
  assert.ok((await provider.waitForTransaction(sent)).isSuccess());
  const { transaction_hash: _, ...found } = await provider.getTransaction(sent);
  assert.deepEqual(Object.keys(found).sort(), Object.keys(built).sort());
});

ofChannel.scenario('invoke', 'waits for the receipt', async () => {
  const [transaction] = await signed(invoke(1n));
  assert.equal((await channel.invoke(transaction, transaction)).finality_status, 'ACCEPTED_ON_L2');
});

ofChannel.scenario('declare', 'waits for the receipt', async () => {
  const [transaction] = await signed({ type: 'DECLARE', payload: freshClass() });
  const declared = await channel.declare(transaction, transaction);
  assert.deepEqual([declared.type, declared.execution_status], ['DECLARE', 'SUCCEEDED']);
});

ofChannel.scenario('deployAccount', 'waits for the receipt', async () => {
  const { address, deployment } = await signedNewcomer();
  const deployed = await channel.deployAccount(deployment, deployment);
  assert.equal(deployed.type, 'DEPLOY_ACCOUNT');
  same(deployed.contract_address, address);
});

ofChannel.scenario('getEstimateFee', 'is without a surcharge', async () => {
  const [transaction] = await signed(invoke(1n));
  const [estimate] = await channel.getEstimateFee([transaction], { skipValidate: false });
  const { actual_fee: fee } = await channel.invoke(transaction, transaction);
  assert.equal(estimate.unit, 'FRI');
  assert.ok(BigInt(estimate.overall_fee) >= BigInt(fee.amount));
});

ofChannel.scenario('simulateTransaction', 'has a trace and a fee', async () => {
  const [simulated] = await channel.simulateTransaction(await signed(invoke(1n)));
  assert.equal(simulated.transaction_trace.type, 'INVOKE');
  assert.equal(simulated.transaction_trace.validate_invocation, undefined);
  assert.ok(BigInt(simulated.fee_estimation.overall_fee) > 0n);
});

ofChannel.scenario('getMessagesStatus', 'the message was delivered', async () => {
  assert.deepEqual((await channel.getMessagesStatus(L1_TRANSACTION)).map((it) => it.transaction_hash), [message]);
});

// What the library says to itself, and what the provider has.
const shared = [...publicMethods(channel)].filter((it) => publicMethods(provider).has(it));
ofChannel.complete('setChainId', 'errorHandler', 'baseFetch', ...shared);
