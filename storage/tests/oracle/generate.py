#!/usr/bin/env python3
"""Writes golden.json: roots of Patricia tries and states as StarkWare's own Python computes them.

    pip install cairo-lang==0.14.0.1
    python generate.py

The updates are drawn from a seeded generator, so a second run writes the same file.
"""

import asyncio
import json
import random
from pathlib import Path

from starkware.cairo.common.poseidon_hash import poseidon_hash_func
from starkware.cairo.lang.vm.crypto import poseidon_hash_many
from starkware.crypto.signature.fast_pedersen_hash import pedersen_hash_func
from starkware.python.utils import from_bytes
from starkware.starknet.business_logic.fact_state.contract_class_objects import ContractClassLeaf
from starkware.starknet.business_logic.fact_state.contract_state_objects import ContractState
from starkware.starknet.storage.starknet_storage import StorageLeaf
from starkware.starkware_utils.commitment_tree.patricia_tree.patricia_tree import PatriciaTree
from starkware.storage.dict_storage import DictStorage
from starkware.storage.storage import FactFetchingContext

HEIGHT = 251
PRIME = 2**251 + 17 * 2**192 + 1
HASHES = {"pedersen": pedersen_hash_func, "poseidon": poseidon_hash_func}

rng = random.Random(20)


def uniform_key():
    return rng.randrange(2**HEIGHT)


def dense_key():
    """One of few neighbours: forks at the bottom of the trie."""
    return rng.randrange(64)


def clustered_key():
    """Shares a long prefix with some others and forks at an arbitrary height."""
    return rng.choice([0, 2**HEIGHT - 1, 0b1011 << 240]) ^ (1 << rng.randrange(HEIGHT))


def boundary_key():
    return rng.choice([0, 1, 2, 2**250 - 1, 2**250, 2**250 + 1, 2**HEIGHT - 2, 2**HEIGHT - 1])


KEYS = {"uniform": uniform_key, "dense": dense_key, "clustered": clustered_key, "boundary": boundary_key}


def draw_updates(key, alive, count):
    """Inserts, changes and deletions, of keys that exist and keys that do not."""
    updates = {}
    for _ in range(count):
        chosen = rng.choice(sorted(alive)) if alive and rng.random() < 0.5 else key()
        updates[chosen] = 0 if rng.random() < 0.35 else rng.choice([rng.randrange(1, 100), rng.randrange(1, PRIME)])
    for chosen, value in updates.items():
        (alive.discard if value == 0 else alive.add)(chosen)
    return updates


def as_hex(mapping):
    return [[hex(key), hex(value)] for key, value in mapping.items()]


async def trie_case(hash_name, key_name, rounds):
    ffc = FactFetchingContext(storage=DictStorage(), hash_func=HASHES[hash_name])
    tree = await PatriciaTree.empty_tree(ffc=ffc, height=HEIGHT, leaf_fact=StorageLeaf.empty())
    alive, steps = set(), []
    for count in rounds:
        updates = dict.fromkeys(alive, 0) if count == 0 else draw_updates(KEYS[key_name], alive, count)
        if count == 0:
            alive.clear()
        tree = await tree.update(ffc, [(key, StorageLeaf(value)) for key, value in updates.items()])
        steps.append({"updates": as_hex(updates), "root": hex(from_bytes(tree.root))})
    return {"hasher": hash_name, "keys": key_name, "steps": steps}


async def state_case(blocks):
    storage = DictStorage()
    pedersen = FactFetchingContext(storage=storage, hash_func=pedersen_hash_func)
    poseidon = FactFetchingContext(storage=storage, hash_func=poseidon_hash_func)
    empty = await ContractState.empty(storage_commitment_tree_height=HEIGHT, ffc=pedersen)
    contracts_tree = await PatriciaTree.empty_tree(ffc=pedersen, height=HEIGHT, leaf_fact=empty)
    classes_tree = await PatriciaTree.empty_tree(ffc=poseidon, height=HEIGHT, leaf_fact=ContractClassLeaf.empty())
    contracts, cells, steps = {}, {}, []
    for block in range(blocks):
        deployed = {uniform_key(): uniform_key() for _ in range(rng.randrange(3) + (block == 0))}
        known = sorted({*contracts, *deployed})
        nonces = {address: rng.randrange(1, 1000) for address in rng.sample(known, min(2, len(known)))}
        # The system contract at 0x1 has storage but no class.
        written = rng.sample(known, min(3, len(known))) + ([1] if block % 2 else [])
        diffs = {
            address: draw_updates(KEYS[rng.choice(sorted(KEYS))], cells.setdefault(address, set()), rng.randrange(1, 9))
            for address in written
        }
        # No class before block 2: the global root of an empty class trie.
        declared = {} if block < 2 else {uniform_key(): uniform_key() for _ in range(rng.randrange(1, 3))}
        for address in {*deployed, *nonces, *diffs}:
            contracts[address] = await contracts.get(address, empty).update(
                ffc=pedersen,
                updates=diffs.get(address, {}),
                nonce=nonces.get(address),
                class_hash=deployed.get(address),
            )
        touched = sorted({*deployed, *nonces, *diffs})
        contracts_tree = await contracts_tree.update(pedersen, [(a, contracts[a]) for a in touched])
        classes_tree = await classes_tree.update(
            poseidon, [(c, ContractClassLeaf.create(compiled)) for c, compiled in declared.items()]
        )
        roots = [from_bytes(contracts_tree.root), from_bytes(classes_tree.root)]
        version = int.from_bytes(b"STARKNET_STATE_V0", "big")
        steps.append(
            {
                "deployed": as_hex(deployed),
                "nonces": as_hex(nonces),
                "storage": [[hex(address), as_hex(updates)] for address, updates in diffs.items()],
                "declared": as_hex(declared),
                "contracts_root": hex(roots[0]),
                "classes_root": hex(roots[1]),
                "global_root": hex(poseidon_hash_many([version, *roots])),
            }
        )
    return steps


async def main():
    # A round of 0 empties the trie.
    tries = [await trie_case("pedersen", key, [1, 5, 30, 40, 0, 10]) for key in KEYS]
    tries += [await trie_case("poseidon", key, [1, 5, 30, 40, 0, 10]) for key in KEYS]
    tries.append(await trie_case("pedersen", "uniform", [120, 120]))
    golden = {"tries": tries, "state": await state_case(12)}
    path = Path(__file__).with_name("golden.json")
    path.write_text(json.dumps(golden, indent=1) + "\n")
    print(f"{path.name}: {path.stat().st_size} bytes")


asyncio.run(main())
