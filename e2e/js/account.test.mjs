// starknet.js's Account: a scenario for each public method.

import assert from 'node:assert/strict';
import { Account, hash, typedData as typed } from 'starknet';
import { accountAt, deployBridge, details, execute, freshClass, newcomer, patient } from './bridge.mjs';
import { told, transfer } from './node.mjs';
import { scenariosOf } from './scenarios.mjs';

const PAYEE = '0x2345';
/** A time that no chain will see. */
const NEVER = 2n ** 40n;

const provider = patient(told.url);
const user = accountAt(provider, told.user);
const other = accountAt(provider, told.burst);
const bridge = await deployBridge(other);

const same = (one, other) => assert.equal(BigInt(one), BigInt(other));
const nonce = () => provider.getNonceForAddress(user.address);
const classAt = (address) => provider.getClassHashAt(address);
const balance = async (owner) => {
  const call = { contractAddress: told.strk, entrypoint: 'balance_of', calldata: [owner] };
  return BigInt((await provider.callContract(call))[0]);
};

async function succeeds({ transaction_hash: sent }) {
  const receipt = await provider.waitForTransaction(sent);
  assert.equal(receipt.execution_status, 'SUCCEEDED', receipt.revert_reason);
  return receipt;
}

/** That an estimate, with the library's surcharge, is what was paid in the end. */
function covers({ overall_fee: fee, resourceBounds, unit }, { actual_fee: { amount } }) {
  const paid = BigInt(amount);
  assert.equal(unit, 'FRI');
  assert.ok(paid > 0n && fee >= paid && fee <= 3n * paid, `${fee} estimated, ${paid} paid`);
  assert.ok(resourceBounds.l2_gas.max_amount > 0n);
}

const note = (text) => ({
  types: { StarknetDomain: [{ name: 'name', type: 'shortstring' }], Note: [{ name: 'text', type: 'felt' }] },
  primaryType: 'Note',
  domain: { name: 'zkThreads', revision: '1' },
  message: { text },
});

/** Each account has these methods of its own. */
const fast = accountAt(patient(told.url, { blockIdentifier: 'pre_confirmed' }), told.user);
const self = await newcomer(other);

const { scenario, complete } = scenariosOf('Account', user);

scenario('getNonce', 'counts its transactions, those in the open block as well', async () => {
  const before = BigInt(await user.getNonce());
  await succeeds(await user.execute(transfer(PAYEE, 1n), details));
  same(await user.getNonce(), before + 1n);
  same(await user.getNonce('pre_confirmed'), before + 1n);
  same(await user.getNonce(0), 0);
});

scenario('getNonceSafe', 'is zero where there is no account yet', async () => {
  same(await user.getNonceSafe(), await nonce());
  const absent = accountAt(provider, { address: '0x99', key: '0x1' });
  assert.equal(await absent.getNonceSafe(), 0n);
});

scenario('getCairoVersion', 'is read from its class', async () => {
  const { address, signer } = user;
  assert.equal(await new Account({ provider, address, signer }).getCairoVersion(), '1');
  const unknown = new Account({ provider, address: '0x99', signer });
  assert.equal(await unknown.getCairoVersion(told.accountClass), '1');
});

scenario('execute', 'one call or several, all or nothing', async () => {
  const before = await balance(PAYEE);
  await succeeds(await user.execute(transfer(PAYEE, 2n)));
  await succeeds(await user.execute([transfer(PAYEE, 3n), transfer(PAYEE, 4n)], details));
  assert.equal(await balance(PAYEE), before + 9n);
  const { transaction_hash: failing } = await user.execute([transfer(PAYEE, 5n), transfer(PAYEE, 2n ** 127n)], details);
  assert.ok((await provider.waitForTransaction(failing)).isReverted());
  assert.equal(await balance(PAYEE), before + 9n);
});

scenario('fastExecute', 'the next transaction can follow at once', async () => {
  const before = await balance(PAYEE);
  let sent;
  for (let index = 0; index < 2; index += 1) {
    const patience = { retries: 3000, retryInterval: 100 };
    const { isReady, txResult } = await fast.fastExecute(transfer(PAYEE, 1n), details, patience);
    assert.equal(isReady, true);
    sent = txResult;
  }
  await succeeds(sent);
  assert.equal(await balance(PAYEE), before + 2n);
}, fast);

scenario('prepareInvoke', 'is signed for the next nonce', async () => {
  const { invocation } = await user.prepareInvoke(transfer(PAYEE, 1n), details);
  same(invocation.nonce, await nonce());
  await succeeds(await provider.invokeFunction(invocation, invocation));
});

