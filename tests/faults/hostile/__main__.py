"""``python -m tests.faults.hostile --count N --seed S``: play hostile PDFs, print one line of figures."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.faults.hostile.corpus import hostile_files
from tests.faults.hostile.play import play


def main() -> int:
    """Return 0 where nothing hung, nothing escaped and nothing was raised that may not be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000, help="how many files (1000)")
    parser.add_argument("--seed", type=int, default=1, help="which ones (1)")
    parser.add_argument("--keep", type=Path, help="write them to this folder instead of playing them")
    given = parser.parse_args()
    if given.keep is not None:
        given.keep.mkdir(parents=True, exist_ok=True)
        for one in hostile_files(given.count, given.seed):
            (given.keep / f"{one.number:05d}-{one.kind}.pdf").write_bytes(one.data)
        return 0
    with tempfile.TemporaryDirectory(prefix="batchdeck-hostile-") as folder:
        figures = asyncio.run(play(hostile_files(given.count, given.seed), Path(folder)))
    print(figures.line(given.seed))
    for problem in (*figures.hangs, *figures.escapes, *figures.raised):
        print(f"  {problem}", file=sys.stderr)
    return 0 if figures.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
