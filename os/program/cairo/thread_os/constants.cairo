// Values fixed by Starknet 0.14.4.

const EXECUTE_SELECTOR = 0x15d40a3d6ca2ac30f4031e42be28da9b056fef9bb7357ac5e85627ee876e5ad;
const VALIDATE_SELECTOR = 0x162da33a4585851fe8d3af3c2a9c60b557814e221e0d4f30ff0b2189d9c7775;
const VALID = 'VALID';

// `__validate__` sees the block number and timestamp rounded down to multiples of these.
const VALIDATE_NUMBER_ROUNDING = 100;
const VALIDATE_TIMESTAMP_ROUNDING = 3600;

// Gas that every call starts with. Syscalls take none of it: see "Limits" in docs/os.md.
const CALL_GAS = 10000000000 - 10000;

// `get_block_hash` answers for blocks at least this much older than the base block, from the storage of the
// contract at this address.
const BLOCK_HASH_BUFFER = 10;
const BLOCK_HASH_CONTRACT = 1;

// Bounds of one event.
const MAX_EVENT_KEYS = 50;
const MAX_EVENT_DATA = 300;

// A Sierra array is shorter than this.
const ARRAY_LENGTH_BOUND = 2 ** 32;

// Prices of builtins in gas, which compiled classes read behind their bytecode.
const PEDERSEN_GAS = 4050;
const BITWISE_GAS = 583;
const EC_OP_GAS = 4085;
const POSEIDON_GAS = 491;
const ADD_MOD_GAS = 230;
const MUL_MOD_GAS = 604;
const BLAKE_GAS = 3334;
