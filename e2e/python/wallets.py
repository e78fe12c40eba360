"""Kinds of accounts that wallets make, with their signers, as starknet.py takes them."""

from dataclasses import dataclass

import ecdsa
from eth_utils import keccak
from node import BOUNDS
from poseidon_py.poseidon_hash import poseidon_hash
from starknet_py.hash.address import compute_address
from starknet_py.hash.utils import message_signature, private_to_stark_key
from starknet_py.net.account.account import Account
from starknet_py.net.client import Client
from starknet_py.net.models import StarknetChainId
from starknet_py.net.models.transaction import AccountTransaction
from starknet_py.net.signer import BaseSigner
from starknet_py.utils.typed_data import TypedData

# Argent's account 0.4.0 and its multisig 0.2.0.
ACCOUNT = 0x36078334509B514626504EDC9FB252328D1A240E4E948BEF8D0C08DFF45927F
MULTISIG = 0x7AECA3456816E3B833506D7CC5C1313D371FBDB0AE95EE70AF72A4DDBF42594
SHORT = 1 << 128


class StarknetKey:
    def __init__(self, key: int) -> None:
        self.key = key
        public_key = private_to_stark_key(key)
        # Its variant of Argent's `Signer`, and its number.
        self.signer = [0, public_key]
        self.guid = poseidon_hash(int.from_bytes(b"Starknet Signer", "big"), public_key)

    def sign(self, message: int) -> list[int]:
        return list(message_signature(message, self.key))


class SecpKey:
    """A key on one of the secp256 curves."""

    def __init__(self, key: int, curve: ecdsa.curves.Curve) -> None:
        self.curve = curve
        self.key = ecdsa.SigningKey.from_secret_exponent(key, curve)
        self.point = self.key.verifying_key.to_string()

    def sign(self, message: int) -> list[int]:
        """As Argent takes it: r, s, whether the y of the point behind r is odd."""
        order = self.curve.order
        r, s = self.key.sign_digest_deterministic(
            message.to_bytes(32, "big"), sigencode=lambda r, s, _: (r, min(s, order - s))
        )
        inverse = pow(s, -1, order)
        public = self.key.verifying_key.pubkey.point
        point = (message * inverse % order) * self.curve.generator + (r * inverse % order) * public
        return [r % SHORT, r // SHORT, s % SHORT, s // SHORT, point.y() & 1]


def ethereum(point: bytes) -> int:
    return int.from_bytes(keccak(point)[-20:], "big")


class Secp256k1Key(SecpKey):
    def __init__(self, key: int) -> None:
        super().__init__(key, ecdsa.SECP256k1)
        self.signer = [1, ethereum(self.point)]


class Secp256r1Key(SecpKey):
    def __init__(self, key: int) -> None:
        super().__init__(key, ecdsa.NIST256p)
        x = int.from_bytes(self.point[:32], "big")
        self.signer = [2, x % SHORT, x // SHORT]


class Eip191Key(SecpKey):
    def __init__(self, key: int) -> None:
        super().__init__(key, ecdsa.SECP256k1)
        self.signer = [3, ethereum(self.point)]

    def sign(self, message: int) -> list[int]:
        prefixed = b"\x19Ethereum Signed Message:\n32" + message.to_bytes(32, "big")
        return super().sign(int.from_bytes(keccak(prefixed), "big"))


class Keys(BaseSigner):
    """Signs with all of these keys, in this order."""

    def __init__(self, *keys: StarknetKey | SecpKey) -> None:
        self.keys = keys

    @property
    def public_key(self) -> int:
        return self.keys[0].signer[-1]

    def sign_hash(self, message: int) -> list[int]:
        signatures = [felt for key in self.keys for felt in [*key.signer, *key.sign(message)]]
        return [len(self.keys), *signatures]

    def sign_transaction(self, transaction: AccountTransaction) -> list[int]:
        return self.sign_hash(transaction.calculate_hash(StarknetChainId.SEPOLIA))

    def sign_message(self, typed_data: TypedData, account_address: int) -> list[int]:
        return self.sign_hash(typed_data.message_hash(account_address))


@dataclass
class Wallet:
    """An account that is not deployed yet."""

    class_hash: int
    constructor: list[int]
    keys: list
    # Those that sign its deployment.
    deployers: list

    @property
    def address(self) -> int:
        return compute_address(
            class_hash=self.class_hash, constructor_calldata=self.constructor, salt=0, deployer_address=0
        )

    def on(self, client: Client, deploying: bool = False) -> Account:
        signer = Keys(*(self.deployers if deploying else self.keys))
        return Account(client=client, address=self.address, signer=signer, chain=StarknetChainId.SEPOLIA)

    async def deploy(self, client: Client) -> int:
        """The hash of the transaction that deploys it."""
        signed = await self.on(client, deploying=True).sign_deploy_account_v3(
            class_hash=self.class_hash,
            contract_address_salt=0,
            constructor_calldata=self.constructor,
            resource_bounds=BOUNDS,
        )
        return (await client.deploy_account(signed)).transaction_hash


def argent(owner, guardian=None) -> Wallet:
    """Argent's account with an owner and, perhaps, a guardian."""
    keys = [owner, guardian] if guardian else [owner]
    second = [0, *guardian.signer] if guardian else [1]
    return Wallet(ACCOUNT, [*owner.signer, *second], keys, keys)


def multisig(threshold: int, *owners: StarknetKey) -> Wallet:
    """Argent's multisig, of which `threshold` sign."""
    signers = sorted(owners, key=lambda owner: owner.guid)
    listed = [felt for owner in signers for felt in owner.signer]
    return Wallet(MULTISIG, [threshold, len(signers), *listed], signers[:threshold], signers[:1])
