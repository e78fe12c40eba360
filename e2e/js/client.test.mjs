// starknet.js against a running node: what a wallet or a dapp does, and a thread transaction besides.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { CallData, ec, hash, stark } from 'starknet';
import { account, balance, provider, resourceBounds, succeeds, told, transfer, user } from './node.mjs';

test('the node introduces itself', async () => {
  assert.equal(await provider.getSpecVersion(), '0.10.3');
  assert.equal(await provider.getChainId(), '0x534e5f5345504f4c4941');
  assert.equal((await provider.getBlock('latest')).block_number, 0);
});

test('an account is funded, deployed, and invokes', async () => {
  const key = stark.randomAddress();
  const publicKey = ec.starkCurve.getStarkKey(key);
  const constructorCalldata = CallData.compile({ publicKey });
  const address = hash.calculateContractAddressFromHash(publicKey, told.accountClass, constructorCalldata, 0);
  await succeeds(await user.execute(transfer(address, 10n ** 19n)));
  assert.equal(await balance(address), 10n ** 19n);

  const fresh = account({ address, key });
  const deployed = await fresh.deployAccount({
    classHash: told.accountClass,
    constructorCalldata,
    addressSalt: publicKey,
  });
  await succeeds(deployed);
  assert.equal(BigInt(await provider.getClassHashAt(address)), BigInt(told.accountClass));

  const before = await balance(told.user.address);
  await succeeds(await fresh.execute([transfer(told.user.address, 5n), transfer(told.user.address, 6n)]));
  assert.equal(await balance(told.user.address), before + 11n);
  assert.equal(BigInt(await fresh.getNonce()), 2n);
});

test('a class is declared and deployed', async () => {
  const contract = JSON.parse(readFileSync(told.sierra, 'utf8'));
  const casm = JSON.parse(readFileSync(told.casm, 'utf8'));
  const declared = await user.declare({ contract, casm });
  await succeeds(declared);
  const deployed = await user.deployContract({ classHash: declared.class_hash, salt: '0x7' });
  await succeeds(deployed);
  const put = { contractAddress: deployed.contract_address, entrypoint: 'put', calldata: ['0x5', '0x2a'] };
  await succeeds(await user.execute(put));
  const got = await provider.callContract({ ...put, entrypoint: 'get', calldata: ['0x5'] });
  assert.deepEqual(got.map(BigInt), [0x2an]);
});

test('a thread transaction is signed, sent, settled and read', async () => {
  const submitter = account(told.submitter);
  const before = await balance(told.submitter.address);
  const sent = await submitter.execute([], {
    proofFacts: told.proofFacts,
    proof: readFileSync(told.package).toString('base64'),
    tip: 0n,
    resourceBounds,
  });
  const receipt = await succeeds(sent);
  assert.equal(await balance(told.submitter.address), before - BigInt(receipt.actual_fee.amount));

  const transaction = await provider.getTransactionByHash(sent.transaction_hash);
  assert.equal(transaction.type, 'INVOKE');
  const block = await provider.getBlockWithTxs(receipt.block_number);
  assert.deepEqual(block.transactions.map((it) => BigInt(it.transaction_hash)), [BigInt(sent.transaction_hash)]);
  const receipts = await provider.getBlockWithReceipts(receipt.block_number);
  assert.equal(receipts.transactions[0].receipt.events.length, receipt.events.length);
  assert.ok(receipt.events.length >= 12);
  await provider.getStateUpdate(receipt.block_number);

  const withFacts = await provider.getTransactionByHash(sent.transaction_hash, { includeProofFacts: true });
  assert.deepEqual(withFacts.proof_facts.map(BigInt), told.proofFacts.map(BigInt));
});
