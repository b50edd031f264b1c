"""Run the promises under fire: `python -m tests.faults [--kills N] [--seed S] [--only NAME] [--quick]`.

Every proof runs against the sandbox over real HTTP, with real processes and real SIGKILL, and prints one line
of figures. Exits 1 when a promise is broken, with what was broken below the line. docs/reliability.md says
what each proof does, and what the long runs came to.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from tests.faults import collecting, disks, ledgers, matrix, operators, rivals, submits, unattended
from tests.faults.figures import Figures
from tests.faults.people import import_everything

_ALL = 5_000
"""Kills of submits from which on every other proof is run in full, too."""
_MINUTES = 5
"""How long two operators work side by side when every proof is run in full."""
_QUICK_FAULTS = ("late_acceptance",)

Proof = Callable[[int], Figures]
"""Takes the seed."""


def proofs(kills: int) -> Mapping[str, Proof]:
    """Return the proofs by name, sized by how many submits are to be killed."""
    share = min(1.0, kills / _ALL)
    some = max(1, kills // 10)
    return {
        "ledger": partial(ledgers.prove, 4 * kills),
        "submits": partial(submits.prove, kills),
        "neighbour": partial(submits.prove, max(1, kills // 4), has_neighbour=True),
        "matrix": partial(matrix.prove, share),
        "collecting": partial(collecting.prove, share),
        "disks": partial(disks.prove, share),
        **{way.name: partial(unattended.prove, way, some) for way in unattended.WAYS},
        "rivals": partial(rivals.prove, some),
        "operators": partial(operators.prove, share * _MINUTES * 60),
    }


def single_faults(kills: int) -> Mapping[str, Proof]:
    """Return the parts of the matrix by name, so that it can be run a fault at a time."""
    share = min(1.0, kills / _ALL)
    return {f"matrix/{action}": partial(matrix.prove, share, actions=(action,)) for action in matrix.ACTIONS}


def quick_proofs() -> Mapping[str, Proof]:
    """Return a small share of each proof, for every change."""
    return {
        "ledger": partial(ledgers.prove, 40, every_call=False),
        "submits": partial(submits.prove, 6),
        "neighbour": partial(submits.prove, 3, has_neighbour=True),
        "matrix": partial(matrix.prove, 0.01, actions=_QUICK_FAULTS),
        "collecting": partial(collecting.prove, 0.01, actions=("short",)),
        "disks": partial(disks.prove, 0.01, phases=("submit",)),
        **{way.name: partial(unattended.prove, way, 1) for way in unattended.WAYS},
        "rivals": partial(rivals.prove, 3),
        "operators": partial(operators.prove, 0, longest_wait=None),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the proofs that the arguments ask for, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument(
        "--kills", type=int, default=200, help="submits to kill; the other proofs in proportion"
    )
    parser.add_argument("--seed", type=int, default=1, help="decides moments, sizes and faults")
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="this proof, or matrix/FAULT; may be repeated"
    )
    parser.add_argument("--quick", action="store_true", help="a small share of each, in under a minute")
    chosen = parser.parse_args(arguments)
    known = quick_proofs() if chosen.quick else proofs(chosen.kills)
    parts = {} if chosen.quick else single_faults(chosen.kills)
    unknown = [name for name in chosen.only or () if name not in {**known, **parts}]
    if unknown:
        parser.error(f"there is no proof {unknown[0]}; there are {', '.join([*known, *parts])}")
    import_everything()
    code = 0
    for name in chosen.only or known:
        figures = {**known, **parts}[name](chosen.seed)
        print(figures.line(), *figures.broken, sep="\n  ✗ ", flush=True)
        code |= not figures.holds
    return code


if __name__ == "__main__":
    sys.exit(main())
