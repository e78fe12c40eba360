// Contracts that somebody else wrote and uses: those of Hyperlane, from its package.

import { hash } from 'starknet';

/** A class with its compiled form, as the package has it. */
export const artifact = async (name) => {
  const load = async (kind) =>
    Object.values(await import(`./node_modules/@hyperlane-xyz/starknet-core/dist/artifacts/${name}.${kind}.js`))[0];
  const [contract, casm] = [await load('contract_class'), await load('compiled_contract_class')];
  return { contract, casm, classHash: hash.computeContractClassHash(contract) };
};
