"""All benchmarks by one command: each in processes of its own, one table of what is held and what is not.

``python -m bench`` runs everything, ``--quick`` a small set of sizes, ``--only NAME`` some. The table goes to
standard output, the figures as JSON to `bench/out`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.metadata
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.measure import Row, machine, show_rows

HERE = Path(__file__).parent
OUT = HERE / "out"
LIBRARIES = (
    "anthropic",
    "html5lib",
    "httpx2",
    "msgspec",
    "pikepdf",
    "pypdf",
    "pypdfium2",
    "textual",
    "tinydb",
)
_NICENESS = 5


@dataclass(frozen=True, slots=True)
class Bench:
    """One benchmark: a file of this folder, and what it is told for the small set and for the whole."""

    name: str
    about: str
    quick: tuple[str, ...]
    full: tuple[str, ...] = ()


BENCHES = (
    Bench("scan", "scanning against pypdf", ("--rounds", "2"), ("--rounds", "3")),
    Bench("split", "splitting against pikepdf alone and pypdf", ("--rounds", "1"), ("--rounds", "3")),
    Bench(
        "retry", "one page anew against pypdf", ("--rounds", "2", "--pages", "10", "100"), ("--rounds", "5")
    ),
    Bench(
        "text_layer",
        "words and pictures of pages against pypdf and pdfium",
        ("--rounds", "1"),
        ("--rounds", "3"),
    ),
    Bench(
        "submit",
        "sending a batch against the SDK's create",
        ("--rounds", "2", "--megabytes", "50"),
        ("--rounds", "3"),
    ),
    Bench(
        "end_to_end",
        "a folder posted against pypdf and the SDK used plainly",
        ("--rounds", "1", "--pages", "1600"),
        ("--rounds", "3"),
    ),
    Bench(
        "results",
        "collecting against the SDK's iterator and plain httpx2",
        ("--rounds", "1", "--lines", "5000"),
        ("--rounds", "3", "--lines", "10000", "--times", "10"),
    ),
    Bench(
        "ledger",
        "a durable commit against TinyDB and SQLite",
        ("--rounds", "2", "--batches", "2000"),
        ("--rounds", "3", "--batches", "10000"),
    ),
    Bench(
        "html_stages",
        "documents from answers against a bare parse",
        ("--rounds", "1", "--pages", "100"),
        ("--rounds", "7"),
    ),
    Bench("tui", "the list in a terminal against DataTable", ("--rounds", "1", "--idle", "1")),
    Bench("million", "a deck of a million pages", ("--jobs", "40", "--rounds", "2")),
    Bench(
        "flows",
        "scan, submit, collect and export at several sizes",
        ("--pages", "200", "1000"),
        ("--pages", "2000", "10000", "100000"),
    ),
)


def run_one(bench: Bench, arguments: Sequence[str], folder: Path) -> dict[str, Any]:
    """Run one benchmark in a process of its own, and return its report; `failed` says why there is none."""
    path = folder / f"{bench.name}.json"
    path.unlink(missing_ok=True)
    command = [sys.executable, str(HERE / f"{bench.name}.py"), "--json", str(path), *arguments]
    environ = os.environ | {"PYTHONPATH": f"{HERE.parent}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    start = time.perf_counter()
    ended = subprocess.run(command, env=environ, cwd=HERE.parent, stdout=sys.stderr, check=False)
    if ended.returncode != 0 or not path.exists():
        return {"benchmark": bench.name, "rows": [], "failed": f"ended with {ended.returncode}"}
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return report | {"seconds": time.perf_counter() - start}


def heading(loads: Sequence[float]) -> str:
    """Return where and when: date, machine, versions, and how busy the machine was."""
    here = machine()
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    now = dt.datetime.now(dt.UTC)
    return (
        f"{now:%Y-%m-%d %H:%M} UTC; {here['cpus']} processors ({here['architecture']}), "
        f"Python {here['python']}; "
        f"load average {min(loads):.1f}–{max(loads):.1f} during the run\n{versions}"
    )


def report_on(reports: Sequence[Mapping[str, Any]], loads: Sequence[float]) -> str:
    """Return the whole outcome as text: heading, table, what did not run."""
    rows = [Row.from_json(row) for report in reports for row in report["rows"]]
    held = [row for row in rows if row.target != "–"]
    met = sum(row.verdict == "met" for row in held)
    failed = [f"{report['benchmark']}: {report['failed']}" for report in reports if "failed" in report]
    ending = f"{met} of {len(held)} targets met"
    return "\n\n".join([heading(loads), show_rows(rows), "; ".join([ending, *failed])])


def main() -> int:
    """Run what was asked for, print the table, and return 1 where a benchmark did not end well."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--list", action="store_true", help="say what there is, and run nothing")
    parser.add_argument("--quick", action="store_true", help="small sizes, few rounds")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="this one; may be repeated"
    )
    parser.add_argument("--json", type=Path, default=OUT / "bench.json", metavar="FILE", help="(%(default)s)")
    given = parser.parse_args()
    known = {bench.name: bench for bench in BENCHES}
    if given.list:
        for bench in BENCHES:
            print(f"{bench.name:12} {bench.about}")
        return 0
    if unknown := set(given.only) - set(known):
        parser.error(f"there is no {', '.join(sorted(unknown))}; --list shows what there is")
    given.json.parent.mkdir(parents=True, exist_ok=True)
    os.nice(_NICENESS)
    loads, reports = [os.getloadavg()[0]], []
    for bench in [known[name] for name in given.only] or BENCHES:
        print(f"\n## {bench.name}: {bench.about}", file=sys.stderr, flush=True)
        reports.append(run_one(bench, bench.quick if given.quick else bench.full, given.json.parent))
        loads.append(os.getloadavg()[0])
    given.json.write_text(
        json.dumps(
            {"heading": heading(loads), "loads": loads, "reports": reports}, indent=2, ensure_ascii=False
        )
        + "\n",
        encoding="utf-8",
    )
    print(report_on(reports, loads))
    return 1 if any("failed" in report for report in reports) else 0


if __name__ == "__main__":
    sys.exit(main())
