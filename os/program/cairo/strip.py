"""Keeps of a compiled Cairo program what the VM needs to run it, and names it by its hash.

Usage: strip.py COMPILED STRIPPED HASH FUNCTIONS

FUNCTIONS, for profiles, gets the hash and a line for each function: where it begins, and its name.
"""

import json
import re
import sys

from starkware.cairo.common.poseidon_hash import poseidon_hash_many

# Constants that hints of the Cairo library read.
LIBRARY = "starkware.cairo."
ENTRY_POINTS = ["__main__.main", "__main__.__start__", "__main__.__end__"]
# What cairo-vm reads for a hint beyond what the hint's code names: it cannot resolve the segment arena's `dest_ptr`, and
# computes it from `infos`.
ALSO_READ = {"memory.add_relocation_rule(src_ptr=ids.src_ptr, dest_ptr=ids.dest_ptr)": {"infos"}}
# What the runner changes for a rehearsal.
LABELS = ["thread_os.execution.execute_call.answers_are_known"]
# Functions that tests call by themselves.
TESTED = [
    "thread_os.answers.check_answers",
    "thread_os.blake.assert_word",
    "thread_os.blake.hash_felts",
    "thread_os.builtins.place_builtins",
    "thread_os.builtins.take_builtins",
    "thread_os.calls.one_deeper",
    "thread_os.classes.find_entry_point",
    "thread_os.classes.load_classes",
    "thread_os.compatibility.shown_to",
    "thread_os.contract_address.address_of_hash",
    "thread_os.contract_address.contract_address",
    "thread_os.cryptography.serve_cryptography",
    "thread_os.ec_op.check_instances",
    "thread_os.keccak.finalize_keccak_segment",
    "thread_os.meta_transaction.meta_transaction_hash",
    "thread_os.sha256.finalize_sha256_segment",
    "thread_os.shown_info.shown_info",
    "thread_os.state.undo",
    "thread_os.statement.write_contracts",
    "thread_os.syscalls.serve_syscalls",
    "thread_os.transaction_hash.invoke_hash",
]


def strip(program: dict) -> dict:
    references = program["reference_manager"]["references"]
    kept, renumbered = [], {}
    hints = {}
    for pc, at_pc in sorted(program["hints"].items(), key=lambda item: int(item[0])):
        hints[pc] = []
        for hint in at_pc:
            names = set(re.findall(r"\bids\.(\w+)", hint["code"])) | ALSO_READ.get(hint["code"], set())
            flow = hint["flow_tracking_data"]
            used = {}
            for path, index in sorted(flow["reference_ids"].items()):
                if path.rsplit(".", 1)[-1] in names:
                    if index not in renumbered:
                        renumbered[index] = len(kept)
                        kept.append(references[index])
                    used[path] = renumbered[index]
            hints[pc].append(
                {
                    "accessible_scopes": hint["accessible_scopes"],
                    "code": hint["code"],
                    "flow_tracking_data": {"ap_tracking": flow["ap_tracking"], "reference_ids": used},
                }
            )
    identifiers = {
        name: value
        for name, value in sorted(program["identifiers"].items())
        if name in ENTRY_POINTS + LABELS + TESTED
        or (value["type"] == "const" and name.startswith(LIBRARY) and not name.endswith("SIZEOF_LOCALS"))
    }
    for name in ENTRY_POINTS + TESTED:
        if name in identifiers:
            identifiers[name].pop("decorators", None)
    for name in ["__main__.main", *TESTED]:
        if name in identifiers:
            identifiers[name]["decorators"] = []
    return {
        "attributes": [],
        "builtins": program["builtins"],
        "compiler_version": program["compiler_version"],
        "data": program["data"],
        "hints": hints,
        "identifiers": identifiers,
        "main_scope": program["main_scope"],
        "prime": program["prime"],
        "reference_manager": {"references": kept},
    }


def main():
    compiled, stripped, hash_file, functions_file = sys.argv[1:]
    with open(compiled) as file:
        full = json.load(file)
    program = strip(full)
    with open(stripped, "w") as file:
        json.dump(program, file, indent=1, sort_keys=True)
        file.write("\n")
    program_hash = hex(poseidon_hash_many([int(felt, 16) for felt in program["data"]]))
    with open(hash_file, "w") as file:
        file.write(program_hash + "\n")
    with open(functions_file, "w") as file:
        file.write(program_hash + "\n")
        for name, value in full["identifiers"].items():
            if value["type"] == "function":
                file.write(f"{value['pc']} {name}\n")


main()
