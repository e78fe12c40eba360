// The node under test, as every file here sees it, and what several of them do with it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Account, CallData, RpcProvider, cairo } from 'starknet';

/** What the harness tells: the node's URLs, accounts, a class, a package. */
export const told = JSON.parse(readFileSync(process.env.ZKTHREADS_BRIEFING, 'utf8'));

export const provider = new RpcProvider({ nodeUrl: told.url, blockIdentifier: 'latest' });

export const account = ({ address, key }) => new Account({ provider, address, signer: key, cairoVersion: '1' });

/** An account that may spend. */
export const user = account(told.user);

/** Enough for any transaction here, so that none needs an estimate first. */
export const resourceBounds = {
  l1_gas: { max_amount: 100_000n, max_price_per_unit: 2_000_000_000n },
  l2_gas: { max_amount: 1_000_000_000n, max_price_per_unit: 2_000_000_000n },
  l1_data_gas: { max_amount: 1_000_000n, max_price_per_unit: 2_000_000_000n },
};

/** The receipt once the transaction is in a block that is sealed, as a node or a thread tells it. The library is content
 * with the open block, which `latest` does not name. */
export const final = (provider, hash, patience = { retryInterval: 100 }) =>
  provider.waitForTransaction(hash, { ...patience, successStates: ['ACCEPTED_ON_L2', 'ACCEPTED_ON_L1'] });

/** Waits for a transaction that must succeed. */
export async function succeeds({ transaction_hash: hash }) {
  const receipt = await final(provider, hash);
  assert.equal(receipt.execution_status, 'SUCCEEDED', receipt.revert_reason);
  return receipt;
}

/** STRK balance. */
export async function balance(owner) {
  const [low, high] = await provider.callContract({
    contractAddress: told.strk,
    entrypoint: 'balance_of',
    calldata: [owner],
  });
  return BigInt(low) + (BigInt(high) << 128n);
}

/** A call that sends STRK. */
export const transfer = (recipient, amount) => ({
  contractAddress: told.strk,
  entrypoint: 'transfer',
  calldata: CallData.compile({ recipient, amount: cairo.uint256(amount) }),
});
