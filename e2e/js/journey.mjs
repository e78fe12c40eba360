// What somebody does on the chain, in a thread, and on the chain again.

import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { RpcProvider } from 'starknet';
import { final, resourceBounds, told } from './node.mjs';

/** Estimates and nonces are to build on what the thread has executed. */
export const thread = new RpcProvider({ nodeUrl: told.thread.url, blockIdentifier: 'pre_confirmed' });

/** How often a transaction is asked for, once a second: many proofs may come before its own. */
const PATIENCE = { retryInterval: 1000, retries: 900 };

/** Waits for a transaction that must succeed. */
export const succeeds = async (provider, { transaction_hash: hash }) => {
  const receipt = await final(provider, hash, PATIENCE);
  assert.equal(receipt.execution_status, 'SUCCEEDED', receipt.revert_reason);
  return receipt;
};

/** Sends a transaction in the thread, where it is executed at once. */
export const sends = async (account, calls) => {
  const sent = await account.execute(calls);
  const receipt = await thread.getTransactionReceipt(sent.transaction_hash);
  assert.equal(receipt.finality_status, 'PRE_CONFIRMED');
  assert.equal(receipt.execution_status, 'SUCCEEDED', receipt.revert_reason);
  return sent;
};

/** Sends a transaction on the chain; the thread has seen it, too, when this is done. With bounds: the library's estimate leaves
 * out what checking the signature takes, which on the chain counts. */
export const onChain = async (account, calls) => {
  const sent = await account.execute(calls, { resourceBounds, tip: 0n });
  await succeeds(thread, sent);
};

/** Tells the harness what has worked: a row of a table in docs/classes.md. */
export const worked = (what, how, inThread = 'yes') =>
  appendFileSync(told.journeys, `| ${what} | ${how} | yes | ${inThread} |\n`);
