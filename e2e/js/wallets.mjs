// Kinds of accounts that wallets make, with their signers, as starknet.js takes them.

import { p256 } from '@noble/curves/p256';
import { secp256k1 } from '@noble/curves/secp256k1';
import { keccak_256 } from '@noble/hashes/sha3';
import { Account, Signer, ec, hash, num } from 'starknet';

/** Argent's account 0.4.0 and its multisig 0.2.0. */
const ACCOUNT = '0x36078334509b514626504edc9fb252328d1a240e4e948bef8d0c08dff45927f';
const MULTISIG = '0x7aeca3456816e3b833506d7cc5c1313d371fbdb0ae95ee70af72a4ddbf42594';

/** Variants of Argent's `Signer` and `SignerSignature`. */
const [STARKNET, SECP256K1, SECP256R1, EIP191] = [0n, 1n, 2n, 3n];

const halves = (number) => [number & ((1n << 128n) - 1n), number >> 128n];
const felts = (numbers) => numbers.map((number) => num.toHex(number));
const bytes = (number) => Buffer.from(number.toString(16).padStart(64, '0'), 'hex');
const big = (bytes) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);

/** The Ethereum address of a key on secp256k1. */
const ethereum = (key) => big(keccak_256(secp256k1.getPublicKey(bytes(key), false).slice(1)).slice(-20));
const publicKey = (key) => BigInt(ec.starkCurve.getStarkKey(num.toHex(key)));

/** A signature on one of the secp256 curves as Argent takes it: r, s, whether y is odd. */
const secp = (curve, message, key) => {
  const { r, s, recovery } = curve.sign(bytes(message), bytes(key), { lowS: true, prehash: false });
  return [...halves(r), ...halves(s), BigInt(recovery)];
};

/** What a signer is to Argent's contracts, and how it signs. */
export const keys = {
  starknet: (key) => ({
    signer: [STARKNET, publicKey(key)],
    guid: BigInt(hash.computePoseidonHash(num.toHex(big(Buffer.from('Starknet Signer'))), num.toHex(publicKey(key)))),
    sign: (message) => {
      const { r, s } = ec.starkCurve.sign(num.toHex(message), num.toHex(key));
      return [r, s];
    },
  }),
  secp256k1: (key) => ({
    signer: [SECP256K1, ethereum(key)],
    sign: (message) => secp(secp256k1, message, key),
  }),
  secp256r1: (key) => ({
    signer: [SECP256R1, ...halves(big(p256.getPublicKey(bytes(key), false).slice(1, 33)))],
    sign: (message) => secp(p256, message, key),
  }),
  eip191: (key) => {
    const prefix = Buffer.from('\x19Ethereum Signed Message:\n32');
    return {
      signer: [EIP191, ethereum(key)],
      sign: (message) => secp(secp256k1, big(keccak_256(Buffer.concat([prefix, bytes(message)]))), key),
    };
  },
};

/** Signs with all of these keys, in this order. */
export class Keys extends Signer {
  constructor(keys) {
    super('0x1');
    this.keys = keys;
  }

  async signRaw(message) {
    const signatures = this.keys.flatMap((key) => [...key.signer, ...key.sign(BigInt(message))]);
    return felts([BigInt(this.keys.length), ...signatures]);
  }
}

/** An account that is not deployed yet: where it will be, and what deploys it. */
const undeployed = (classHash, constructor, signers) => {
  const calldata = felts(constructor);
  const address = hash.calculateContractAddressFromHash('0x0', classHash, calldata, 0);
  return {
    address,
    on: (provider, deploying = false) =>
      new Account({ provider, address, signer: new Keys(deploying ? signers.slice(0, 1) : signers), cairoVersion: '1' }),
    deployment: { classHash, constructorCalldata: calldata, addressSalt: '0x0', contractAddress: address },
  };
};

/** Argent's account with an owner and, perhaps, a guardian. */
export const argent = (owner, guardian) => {
  const second = guardian ? [0n, ...guardian.signer] : [1n];
  const account = undeployed(ACCOUNT, [...owner.signer, ...second], guardian ? [owner, guardian] : [owner]);
  // Its deployment takes both signatures.
  return { ...account, on: (provider) => account.on(provider) };
};

/** Argent's multisig, of which `threshold` sign. */
export const multisig = (threshold, ...owners) => {
  const signers = owners.toSorted((one, other) => (one.guid < other.guid ? -1 : 1));
  const list = [BigInt(signers.length), ...signers.flatMap((owner) => owner.signer)];
  return undeployed(MULTISIG, [BigInt(threshold), ...list], signers.slice(0, threshold));
};
