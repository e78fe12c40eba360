// The client of starknet-devnet: a scenario for each public method.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Devnet, DevnetProvider } from 'starknet-devnet';
import { DEPOSIT, ON_L1, accountAt, deployBridge, deposited, execute, patient } from './bridge.mjs';
import { atFreeAddress, devnet } from './devnets.mjs';
import { told, transfer } from './node.mjs';
import { scenariosOf } from './scenarios.mjs';

const PAYEE = '0x4567';
const DEFAULT_PRICE = 1_000_000_000n;
const MOCK_L1 = 'mock://l1';

const running = await Devnet.spawnCommand(told.binary, atFreeAddress('devnet'));
const provider = patient(told.url);
const user = accountAt(provider, told.user);
const other = accountAt(provider, told.burst);

const pay = () => execute(user, transfer(PAYEE, 1n));
const height = () => provider.getBlockNumber();
const latest = () => provider.getBlockWithTxHashes('latest');
const balance = async (owner) => {
  const call = { contractAddress: told.strk, entrypoint: 'balance_of', calldata: [owner] };
  const [low, high] = (await provider.callContract(call)).map(BigInt);
  return low + (high << 128n);
};

/** An empty directory, gone after the test. */
function directory(context) {
  const path = mkdtempSync(join(tmpdir(), 'zkthreads-'));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const ofProvider = scenariosOf('DevnetProvider', devnet);
const { scenario } = ofProvider;

scenario('isAlive', 'tells it from one that is not there', async () => {
  assert.equal(await devnet.isAlive(), true);
  assert.equal(await new DevnetProvider({ url: 'http://127.0.0.1:1' }).isAlive(), false);
});

scenario('getConfig', 'has starknet-devnet’s names', async () => {
  const config = await devnet.getConfig();
  assert.deepEqual([config.seed, config.total_accounts, config.block_generation_on], [0, 10, 'transaction']);
  assert.equal(BigInt(config.account_contract_class_hash), BigInt(told.accountClass));
});

scenario('getPredeployedAccounts', 'hold what they began with', async () => {
  const accounts = await devnet.getPredeployedAccounts();
  assert.equal(accounts.length, 10);
  const own = accounts.find((it) => BigInt(it.address) === BigInt(told.user.address));
  assert.equal(BigInt(own.private_key), BigInt(told.user.key));
  assert.ok(!own.balance);
  await pay();
  const after = await devnet.getPredeployedAccounts({ withBalance: true });
  const { balance: { eth, strk }, initial_balance: initial } = after.find((it) => it.address === own.address);
  assert.deepEqual(eth, { amount: initial, unit: 'WEI' });
  assert.deepEqual(strk, { amount: String(await balance(user.address)), unit: 'FRI' });
  assert.ok(BigInt(strk.amount) < BigInt(initial));
});

scenario('mint', 'in either unit, more than 2^128', async () => {
  const much = 2n ** 200n + 1n;
  const before = await balance(PAYEE);
  const minted = await devnet.mint(PAYEE, much);
  assert.deepEqual([minted.new_balance, minted.unit], [before + much, 'FRI']);
  assert.equal(await balance(PAYEE), before + much);
  assert.ok((await provider.getTransactionReceipt(minted.tx_hash)).isSuccess());
  const ether = await devnet.mint(PAYEE, 7n, 'WEI');
  assert.deepEqual([ether.new_balance, ether.unit], [7n, 'WEI']);
});

scenario('createBlock', 'an empty one', async () => {
  const before = await height();
  const { block_hash: created } = await devnet.createBlock();
  const { block_hash: found, block_number: number, transactions } = await latest();
  assert.deepEqual([found, number, transactions], [created, before + 1, []]);
});

scenario('abortBlocks', 'as if they had never been', async () => {
  const [before, then] = [await latest(), await balance(PAYEE)];
  const { transaction_hash: paid } = await pay();
  const { block_hash: second } = await devnet.createBlock();
  const { block_hash: first } = await provider.getBlockWithTxHashes(before.block_number + 1);
  assert.deepEqual(await devnet.abortBlocks(before.block_number + 1), { aborted: [second, first] });
  assert.deepEqual(await latest(), before);
  assert.equal(await balance(PAYEE), then);
  await assert.rejects(provider.getTransactionReceipt(paid), { code: 29 });
  const { block_hash: third } = await devnet.createBlock();
  assert.deepEqual(await devnet.abortBlocks(third), { aborted: [third] });
  await assert.rejects(devnet.abortBlocks(0), { code: -1 });
});

scenario('setTime', 'of the next block, or of one that is made at once', async () => {
  const later = (await latest()).timestamp + 1_000_000;
  const made = await devnet.setTime(later, { generateBlock: true });
  const { block_hash: found, block_number: number, timestamp } = await latest();
  assert.deepEqual([made.block_timestamp, made.block_hash, timestamp], [later, found, later]);
  const set = await devnet.setTime(later + 5_000);
  assert.deepEqual([set.block_timestamp, set.block_hash], [later + 5_000, null]);
  assert.equal(await height(), number);
  await pay();
  assert.equal((await latest()).timestamp, later + 5_000);
});

scenario('increaseTime', 'makes a block', async () => {
  const before = await latest();
  const { timestamp_increased_by: by, block_hash: made } = await devnet.increaseTime(5_000);
  const { block_hash: found, block_number: number, timestamp } = await latest();
  assert.deepEqual([by, made, number], [5_000, found, before.block_number + 1]);
  assert.ok(timestamp >= before.timestamp + 5_000);
});

scenario('setGasPrice', 'of the next block, or of one that is made at once', async (context) => {
  context.after(() => devnet.setGasPrice({ l1GasPrice: DEFAULT_PRICE, l2GasPrice: DEFAULT_PRICE }, true));
  const before = await height();
  const all = { l1_gas_price: DEFAULT_PRICE, l1_data_gas_price: DEFAULT_PRICE, l2_gas_price: 7n };
  assert.deepEqual(await devnet.setGasPrice({ l2GasPrice: 7n }), all);
  assert.equal(await height(), before);
  await devnet.createBlock();
  assert.equal((await provider.getGasPrices('latest')).l2GasPrice, 7n);
  // Beyond what a JavaScript number holds.
  const exact = 2n ** 60n + 1n;
  await devnet.setGasPrice({ l1GasPrice: exact }, true);
  assert.equal(await height(), before + 2);
  const prices = { l1GasPrice: exact, l1DataGasPrice: DEFAULT_PRICE, l2GasPrice: 7n };
  assert.deepEqual(await provider.getGasPrices('latest'), prices);
});

scenario('dump', 'a file', async (context) => {
  const path = join(directory(context), 'chain.dump');
  await devnet.dump(path);
  assert.ok(existsSync(path));
  // Without a path, and with no `--dump-path`, it is the answer.
  assert.equal(typeof (await devnet.dump()).dump, 'string');
});

scenario('load', 'everything is as it was', async (context) => {
  const path = join(directory(context), 'chain.dump');
  const [before, had] = [await latest(), await balance(PAYEE)];
  await devnet.dump(path);
  await pay();
  assert.equal(await height(), before.block_number + 1);
  await devnet.load(path);
  assert.deepEqual(await latest(), before);
  assert.equal(await balance(PAYEE), had);
  await pay();
  await assert.rejects(devnet.load(join(path, 'nothing')), { code: -5 });
});

scenario('restart', 'only the first block is left', async () => {
  const { transaction_hash: paid } = await pay();
  const genesis = await provider.getBlockWithTxHashes(0);
  await devnet.restart();
  assert.deepEqual(await latest(), genesis);
  assert.equal(BigInt(await user.getNonce()), 0n);
  await assert.rejects(provider.getTransactionReceipt(paid), { code: 29 });
  await pay();
});

// Axios; TypeScript has it private.
ofProvider.complete('httpProvider');

// Messages to and from L1.

const ofPostman = scenariosOf('Postman', devnet.postman);
/** The bridge, deployed anew after a restart. */
let bridge;

ofPostman.scenario('loadL1MessagingContract', 'the mock within, and no other', async () => {
  const loaded = await devnet.postman.loadL1MessagingContract(MOCK_L1);
  assert.match(loaded.messaging_contract_address, /^0x[0-9a-f]{40}$/);
  await assert.rejects(devnet.postman.loadL1MessagingContract('http://127.0.0.1:1'), { code: -1 });
});

ofPostman.scenario('sendMessageToL2', 'the contract has heard it', async () => {
  bridge = await deployBridge(other);
  const sent = await devnet.postman.sendMessageToL2(bridge.address, DEPOSIT, ON_L1, [5, 10n], 0, 1n);
  const receipt = await provider.waitForTransaction(sent.transaction_hash);
  assert.deepEqual([receipt.type, receipt.execution_status], ['L1_HANDLER', 'SUCCEEDED']);
  assert.equal(await deposited(provider, bridge, 5), 10n);
  const again = devnet.postman.sendMessageToL2(bridge.address, DEPOSIT, ON_L1, [5, 10n], 0, 1n);
  await assert.rejects(again, { code: 59 });
});

const withdrawn = (amount) => [bridge.address, ON_L1, [0, 5, amount]];

ofPostman.scenario('flush', 'hands over what contracts sent, once', async () => {
  const calldata = [5, 4, ON_L1];
  await execute(user, { contractAddress: bridge.address, entrypoint: 'withdraw', calldata });
  const shown = await devnet.postman.flush({ dryRun: true });
  const [{ from_address: from, to_address: to, payload }, ...others] = shown.messages_to_l1;
  assert.deepEqual([from, to, ...payload].map(BigInt), [bridge.address, ON_L1, 0, 5, 4].map(BigInt));
  assert.deepEqual(others, []);
  const flushed = await devnet.postman.flush();
  assert.deepEqual(flushed.messages_to_l1, shown.messages_to_l1);
  assert.deepEqual([flushed.l1_provider, flushed.messages_to_l2], [MOCK_L1, []]);
  assert.deepEqual((await devnet.postman.flush()).messages_to_l1, []);
});

ofPostman.scenario('consumeMessageFromL2', 'as often as it was sent', async () => {
  const { message_hash: consumed } = await devnet.postman.consumeMessageFromL2(...withdrawn(4));
  assert.match(consumed, /^0x[0-9a-f]{64}$/);
  await assert.rejects(devnet.postman.consumeMessageFromL2(...withdrawn(4)), { code: -1 });
  await assert.rejects(devnet.postman.consumeMessageFromL2(...withdrawn(5)), { code: -1 });
});

ofPostman.complete();

// Transactions without a signature.

const ofCheats = scenariosOf('Cheats', devnet.cheats);
const impostor = accountAt(provider, { address: told.burst.address, key: '0x1' });
const pretend = () => execute(impostor, transfer(PAYEE, 1n));
const isCaught = () => assert.rejects(pretend(), { code: 55 });

ofCheats.scenario('impersonateAccount', 'whoever sends is believed', async (context) => {
  context.after(() => devnet.cheats.stopImpersonateAccount(impostor.address));
  await isCaught();
  await devnet.cheats.impersonateAccount(impostor.address);
  const before = await balance(PAYEE);
  await pretend();
  assert.equal(await balance(PAYEE), before + 1n);
});

ofCheats.scenario('stopImpersonateAccount', 'no more', async () => {
  await devnet.cheats.impersonateAccount(impostor.address);
  await pretend();
  await devnet.cheats.stopImpersonateAccount(impostor.address);
  await isCaught();
});

ofCheats.scenario('autoImpersonate', 'everybody is believed', async (context) => {
  context.after(() => devnet.cheats.stopAutoImpersonate());
  await devnet.cheats.autoImpersonate();
  await pretend();
});

ofCheats.scenario('stopAutoImpersonate', 'no more', async () => {
  await devnet.cheats.autoImpersonate();
  await devnet.cheats.stopAutoImpersonate();
  await isCaught();
});

ofCheats.complete();

// Devnets that a test suite starts.

const ofDevnets = scenariosOf('Devnet (static)', Devnet);

/** That it is one, with the accounts of its seed. */
async function isOurs(context, started) {
  context.after(() => started.kill());
  const [account] = await started.provider.getPredeployedAccounts();
  assert.equal(BigInt(account.address), BigInt(told.submitter.address));
}

ofDevnets.scenario('spawnCommand', 'our binary', async (context) => {
  await isOurs(context, await Devnet.spawnCommand(told.binary, atFreeAddress('devnet')));
});

ofDevnets.scenario('spawnInstalled', 'our binary under the name of starknet-devnet', async (context) => {
  const { PATH } = process.env;
  const bin = directory(context);
  writeFileSync(join(bin, 'starknet-devnet'), `#!/bin/sh\nexec '${told.binary}' devnet "$@"\n`, { mode: 0o755 });
  process.env.PATH = `${bin}${delimiter}${PATH}`;
  context.after(() => {
    process.env.PATH = PATH;
  });
  await isOurs(context, await Devnet.spawnInstalled(atFreeAddress()));
});

// The first fetches starknet-devnet itself; TypeScript has the others private.
ofDevnets.complete('spawnVersion', 'cleanup', 'registerCleanup');

const ofDevnet = scenariosOf('Devnet', running);

ofDevnet.scenario('kill', 'it ends', async () => {
  assert.equal(await running.provider.isAlive(), true);
  assert.equal(running.kill(), true);
  while (await running.provider.isAlive());
});

// TypeScript has it private.
ofDevnet.complete('ensureAlive');
