// contracts/metered/bridge.cairo: a contract that hears from L1 and answers, with one that nobody has declared yet whenever
// one is needed.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Account, CallData, RpcProvider, ec, hash, stark } from 'starknet';
import { resourceBounds, told, transfer } from './node.mjs';

const SIERRA = JSON.parse(readFileSync(told.bridge.sierra, 'utf8'));
const CASM = JSON.parse(readFileSync(told.bridge.casm, 'utf8'));

/** What the contract takes from L1, and a contract there. */
export const DEPOSIT = hash.getSelectorFromName('deposit');
export const ON_L1 = '0xe7f1725e7734ce288f8367e1bb143e90bb3f0512';

/** Spares the library its own estimates. */
export const details = { resourceBounds, tip: 0n };

/** A provider that asks often and does not give up where a machine is slow. */
export const patient = (url, options = {}) =>
  new RpcProvider({ nodeUrl: url, retries: 3000, transactionRetryIntervalFallback: 100, ...options });

export const accountAt = (provider, { address, key }) =>
  new Account({ provider, address, signer: key, cairoVersion: '1' });

let variants = 0;

/** The contract under a class hash of its own: a class is its interface, too. */
export function freshClass() {
  variants += 1;
  const contract = { ...SIERRA, abi: [...SIERRA.abi, { type: 'struct', name: `variant::V${variants}`, members: [] }] };
  return { contract, casm: CASM };
}

/** Sends calls, which must succeed. */
export async function execute(account, calls) {
  const { transaction_hash: sent } = await account.execute(calls, details);
  const receipt = await account.provider.waitForTransaction(sent);
  assert.equal(receipt.execution_status, 'SUCCEEDED', receipt.revert_reason);
  return receipt;
}

/** An account that is not deployed yet, with money of the payer's, and what deploys it. */
export async function newcomer(payer) {
  const key = stark.randomAddress();
  const publicKey = ec.starkCurve.getStarkKey(key);
  const constructorCalldata = CallData.compile({ publicKey });
  const payload = { classHash: told.accountClass, constructorCalldata, addressSalt: publicKey };
  const address = hash.calculateContractAddressFromHash(publicKey, told.accountClass, constructorCalldata, 0);
  await execute(payer, transfer(address, 10n ** 19n));
  return { account: accountAt(payer.provider, { address, key }), payload };
}

/** Declares and deploys the contract. */
export async function deployBridge(account) {
  const payload = freshClass();
  const { class_hash: classHash, transaction_hash: sent } = await account.declare(payload, details);
  await account.provider.waitForTransaction(sent);
  const { contract_address: address } = await account.deployContract({ classHash }, details);
  return { address, classHash, abi: payload.contract.abi, casm: CASM };
}

/** A message from L1, as JSON-RPC takes it. */
export const deposit = (bridge, owner, amount, nonce) => ({
  l2_contract_address: bridge.address,
  entry_point_selector: DEPOSIT,
  l1_contract_address: ON_L1,
  payload: CallData.toHex([owner, amount]),
  paid_fee_on_l1: '0x123456abcdef',
  nonce,
});

/** What an owner has on L2. */
export async function deposited(provider, bridge, owner) {
  const call = { contractAddress: bridge.address, entrypoint: 'balance', calldata: CallData.compile([owner]) };
  return BigInt((await provider.callContract(call))[0]);
}
