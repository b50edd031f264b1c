"""Ask the outside judges: `python -m tests.judges [--quick] [FILE ...]`.

With files, Nu and axe judge those. Without, BatchDeck writes documents of broken and of hostile answers, and
Nu, axe and a browser look at them. Exits 1 when anything is found, 2 when a judge is not installed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from batchdeck.html.external import Judges, judge_files
from tests.judges.browser import judges_here, watch
from tests.judges.exports import broken_samples, hostile_samples

_BROKEN, _BROKEN_QUICK = 300, 30
_HOSTILE_QUICK = 40


def main(arguments: list[str]) -> int:
    """Run the judges and print what they find."""
    parser = argparse.ArgumentParser(prog="python -m tests.judges", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer documents")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="HTML files to judge instead")
    chosen = parser.parse_args(arguments)
    judges = judges_here()
    if judges.missing:
        print(*judges.missing, "tests/judges/README.md says how.", sep="\n", file=sys.stderr)
        return 2
    if chosen.files:
        return min(1, _judge(chosen.files, judges))
    with tempfile.TemporaryDirectory(prefix="batchdeck-judges-") as folder:
        found = _judge_own(Path(folder), judges, is_quick=chosen.quick)
    return min(1, found)


def _judge(files: list[Path], judges: Judges) -> int:
    found = 0
    for file, verdict in judge_files(files, judges).items():
        for finding in verdict.findings:
            print(f"{file}:{finding.line}: {finding.rule}: {finding.message}")
        for address in verdict.requests:
            print(f"{file}: asks for {address}")
        found += len(verdict.findings) + len(verdict.requests)
    print(f"{len(files)} files, {found} findings by Nu and axe")
    return found


def _judge_own(folder: Path, judges: Judges, *, is_quick: bool) -> int:
    samples = list(broken_samples(folder / "broken", _BROKEN_QUICK if is_quick else _BROKEN))
    found = 0
    for sample in samples:
        for finding in sample.exported.findings:
            print(f"{sample.name}, page {finding.page}: {finding.rule}: {finding.message}")
            found += 1
    print(f"{len(samples)} documents of broken answers, {found} findings by the built-in checks")
    found += _judge([file for sample in samples for file in sample.files], judges)
    hostile = [file for sample in hostile_samples(folder / "hostile") for file in sample.files]
    chosen = hostile[:: max(1, len(hostile) // _HOSTILE_QUICK)] if is_quick else hostile
    harmful = 0
    for file, deeds in watch(chosen, judges).items():
        if deeds.hits or deeds.requests or deeds.dangers:
            print(f"{file.name}: {deeds}")
            harmful += 1
    print(f"{len(chosen)} files of hostile answers, {harmful} do harm")
    return found + harmful


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
