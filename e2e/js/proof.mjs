// A client's own check of a storage proof: hashes from the leaf up to the state root, with nothing taken on trust.

import { ec } from 'starknet';

const { pedersen, poseidonHash, poseidonHashMany } = ec.starkCurve;
const HEIGHT = 251n;
const MODULUS = 2n ** 251n + 17n * 2n ** 192n + 1n;

const pair = (left, right) => BigInt(pedersen(left, right));
const short = (text) => BigInt(`0x${Buffer.from(text).toString('hex')}`);

/** A trie node's hash, and that it is the one it is listed under. */
function checked(hash, { node_hash: listed, node }) {
  const computed =
    'left' in node
      ? hash(BigInt(node.left), BigInt(node.right))
      : (hash(BigInt(node.child), BigInt(node.path)) + BigInt(node.length)) % MODULUS;
  if (computed !== BigInt(listed)) throw new Error(`node ${listed} hashes to 0x${computed.toString(16)}`);
  return [computed, node];
}

/** The leaf at `key` under `root`; 0n if the proof shows that there is none. Throws if the proof shows neither. */
function leaf(hash, root, listed, key) {
  const nodes = new Map(listed.map((entry) => checked(hash, entry)));
  let at = BigInt(root);
  let left = HEIGHT;
  while (left > 0n) {
    if (at === 0n) return 0n;
    const node = nodes.get(at);
    if (!node) throw new Error(`the proof lacks node 0x${at.toString(16)}`);
    if ('left' in node) {
      left -= 1n;
      at = BigInt((key >> left) & 1n ? node.right : node.left);
    } else {
      const length = BigInt(node.length);
      left -= length;
      const mask = (1n << length) - 1n;
      if (((key >> left) & mask) !== BigInt(node.path)) return 0n;
      at = BigInt(node.child);
    }
  }
  return at;
}

/** The header's state root, from the roots of the two tries. */
export const stateRoot = ({ contracts_tree_root: contracts, classes_tree_root: classes }) =>
  poseidonHashMany([short('STARKNET_STATE_V0'), BigInt(contracts), BigInt(classes)]);

/** The value of a contract's storage cell that a proof for that contract and that cell alone shows. */
export function provenCell(proof, address, key) {
  const [{ class_hash: classHash, nonce, storage_root: root }] = proof.contracts_proof.contract_leaves_data;
  const contractLeaf = [BigInt(classHash), BigInt(root), BigInt(nonce), 0n].reduce(pair);
  const { contracts_tree_root: contracts } = proof.global_roots;
  if (leaf(pair, contracts, proof.contracts_proof.nodes, BigInt(address)) !== contractLeaf) {
    throw new Error('the contract is not what the proof says it is');
  }
  return leaf(pair, root, proof.contracts_storage_proofs[0], BigInt(key));
}

/** Whether a proof shows that a class is declared with this compiled class hash. */
export function isDeclared(proof, classHash, compiledClassHash) {
  const expected = poseidonHash(short('CONTRACT_CLASS_LEAF_V0'), BigInt(compiledClassHash));
  return leaf(poseidonHash, proof.global_roots.classes_tree_root, proof.classes_proof, BigInt(classHash)) === expected;
}
