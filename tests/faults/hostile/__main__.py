"""``python -m tests.faults.hostile --count N --seed S``: play hostile PDFs, print one line of figures; with
``--names N`` hostile file names instead."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.faults.hostile.corpus import hostile_files
from tests.faults.hostile.names import play_names
from tests.faults.hostile.play import play


def main() -> int:
    """Return 0 where nothing hung, nothing escaped and nothing was raised that may not be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000, help="how many files (1000)")
    parser.add_argument("--seed", type=int, default=1, help="which ones (1)")
    parser.add_argument("--keep", type=Path, help="write them to this folder instead of playing them")
    parser.add_argument("--names", type=int, help="play this many file names instead")
    given = parser.parse_args()
    if given.names is not None:
        with tempfile.TemporaryDirectory(prefix="batchdeck-names-") as folder:
            played = play_names(given.names, given.seed, Path(folder))
        print(played.line(given.seed))
        for problem in played.problems:
            print(f"  {problem}", file=sys.stderr)
        return 1 if played.problems or len(played.folded) < len(played.stems) else 0
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