scenario('getSignedTransaction', 'can be sent by anyone', async () => {
  const before = await balance(PAYEE);
  const transaction = await user.getSignedTransaction(transfer(PAYEE, 6n));
  await succeeds(await provider.invokeSignedTx(transaction));
  assert.equal(await balance(PAYEE), before + 6n);
});

scenario('accountInvocationsFactory', 'numbers what it signs', async () => {
  const before = await balance(PAYEE);
  const invocations = [1n, 2n].map((amount) => ({ type: 'INVOKE', payload: transfer(PAYEE, amount) }));
  const options = { ...details, versions: ['0x3'], nonce: await nonce(), skipValidate: false };
  const sent = [];
  for (const it of await user.accountInvocationsFactory(invocations, options)) {
    sent.push(await provider.invokeFunction(it, it));
  }
  for (const it of sent) await succeeds(it);
  assert.equal(await balance(PAYEE), before + 3n);
});

scenario('resolveDetailsWithTip', 'asks what others pay', async () => {
  assert.equal((await user.resolveDetailsWithTip({})).tip, 0n);
  assert.equal((await user.resolveDetailsWithTip({ tip: 7n })).tip, 7n);
});

// Estimates and simulations.

scenario('estimateInvokeFee', 'is about what it costs', async () => {
  const estimate = await user.estimateInvokeFee(transfer(PAYEE, 1n), { skipValidate: false });
  covers(estimate, await succeeds(await user.execute(transfer(PAYEE, 1n), details)));
  await assert.rejects(user.estimateInvokeFee(transfer(PAYEE, 2n ** 127n)), { code: 41 });
});

scenario('estimateDeclareFee', 'is about what it costs', async () => {
  const payload = freshClass();
  const estimate = await user.estimateDeclareFee(payload, { skipValidate: false });
  covers(estimate, await succeeds(await user.declare(payload, details)));
});

scenario('estimateAccountDeployFee', 'is about what it costs', async () => {
  const { account, payload } = await newcomer(other);
  // The account that is there does not know the way of the one that is not.
  const estimate = await user.estimateAccountDeployFee(payload, { nonce: 0n });
  covers(estimate, await succeeds(await account.deployAccount(payload, details)));
});

scenario('estimateDeployFee', 'is about what it costs', async () => {
  const payload = { classHash: bridge.classHash, salt: '0x5' };
  const estimate = await user.estimateDeployFee(payload, { skipValidate: false });
  covers(estimate, await succeeds(await user.deploy(payload, details)));
});

scenario('estimateFeeBulk', 'each builds on the one before', async () => {
  const payload = freshClass();
  const deploy = { classHash: hash.computeSierraContractClassHash(payload.contract), salt: '0x6' };
  const transactions = [{ type: 'DECLARE', payload }, { type: 'DEPLOY', payload: deploy }];
  const estimates = await user.estimateFeeBulk(transactions, { skipValidate: false });
  covers(estimates[0], await succeeds(await user.declare(payload, details)));
  covers(estimates[1], await succeeds(await user.deploy(deploy, details)));
});

scenario('simulateTransaction', 'is what will happen', async () => {
  const before = await balance(PAYEE);
  const transaction = [{ type: 'INVOKE', payload: transfer(PAYEE, 8n) }];
  const { simulated_transactions: [simulated] } = await user.simulateTransaction(transaction, {
    ...details, skipValidate: false,
  });
  assert.equal(await balance(PAYEE), before);
  const sent = await user.execute(transfer(PAYEE, 8n), details);
  await succeeds(sent);
  const trace = await provider.getTransactionTrace(sent.transaction_hash);
  assert.deepEqual(simulated.transaction_trace.execute_invocation, trace.execute_invocation);
});

// Classes and contracts.

scenario('declare', 'a class, once', async () => {
  const payload = freshClass();
  const declared = await user.declare(payload, details);
  await succeeds(declared);
  assert.ok(await provider.getClass(declared.class_hash));
  await assert.rejects(user.declare(payload, details), { code: 51 });
});

scenario('declareIfNot', 'does nothing about a class that is there', async () => {
  const payload = freshClass();
  const first = await user.declareIfNot(payload, details);
  await succeeds(first);
  const { class_hash: classHash } = first;
  assert.deepEqual(await user.declareIfNot(payload, details), { transaction_hash: '', class_hash: classHash });
});

scenario('deploy', 'several contracts in one transaction', async () => {
  const payloads = ['0x1', '0x2'].map((salt) => ({ classHash: bridge.classHash, salt }));
  const deployed = await user.deploy(payloads, details);
  await succeeds(deployed);
  for (const address of deployed.contract_address) same(await classAt(address), bridge.classHash);
});

