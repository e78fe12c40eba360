"""The contracts that the suites use. Their own are in no package: these, in contracts/, are ours, with the functions
that the tests call. They are compiled by the compilers that `contracts/compile` brings, into the form that scarb gives
them."""

import json
import re
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
COMPILERS = HERE.parent.parent / "target" / "contracts"
PACKAGES = {"v1": "starknet-compile-2.1.0", "v2": "starknet-compile-2.12.0"}
# The same contract as another class: for tests that declare what others have declared.
COPIES = {
    "Account": ["AccountCopy1"],
    "Map": ["MapCopy1", "MapCopy2"],
    "TestContract": ["TestContract2", "TestContract3", "TestContract4"],
}


def tool(package: str, name: str) -> Path:
    path = COMPILERS / PACKAGES[package] / "bin" / name
    if not path.exists():
        subprocess.run([HERE.parent.parent / "contracts" / "compile", "--check"], check=True)
    path.chmod(0o755)
    return path


def build(package: str, mock: Path) -> None:
    """Compiles contracts/PACKAGE into MOCK/contracts_PACKAGE."""
    crate = f"contracts_{package}"
    folder = mock / crate
    target = folder / "target" / "dev"
    (folder / "src").mkdir(parents=True, exist_ok=True)
    target.mkdir(parents=True, exist_ok=True)
    sources = sorted((HERE / "contracts" / package).glob("*.cairo"))
    for source in sources:
        (folder / "src" / source.name).write_text(source.read_text())
    (folder / "src" / "lib.cairo").write_text("".join(f"mod {source.stem};\n" for source in sources))
    (folder / "cairo_project.toml").write_text(f'[crate_roots]\n{crate} = "src"\n')

    listed = []
    for source in sources:
        name = re.search(r"^mod (\w+)", source.read_text(), re.MULTILINE).group(1)
        sierra, casm = (f"{crate}_{name}.{kind}.json" for kind in ("contract_class", "compiled_contract_class"))
        allowed = ["--allowed-libfuncs-list-name", "all"]
        path = f"{crate}::{source.stem}::{name}"
        compiler = tool(package, "starknet-compile")
        subprocess.run([compiler, *allowed, "--contract-path", path, folder, target / sierra], check=True)
        compiler = tool(package, "starknet-sierra-compile")
        subprocess.run([compiler, *allowed, target / sierra, target / casm], check=True)
        # A test looks for `"abi":[` in the text, as scarb writes it.
        contract = json.loads((target / sierra).read_text())
        contract.pop("sierra_program_debug_info", None)
        text = json.dumps(contract, separators=(",", ":"))
        (target / sierra).write_text(text)
        listed.append((name, sierra, casm))
        for copy in COPIES.get(name, []):
            other = f"{crate}_{copy}.contract_class.json"
            # In the ABI, which is part of what the class's hash is of.
            (target / other).write_text(text.replace(f"::{name}::", f"::{copy}::"))
            listed.append((copy, other, casm))
    contracts = [
        {"contract_name": name, "artifacts": {"sierra": sierra, "casm": casm}} for name, sierra, casm in listed
    ]
    (target / f"{crate}.starknet_artifacts.json").write_text(json.dumps({"contracts": contracts}))
