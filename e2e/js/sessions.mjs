// Session keys of Argent's account: owner and guardian allow some calls for some time, and from then on an application's key and
// the guardian sign them.

import { Account, Signer, byteArray, hash, merkle, num, selector, shortString, typedData, CallData } from 'starknet';
import { Keys } from './wallets.mjs';

const TYPES = {
  StarknetDomain: ['name', 'version', 'chainId', 'revision'].map((name) => ({ name, type: 'shortstring' })),
  'Allowed Method': [
    { name: 'Contract Address', type: 'ContractAddress' },
    { name: 'selector', type: 'selector' },
  ],
  Session: [
    { name: 'Expires At', type: 'timestamp' },
    { name: 'Allowed Methods', type: 'merkletree', contains: 'Allowed Method' },
    { name: 'Metadata', type: 'string' },
    { name: 'Session Key', type: 'felt' },
  ],
};
const METHOD_TYPE = typedData.getTypeHash(TYPES, 'Allowed Method', '1');
const METADATA = JSON.stringify({ projectID: 'zkthreads' });

const leaf = ({ contractAddress, entrypoint }) =>
  hash.computePoseidonHashOnElements([METHOD_TYPE, contractAddress, selector.getSelectorFromName(entrypoint)]);

/** A session of the account: which calls, until when (seconds), who signs them. */
export const session = async (provider, { address }, { owner, guardian, key, allowed, expiresAt }) => {
  const domain = {
    name: 'SessionAccount.session',
    version: shortString.encodeShortString('1'),
    chainId: await provider.getChainId(),
    revision: '1',
  };
  const methods = allowed.map((call) => ({ 'Contract Address': call.contractAddress, selector: call.entrypoint }));
  const message = {
    'Expires At': expiresAt,
    'Allowed Methods': methods,
    Metadata: METADATA,
    'Session Key': num.toHex(key.guid),
  };
  const sessionHash = typedData.getMessageHash({ types: TYPES, primaryType: 'Session', domain, message }, address);
  const authorization = await new Keys([owner, guardian]).signRaw(sessionHash);
  const tree = new merkle.MerkleTree(allowed.map(leaf), hash.computePoseidonHash);
  const metadata = hash.computePoseidonHashOnElements(CallData.compile(byteArray.byteArrayFromString(METADATA)));

  const signature = (transactionHash, calls) => {
    // Zero: the account is not to remember the authorization.
    const signed = BigInt(hash.computePoseidonHashOnElements([transactionHash, sessionHash, 0]));
    // A call that is not allowed has no proof; it is sent with that of another one.
    const proofs = calls.map(leaf).map((it) => tree.getProof(tree.leaves.includes(it) ? it : tree.leaves[0]));
    return [
      shortString.encodeShortString('session-token'),
      ...[expiresAt, tree.root, metadata, key.guid, 0].map((it) => num.toHex(it)),
      ...[authorization.length, ...authorization].map((it) => num.toHex(it)),
      ...[key, guardian].flatMap((it) => [...it.signer, ...it.sign(signed)]).map((it) => num.toHex(it)),
      ...[proofs.length, ...proofs.flatMap((proof) => [proof.length, ...proof])].map((it) => num.toHex(it)),
    ];
  };
  return {
    address,
    on: (provider) => new Account({ provider, address, signer: new SessionSigner(signature), cairoVersion: '1' }),
  };
};

class SessionSigner extends Signer {
  constructor(signature) {
    super('0x1');
    this.signature = signature;
  }

  signTransaction(calls, details) {
    const signer = new Signer('0x1');
    signer.signRaw = async (transactionHash) => this.signature(transactionHash, calls);
    return signer.signTransaction(calls, details);
  }
}
