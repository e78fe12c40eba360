"""The two lists of tests: an id, or the beginning of several, on a line, and on the next, indented, why it is there."""

from pathlib import Path

HERE = Path(__file__).parent


def read(name: str) -> dict[str, str]:
    reasons: dict[str, str] = {}
    entry = None
    for number, line in enumerate((HERE / name).read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line[0].isspace():
            if entry is None:
                raise SystemExit(f"{name}:{number}: a reason without a test")
            reasons[entry] = f"{reasons[entry]} {line.strip()}".strip()
        else:
            entry = line.strip()
            if entry in reasons:
                raise SystemExit(f"{name}:{number}: {entry} is there twice")
            reasons[entry] = ""
    for entry, reason in reasons.items():
        if not reason:
            raise SystemExit(f"{name}: {entry} has no reason")
    return reasons


def entry_of(test: str, reasons: dict[str, str]) -> str | None:
    """The entry that covers the test: itself, or its file, folder or function."""
    for entry in reasons:
        if test == entry or any(test.startswith(entry + next) for next in ("/", "::", "[")):
            return entry
    return None
