// starknet.js's Contract: a scenario for each public method, and for each way to call one of the contract's own.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Contract, cairo } from 'starknet';
import { ON_L1, accountAt, deployBridge, deposit, details, freshClass, patient } from './bridge.mjs';
import { told } from './node.mjs';
import { scenariosOf } from './scenarios.mjs';

const PAYEE = '0x3456';

const provider = patient(told.url);
const user = accountAt(provider, told.user);
const bridge = await deployBridge(user);
/** Owner 5 has 10. */
await provider.channel.fetchEndpoint('devnet_postmanSendMessageToL2', deposit(bridge, 5, 10, '0x0'));
const { abi } = await provider.getClassAt(told.strk);

const contract = (options = {}) => new Contract({ abi, address: told.strk, providerOrAccount: user, ...options });
const token = contract();
const bridging = contract({ abi: bridge.abi, address: bridge.address });

const balance = (owner) => token.call('balance_of', [owner]);
const succeeds = async ({ transaction_hash: sent }) => {
  const receipt = await provider.waitForTransaction(sent);
  assert.ok(receipt.isSuccess(), receipt.revert_reason);
  return receipt;
};

const { scenario, complete } = scenariosOf('Contract', token);

scenario('call', 'an answer of the type that the interface says', async () => {
  assert.equal(await token.call('decimals'), 18n);
  assert.equal(await token.call('balance_of', [PAYEE], { blockIdentifier: 0 }), 0n);
  const raw = await token.call('balance_of', [user.address], { parseResponse: false });
  assert.equal(raw.length, 2);
  assert.equal(await bridging.call('balance', [5]), 10n);
});

scenario('invoke', 'sends, and waits if it is told to', async () => {
  const before = await balance(PAYEE);
  const receipt = await token.invoke('transfer', [PAYEE, cairo.uint256(5n)], { ...details, waitForTransaction: true });
  assert.equal(receipt.finality_status, 'ACCEPTED_ON_L2');
  assert.equal(await balance(PAYEE), before + 5n);
  const tooMuch = token.invoke('transfer', [PAYEE, cairo.uint256(2n ** 127n)], { ...details, waitForTransaction: true });
  await assert.rejects(tooMuch, /Transaction failed/);
});

scenario('estimate', 'is about what it costs', async () => {
  const call = ['transfer', [PAYEE, cairo.uint256(1n)]];
  const { overall_fee: fee } = await token.estimate(...call);
  const { actual_fee: { amount: paid } } = await succeeds(await token.invoke(...call, details));
  assert.ok(fee >= BigInt(paid) && fee <= 3n * BigInt(paid), `${fee} estimated, ${paid} paid`);
});

scenario('populate', 'a call for an account to send', async () => {
  const before = await balance(PAYEE);
  const call = token.populate('transfer', [PAYEE, cairo.uint256(2n)]);
  await succeeds(await user.execute([call, call], details));
  assert.equal(await balance(PAYEE), before + 4n);
});

scenario('compile', 'calldata that the contract reads', async () => {
  const calldata = token.compile('balance_of', [user.address]);
  const raw = await provider.callContract({ contractAddress: token.address, entrypoint: 'balance_of', calldata });
  assert.equal(BigInt(raw[0]), await balance(user.address));
});

scenario('parseEvents', 'those of the contract, by name', async () => {
  const receipt = await token.invoke('transfer', [PAYEE, cairo.uint256(3n)], { ...details, waitForTransaction: true });
  const transfers = token.parseEvents(receipt).flatMap((event) =>
    Object.entries(event).filter(([name]) => name.endsWith('::Transfer')).map(([, it]) => it));
  const [paid, ...others] = transfers.filter((it) => it.to === BigInt(PAYEE));
  assert.deepEqual([paid.from, paid.value, others], [BigInt(user.address), 3n, []]);
});

scenario('withOptions', 'hold for the next call, and for that only', async () => {
  assert.equal(await token.withOptions({ blockIdentifier: 0 }).balance_of(PAYEE), 0n);
  assert.ok((await token.balance_of(PAYEE)) > 0n);
});

scenario('attach', 'the same interface elsewhere', async () => {
  const { contract_address: address } = await user.deployContract({ classHash: bridge.classHash, salt: '0x9' }, details);
  const moved = contract();
  moved.attach(address, bridge.abi);
  assert.equal(await moved.call('balance', [5]), 0n);
});

scenario('isDeployed', 'is told from what is not', async () => {
  assert.equal(await token.isDeployed(), token);
  await assert.rejects(contract({ address: '0x99' }).isDeployed(), /not deployed/);
});

scenario('getVersion', 'is read from the class', async () => {
  assert.deepEqual(await token.getVersion(), { cairo: '1', compiler: '2' });
});

scenario('ensureProvider', 'is the account’s', async () => {
  assert.equal(await (await token.ensureProvider()).getChainId(), await provider.getChainId());
});

// Nobody is asked.
complete('isCairo1', 'typedv2', ...abiFunctions());

/** What the interface adds to the object. */
function abiFunctions() {
  return Object.keys(token.functions).filter((name) => Object.hasOwn(token, name));
}

test('Contract: its own functions, under their names and in four collections', async () => {
  const before = await balance(PAYEE);
  const amount = cairo.uint256(1n);
  await succeeds(await token.withOptions(details).transfer(PAYEE, amount));
  await succeeds(await token.withOptions(details).functions.transfer(PAYEE, amount));
  await succeeds(await user.execute(token.populateTransaction.transfer(PAYEE, amount), details));
  assert.equal(await token.callStatic.balance_of(PAYEE), before + 3n);
  assert.ok((await token.estimateFee.transfer(PAYEE, amount)).overall_fee > 0n);
});

test('Contract: a message to L1 is in the receipt', async () => {
  const receipt = await succeeds(await bridging.invoke('withdraw', [5, 4, ON_L1], details));
  const [{ from_address: from, to_address: to, payload }, ...others] = receipt.messages_sent;
  assert.deepEqual([from, to, others].map(String), [bridge.address, ON_L1, []].map(String));
  assert.deepEqual(payload.map(BigInt), [0n, 5n, 4n]);
  assert.equal(await bridging.balance(5), 6n);
});

const ofClass = scenariosOf('Contract (static)', Contract);
ofClass.scenario('factory', 'declares and deploys, or deploys only', async () => {
  const made = await Contract.factory({ ...freshClass(), account: user }, details);
  assert.equal(await made.balance(5), 0n);
  const again = await Contract.factory({ classHash: made.classHash, account: user, salt: '0x4' }, details);
  assert.notEqual(again.address, made.address);
  assert.equal(await again.balance(5), 0n);
});
ofClass.complete();
