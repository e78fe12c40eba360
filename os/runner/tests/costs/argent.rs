//! Argent's accounts and its multisig, with keys on several curves.

use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInteger, Field, PrimeField};
use sha3::{Digest, Keccak256};
use starknet_api::core::{ContractAddress, calculate_contract_address};
use starknet_api::transaction::fields::{Calldata, ContractAddressSalt, TransactionSignature};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::InnerTransaction;

use crate::sub_block_support::classes::{self, Class};
use crate::sub_block_support::user::invoke;
use crate::sub_block_support::{Call, chain_id};

/// What a key signs with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Curve {
    Starknet,
    Secp256k1,
    Secp256r1,
    /// secp256k1, over the message with Ethereum's prefix.
    Eip191,
}

/// A private key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    pub curve: Curve,
    pub secret: u64,
}

impl Key {
    /// Argent's `Signer`: its variant, then what is public of it.
    fn signer(self) -> Vec<Felt> {
        let variant = Felt::from(self.curve as u64);
        match self.curve {
            Curve::Starknet => vec![variant, starknet_crypto::get_public_key(&self.secret.into())],
            Curve::Secp256k1 | Curve::Eip191 => {
                let point =
                    (ark_secp256k1::Affine::generator() * ark_secp256k1::Fr::from(self.secret)).into_affine();
                let address = Keccak256::digest([bytes(point.x), bytes(point.y)].concat());
                vec![variant, Felt::from_bytes_be_slice(&address[12..])]
            }
            Curve::Secp256r1 => {
                let point =
                    (ark_secp256r1::Affine::generator() * ark_secp256r1::Fr::from(self.secret)).into_affine();
                [vec![variant], halves(point.x)].concat()
            }
        }
    }

    /// The number by which Argent's contracts know a Starknet key.
    fn guid(self) -> Felt {
        let name = Felt::from_bytes_be_slice(b"Starknet Signer");
        starknet_crypto::poseidon_hash(name, starknet_crypto::get_public_key(&self.secret.into()))
    }

    fn sign(self, message: Felt) -> Vec<Felt> {
        let message = message.to_bytes_be();
        let prefixed =
            || Keccak256::digest([b"\x19Ethereum Signed Message:\n32".as_slice(), &message].concat());
        match self.curve {
            Curve::Starknet => {
                let (key, message) = (Felt::from(self.secret), Felt::from_bytes_be(&message));
                let k = starknet_crypto::rfc6979_generate_k(&message, &key, None);
                let signature = starknet_crypto::sign(&key, &message, &k).expect("signs");
                vec![signature.r, signature.s]
            }
            Curve::Secp256k1 => ecdsa::<ark_secp256k1::Affine>(&message, self.secret),
            Curve::Secp256r1 => ecdsa::<ark_secp256r1::Affine>(&message, self.secret),
            Curve::Eip191 => ecdsa::<ark_secp256k1::Affine>(&prefixed(), self.secret),
        }
    }
}

/// An ECDSA signature as Argent takes it: r, s in the lower half, whether the y of the point behind r is odd.
fn ecdsa<C: AffineRepr>(message: &[u8], secret: u64) -> Vec<Felt>
where
    C::BaseField: PrimeField,
{
    let (message, secret) = (C::ScalarField::from_be_bytes_mod_order(message), C::ScalarField::from(secret));
    // No secret that anybody would want.
    let k = message * secret + C::ScalarField::ONE;
    let point = (C::generator() * k).into_affine();
    let (x, y) = point.xy().expect("a point");
    let r = C::ScalarField::from_be_bytes_mod_order(&bytes(x));
    let s = (message + r * secret) / k;
    let is_odd = y.into_bigint().is_odd();
    let (s, is_odd) = if s > -s { (-s, !is_odd) } else { (s, is_odd) };
    [halves(r), halves(s), vec![is_odd.into()]].concat()
}

fn bytes(number: impl PrimeField) -> Vec<u8> {
    number.into_bigint().to_bytes_be()
}

/// The lower 128 bits, then the upper ones.
fn halves(number: impl PrimeField) -> Vec<Felt> {
    let bytes = bytes(number);
    [&bytes[16..], &bytes[..16]].map(Felt::from_bytes_be_slice).to_vec()
}

/// An account that is to be deployed.
pub struct Wallet {
    pub class: Class,
    pub constructor: Vec<Felt>,
    keys: Vec<Key>,
    nonce: u64,
}

impl Wallet {
    /// Argent's account with an owner and, perhaps, a guardian.
    pub fn argent(owner: Key, guardian: Option<Key>) -> Self {
        let second =
            guardian.map_or(vec![Felt::ONE], |guardian| [vec![Felt::ZERO], guardian.signer()].concat());
        let constructor = [owner.signer(), second].concat();
        let keys = [owner].into_iter().chain(guardian).collect();
        Self { class: classes::argent(), constructor, keys, nonce: 0 }
    }

    /// Argent's multisig, of which `threshold` sign, with Starknet keys.
    pub fn multisig(threshold: usize, mut owners: Vec<Key>) -> Self {
        owners.sort_by_key(|owner| owner.guid());
        let mut constructor = vec![Felt::from(threshold), Felt::from(owners.len())];
        constructor.extend(owners.iter().flat_map(|owner| owner.signer()));
        owners.truncate(threshold);
        Self { class: classes::multisig(), constructor, keys: owners, nonce: 0 }
    }

    /// Where the universal deployer puts it.
    pub fn address(&self) -> ContractAddress {
        let constructor = Calldata(self.constructor.clone().into());
        let (salt, nobody) = (ContractAddressSalt::default(), ContractAddress::default());
        calculate_contract_address(salt, self.class.hash, &constructor, nobody).expect("an address")
    }

    /// What the universal deployer at `deployer` is called with.
    pub fn deployment(&self, deployer: ContractAddress) -> Call {
        let mut calldata =
            vec![self.class.hash.0, Felt::ZERO, Felt::ZERO, Felt::from(self.constructor.len())];
        calldata.extend(&self.constructor);
        Call::new(deployer, "deploy_contract", calldata)
    }

    /// Signs `calls` with the next nonce.
    pub fn sign(&mut self, calls: &[Call]) -> InnerTransaction {
        let mut invoke = invoke(self.address(), self.nonce, calls);
        self.nonce += 1;
        let unsigned = InnerTransaction::try_from(invoke.clone()).expect("an inner transaction");
        let hash = unsigned.hash(&chain_id()).expect("hashes").0;
        let signatures = self.keys.iter().flat_map(|key| [key.signer(), key.sign(hash)].concat());
        let signature: Vec<_> = std::iter::once(Felt::from(self.keys.len())).chain(signatures).collect();
        invoke.signature = TransactionSignature(signature.into());
        InnerTransaction::try_from(invoke).expect("an inner transaction")
    }
}
