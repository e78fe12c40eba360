"""Loaded into pytest beside a suite: starts its devnets, chooses what runs, writes down how each test ended."""

import json
import os
import subprocess
import time
import urllib.request
from pathlib import Path

import lists
from processes import die_with_parent
from sepolia import Sepolia

WORK = Path(os.environ["SUITES_WORK"])
# Until a devnet answers, seconds.
PATIENCE = 60

outcomes: dict[str, str] = {}
left_out: dict[str, str] = {}
devnets = 0
sepolia = None


def ask(url: str, method: str, params):
    question = json.dumps({"jsonrpc": "2.0", "id": 0, "method": method, "params": params}).encode()
    request = urllib.request.Request(url, question, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        answer = json.load(response)
    if "error" in answer:
        raise RuntimeError(f"{method}: {answer['error']}")
    return answer["result"]


def start(command: list[str], url: str) -> subprocess.Popen:
    global devnets
    devnets += 1
    log = WORK / "logs" / f"{os.getpid()}-{devnets}.log"
    with log.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, preexec_fn=die_with_parent)
    end = time.monotonic() + PATIENCE
    while True:
        try:
            ask(url, "starknet_chainId", [])
            return process
        except OSError as error:
            if process.poll() is not None or time.monotonic() > end:
                process.kill()
                raise RuntimeError(f"the devnet does not answer, see {log}") from error
            time.sleep(0.1)


def start_devnet(fork_mode: bool = False):
    """The suite's own function sleeps for 15 s. The arguments remain the suite's."""
    from starknet_py.tests.e2e.fixtures import devnet

    global sepolia
    if fork_mode and sepolia is None:
        sepolia = Sepolia(devnet.get_available_port(), start, ask)
        os.environ["SEPOLIA_RPC_URL"] = sepolia.url
    port = devnet.get_available_port()
    command = devnet.get_start_devnet_command(port, fork_mode=fork_mode)
    return port, start(command, f"http://127.0.0.1:{port}")


def pytest_sessionstart():
    from starknet_py.contract import SentTransaction
    from starknet_py.net.client import Client
    from starknet_py.tests.e2e.fixtures import devnet

    devnet.start_devnet = start_devnet
    # How often it asks for a transaction's status, and for how many times: else it sleeps 2 s for each.
    for function in (Client.wait_for_tx, SentTransaction.wait_for_acceptance):
        function.__defaults__ = (0.05, 20_000)


def pytest_collection_modifyitems(config, items):
    cannot, anyway = lists.read("not-runnable.txt"), lists.read("run-anyway.txt")
    kept, dropped = [], []
    for item in items:
        if lists.entry_of(item.nodeid, cannot):
            left_out[item.nodeid] = "cannot run"
        elif not {"devnet", "devnet_forking_mode"} & set(item.fixturenames):
            left_out[item.nodeid] = "asks no node"
        (dropped if item.nodeid in left_out else kept).append(item)
        if lists.entry_of(item.nodeid, anyway):
            item.own_markers = [mark for mark in item.own_markers if mark.name != "skip"]
    items[:] = kept
    config.hook.pytest_deselected(items=dropped)


def pytest_runtest_logreport(report):
    if report.failed:
        outcomes[report.nodeid] = "failed"
    elif report.skipped:
        # Or expected by the suite to fail, and failed.
        outcomes[report.nodeid] = "skipped"
    elif report.when == "call" and report.outcome == "passed":
        outcomes[report.nodeid] = "passed"


def pytest_sessionfinish():
    if sepolia:
        sepolia.end()
    told = {"outcomes": outcomes, "left out": left_out}
    (WORK / "outcomes.json").write_text(json.dumps(told))