scenario('deployContract', 'is where the event says', async () => {
  const deployed = await user.deployContract({ classHash: bridge.classHash, salt: '0x3' }, details);
  same(await classAt(deployed.contract_address), bridge.classHash);
  same(deployed.deployer, user.address);
  same(deployed.classHash, bridge.classHash);
});

scenario('declareAndDeploy', 'both', async () => {
  const { declare, deploy } = await user.declareAndDeploy(freshClass(), details);
  assert.equal(declare.execution_status, 'SUCCEEDED');
  same(await classAt(deploy.contract_address), declare.class_hash);
});

scenario('deployAccount', 'it pays for itself, and can send afterwards', async () => {
  const { account, payload } = await newcomer(other);
  const deployed = await account.deployAccount(payload);
  await succeeds(deployed);
  same(deployed.contract_address, account.address);
  same(await account.getNonce(), 1);
  await succeeds(await account.execute(transfer(PAYEE, 1n), details));
});

scenario('deploySelf', 'is another name of it', async () => {
  await succeeds(await self.account.deploySelf(self.payload, details));
  same(await classAt(self.account.address), told.accountClass);
}, self.account);

// Signatures.

scenario('signMessage', 'the contract agrees', async () => {
  const signature = await user.signMessage(note('0x7'));
  assert.equal(await provider.verifyMessageInStarknet(note('0x7'), signature, user.address), true);
  assert.equal(await provider.verifyMessageInStarknet(note('0x7'), signature, other.address), false);
});

scenario('hashMessage', 'is what the contract checks', async () => {
  const digest = await user.hashMessage(note('0x7'));
  assert.equal(digest, typed.getMessageHash(note('0x7'), user.address));
  const signature = await user.signMessage(note('0x7'));
  assert.equal(await provider.verifyMessageInStarknet(digest, signature, user.address), true);
});

// Others send what it signed (SNIP-9).

const options = { caller: user.address, execute_after: 0, execute_before: NEVER };

scenario('getSnip9Version', 'the second, where a constructor has noted it', async () => {
  const { account, payload } = await newcomer(other);
  await succeeds(await account.deployAccount(payload, details));
  assert.equal(await account.getSnip9Version(), '2');
  // Predeployed accounts, starknet-devnet's as well, take such transactions and do not say so.
  assert.equal(await user.getSnip9Version(), '0');
});

scenario('getSnip9Nonce', 'is one that was never used', async () => {
  assert.equal(await user.isValidSnip9Nonce(await user.getSnip9Nonce()), true);
});

scenario('getOutsideTransaction', 'is signed for one who sends it', async () => {
  const outside = await other.getOutsideTransaction(options, transfer(PAYEE, 1n), '2');
  same(outside.outsideExecution.caller, user.address);
  same(outside.signerAddress, other.address);
  const third = accountAt(provider, told.submitter);
  await assert.rejects(third.executeFromOutside(outside), { code: 41 });
});

scenario('executeFromOutside', 'one signs, another one pays', async () => {
  const before = [await balance(user.address), await balance(other.address), await balance(PAYEE)];
  const outside = await other.getOutsideTransaction(options, transfer(PAYEE, 9n), '2');
  const { actual_fee: { amount: fee } } = await succeeds(await user.executeFromOutside(outside, details));
  const after = [await balance(user.address), await balance(other.address), await balance(PAYEE)];
  assert.deepEqual(after, [before[0] - BigInt(fee), before[1] - 9n, before[2] + 9n]);
});

scenario('isValidSnip9Nonce', 'each can be used once', async () => {
  const outside = await other.getOutsideTransaction(options, transfer(PAYEE, 1n), '2', '0x77');
  assert.equal(await other.isValidSnip9Nonce('0x77'), true);
  await succeeds(await user.executeFromOutside(outside, details));
  assert.equal(await other.isValidSnip9Nonce('0x77'), false);
  await assert.rejects(user.executeFromOutside(outside), { code: 41 });
});

complete(
  // Nobody is asked; `accountInvocationsFactory` calls them.
  'resolveTransactionVersion', 'buildInvocation', 'buildDeclarePayload', 'buildAccountDeployPayload',
  // A paymaster is asked.
  'buildPaymasterTransaction', 'estimatePaymasterTransactionFee', 'preparePaymasterTransaction',
  'executePaymasterTransaction',
  // Contracts that a devnet does not have are asked.
  'getStarkName', 'getAddressFromStarkName', 'getStarkProfile',
  'getBrotherName', 'getAddressFromBrotherName', 'getBrotherProfile',
);
