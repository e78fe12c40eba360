// Contracts that somebody else wrote and uses: those of Hyperlane, from its package.

/** A class with its compiled form, as the package has it. */
export const artifact = async (name) => {
  const load = async (kind) =>
    Object.values(await import(`./node_modules/@hyperlane-xyz/starknet-core/dist/artifacts/${name}.${kind}.js`))[0];
  return { contract: await load('contract_class'), casm: await load('compiled_contract_class') };
};
