// Contracts that bridge tokens, and a vault, with starknet.js as it is: deployed on the chain, used in a thread, settled, and
// then used on the chain again.

import assert from 'node:assert/strict';
import test from 'node:test';
import { CairoOption, CairoOptionVariant, CallData, Contract } from 'starknet';
import { accountAt } from './bridge.mjs';
import { artifact } from './hyperlane.mjs';
import { onChain, sends, succeeds, thread, worked } from './journey.mjs';
import { provider as chain, resourceBounds, told, user } from './node.mjs';

const inThread = accountAt(thread, told.user);
const friend = '0x58';
const [HERE, ELSEWHERE] = [1, 2];
const none = new CairoOption(CairoOptionVariant.None);

/** Declares a class and deploys a contract of it; the thread has seen both when this is done. */
const deploy = async (name, constructor) => {
  const { contract, casm } = await artifact(name);
  const declared = await user.declare({ contract, casm });
  await succeeds(chain, declared);
  const constructorCalldata = new CallData(contract.abi).compile('constructor', constructor ?? {});
  const payload = { classHash: declared.class_hash, constructorCalldata, salt: '0x1', unique: false };
  const deployed = await user.deploy(payload, { resourceBounds, tip: 0n });
  await succeeds(thread, deployed);
  return new Contract({ abi: contract.abi, address: deployed.contract_address[0], providerOrAccount: chain });
};

test('a Hyperlane token is transferred here, to and from another chain', async () => {
  const ism = (await deploy('contracts_noop_ism')).address;
  const hook = (await deploy('contracts_hook')).address;
  const mailbox = await deploy('contracts_mailbox', {
    _local_domain: HERE,
    owner: user.address,
    _default_ism: ism,
    _default_hook: hook,
    _required_hook: hook,
  });
  const token = await deploy('token_HypErc20', {
    decimals: 18,
    mailbox: mailbox.address,
    total_supply: 0,
    name: 'Token',
    symbol: 'TKN',
    hook,
    interchain_security_module: ism,
    owner: user.address,
  });
  const router = 0x1234;
  await onChain(user, token.populate('enroll_remote_router', { domain: ELSEWHERE, router }));

  /** What arrives from the other chain is minted. */
  const arrives = (nonce, amount) => {
    const words = [user.address, amount].flatMap((it) => [BigInt(it) >> 128n, BigInt(it) % 2n ** 128n]);
    const message = {
      version: 3,
      nonce,
      origin: ELSEWHERE,
      sender: router,
      destination: HERE,
      recipient: token.address,
      body: { size: 64, data: words },
    };
    return mailbox.populate('process', { _metadata: { size: 0, data: [] }, _message: message });
  };
  const remote = (amount) =>
    token.populate('transfer_remote', {
      destination: ELSEWHERE,
      recipient: 0x5678,
      amount_or_id: amount,
      value: 0,
      hook_metadata: none,
      hook: none,
    });
  const local = (amount) => token.populate('transfer', { recipient: friend, amount });
  const sent = [];
  for (const call of [arrives(1, 1000), local(5), remote(7)]) sent.push(await sends(inThread, call));
  for (const one of sent) await succeeds(chain, one);
  assert.equal(await token.call('balance_of', [friend]), 5n);
  assert.equal(await token.call('total_supply'), 993n);
  assert.equal(await mailbox.call('nonce'), 1n);

  await onChain(user, [arrives(2, 50), local(1), remote(3)]);
  assert.equal(await token.call('balance_of', [friend]), 6n);
  assert.equal(await token.call('total_supply'), 1040n);
  assert.equal(await mailbox.call('nonce'), 2n);
  worked('Hyperlane 44.0.2: HypErc20, Mailbox', 'transfers, here, to and from another chain');
});

test('an ERC-4626 vault takes deposits and gives them back', async () => {
  const vault = await deploy('contracts_ERC4626Mock', { asset: told.strk, name: 'Vault', symbol: 'VLT' });
  const deposit = (assets) => [
    { contractAddress: told.strk, entrypoint: 'approve', calldata: [vault.address, assets, 0] },
    vault.populate('deposit', { assets, receiver: user.address }),
  ];
  const redeem = (shares) => vault.populate('redeem', { shares, receiver: user.address, owner: user.address });

  const sent = [await sends(inThread, deposit(1000)), await sends(inThread, redeem(400))];
  for (const one of sent) await succeeds(chain, one);
  assert.equal(await vault.call('balance_of', [user.address]), 600n);
  assert.equal(await vault.call('total_assets'), 600n);

  await onChain(user, redeem(600));
  await onChain(user, deposit(50));
  assert.equal(await vault.call('balance_of', [user.address]), 50n);
  worked('Hyperlane 44.0.2: its test vault (ERC-4626)', 'deposits and withdrawals');
});
