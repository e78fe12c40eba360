// Values fixed by Starknet 0.14.4. A test compares the prices with blockifier's.

const EXECUTE_SELECTOR = 0x15d40a3d6ca2ac30f4031e42be28da9b056fef9bb7357ac5e85627ee876e5ad;
const VALIDATE_SELECTOR = 0x162da33a4585851fe8d3af3c2a9c60b557814e221e0d4f30ff0b2189d9c7775;
const CONSTRUCTOR_SELECTOR = 0x28ffe4ff0f226a9107253e17a904099aa4f63a02a5621de0576e5aa71bc5194;
const VALID = 'VALID';

// `__validate__` sees the block number and timestamp rounded down to multiples of these.
const VALIDATE_NUMBER_ROUNDING = 100;
const VALIDATE_TIMESTAMP_ROUNDING = 3600;

// `get_block_hash` answers for blocks at least this much older than the base block, from the storage of the
// contract at this address.
const BLOCK_HASH_BUFFER = 10;
const BLOCK_HASH_CONTRACT = 1;

// Bounds of one event, and of the events of one phase.
const MAX_EVENT_KEYS = 50;
const MAX_EVENT_DATA = 300;
const MAX_EVENTS = 1000;

// A Sierra array is shorter than this.
const ARRAY_LENGTH_BOUND = 2 ** 32;

// Calls that may be nested in the outermost one.
const MAX_DEPTH = 49;

// Most Sierra gas that one phase of a transaction may spend.
const VALIDATE_MAX_GAS = 100000000;
const EXECUTE_MAX_GAS = 1110000000;
// Gas of a call whose steps the chain counts.
const CALL_GAS_STEPS = 10000000000;
// What every call pays when it begins.
const ENTRY_POINT_GAS = 10000;

// Prices of syscalls. A contract's own code has paid `SYSCALL_BASE_GAS` of each before it makes the syscall.
const SYSCALL_BASE_GAS = 10000;
const CALL_CONTRACT_GAS = 91360;
const DEPLOY_GAS = 147120;
const DEPLOY_CALLDATA_GAS = 4850;
const EMIT_EVENT_GAS = 10000;
const GET_BLOCK_HASH_GAS = 10810;
const GET_CLASS_HASH_AT_GAS = 10000;
const GET_EXECUTION_INFO_GAS = 11240;
const KECCAK_GAS = 10000;
const KECCAK_ROUND_GAS = 165137;
const LIBRARY_CALL_GAS = 88660;
const META_TX_GAS = 168550;
const META_TX_CALLDATA_GAS = 4850;
const REPLACE_CLASS_GAS = 10000;
const SECP256K1_ADD_GAS = 42030;
const SECP256K1_FROM_X_GAS = 40500;
const SECP256K1_XY_GAS = 20470;
const SECP256K1_MUL_GAS = 8142650;
const SECP256K1_NEW_GAS = 46950;
const SECP256R1_ADD_GAS = 62490;
const SECP256R1_FROM_X_GAS = 53380;
const SECP256R1_XY_GAS = 20670;
const SECP256R1_MUL_GAS = 13510870;
const SECP256R1_NEW_GAS = 59830;
const SEND_MESSAGE_GAS = 12770;
const SEND_MESSAGE_PAYLOAD_GAS = 600;
const SHA256_GAS = 839995;
const STORAGE_READ_GAS = 24070;
const STORAGE_WRITE_GAS = 59970;

// Prices of builtins in gas, which compiled classes read behind their bytecode.
const PEDERSEN_GAS = 4050;
const BITWISE_GAS = 583;
const EC_OP_GAS = 4085;
const POSEIDON_GAS = 491;
const ADD_MOD_GAS = 230;
const MUL_MOD_GAS = 604;
const BLAKE_GAS = 3334;

// What contracts are told of failures.
const OUT_OF_GAS = 'Out of gas';
const ENTRY_POINT_FAILED = 'ENTRYPOINT_FAILED';
const ENTRY_POINT_NOT_FOUND = 'ENTRYPOINT_NOT_FOUND';
const INVALID_ARGUMENT = 'Invalid argument';
const INVALID_INPUT_LENGTH = 'Invalid input length';
const BLOCK_NUMBER_OUT_OF_RANGE = 'Block number out of range';

// A class that may not run in a version 0 transaction.
const FAULTY_CLASS_HASH = 0x1a7820094feaf82d53f53f214b81292d717e7bb9a92bb2488092cd306f3993f;
