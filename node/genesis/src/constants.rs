//! Addresses, class hashes and defaults that a devnet user relies on: those of starknet-devnet.

use starknet_types_core::felt::Felt;

/// Port listened on unless told otherwise.
pub const DEFAULT_PORT: u16 = 5050;
/// Accounts predeployed unless told otherwise.
pub const DEFAULT_ACCOUNTS: u8 = 10;
/// Balance of each predeployed account unless told otherwise: 1,000 tokens of 18 decimals.
pub const DEFAULT_INITIAL_BALANCE: u128 = 1_000_000_000_000_000_000_000;
/// How far behind the chain's time a thread's own may be unless told otherwise, seconds: ours, as threads are. Proofs that are
/// made beside everything else on one machine have the time they need.
pub const DEFAULT_THREAD_LAG: u64 = 600;
/// Price of each kind of gas, in fri and in wei.
pub const GAS_PRICE: u128 = 1_000_000_000;
/// The sequencer that block headers name and that receives fees.
pub const SEQUENCER_ADDRESS: Felt = Felt::from_hex_unchecked("0x1000");

/// The ether token.
pub const ETH_ADDRESS: Felt =
    Felt::from_hex_unchecked("0x49d36570d4e46f48e99674bd3fcc84644ddd6b96f7c741b1562b82f9e004dc7");
/// Class of the ether token.
pub const ETH_CLASS_HASH: Felt =
    Felt::from_hex_unchecked("0xb45dbc3714180381c5680e41931172d67194d77d504413465390e0bef194ec");
/// The token that fees are paid in.
pub const STRK_ADDRESS: Felt =
    Felt::from_hex_unchecked("0x4718f5a0fc34cc1af16a1cdee98ffb20c31f5cd61d6ab07201858f4287c938d");
/// Class of the fee token.
pub const STRK_CLASS_HASH: Felt =
    Felt::from_hex_unchecked("0x2e77ee61d4df3d988ee1f42ea5442e913862cc82c2584d212ecda76666498fc");

/// The universal deployer, version 2.
pub const UDC_ADDRESS: Felt =
    Felt::from_hex_unchecked("0x2ceed65a4bd731034c01113685c831b01c15d7d432f71afb1cf1634b53a2125");
/// Class of the universal deployer, version 2.
pub const UDC_CLASS_HASH: Felt =
    Felt::from_hex_unchecked("0x1b2df6d8861670d4a8ca4670433b2418d78169c2947f46dc614e69f333745c8");
/// The universal deployer of old, a Cairo 0 contract.
pub const LEGACY_UDC_ADDRESS: Felt =
    Felt::from_hex_unchecked("0x41a78e741e5af2fec34b695679bc6891742439f7afb8484ecd7766661ad02bf");
/// Class of the universal deployer of old.
pub const LEGACY_UDC_CLASS_HASH: Felt =
    Felt::from_hex_unchecked("0x7b3e05f48f0c69e4a65ce5e076a66271a527aff2c34ce1083ec6e1526997a69");

/// OpenZeppelin's account contract, version 1.0.0: the class of the predeployed accounts.
pub const ACCOUNT_CLASS_HASH: Felt =
    Felt::from_hex_unchecked("0x5b4b537eaa2399e3aa99c4e2e0208ebd6c71bc1467938cd52c798c601e43564");

/// OpenZeppelin's account contract, version 0.5.1, of Cairo 0.
pub const LEGACY_ACCOUNT_CLASS_HASH: Felt =
    Felt::from_hex_unchecked("0x4d07e40e93398ed3c76981e72dd1fd22557a78ce36c0515f679e27f0bb5bc5f");
/// Argent's account contract, version 0.4.0.
pub const ARGENT_CLASS_HASH: Felt =
    Felt::from_hex_unchecked("0x36078334509b514626504edc9fb252328d1a240e4e948bef8d0c08dff45927f");
/// Argent's multisig account, version 0.2.0.
pub const ARGENT_MULTISIG_CLASS_HASH: Felt =
    Felt::from_hex_unchecked("0x7aeca3456816e3b833506d7cc5c1313d371fbdb0ae95ee70af72a4ddbf42594");

/// An account with an all but endless balance, which may mint both tokens.
pub const CHARGEABLE_ADDRESS: Felt =
    Felt::from_hex_unchecked("0x1caf2df5ed5dde1ae3faef4acd72522ac3cb16e23f6dc4c7f9faed67124c511");
/// Its private key.
pub const CHARGEABLE_PRIVATE_KEY: Felt = Felt::from_hex_unchecked("0x5fb2959e3011a873a7160f5bb32b0ece");
