"""Kills processes that write to one ledger, again and again, and counts what that did to it.

    python tests/unit/store/kill_arena.py --kills 20000

prints how many processes were killed, how many transactions had been acknowledged, and how many of those were
lost, torn or unreadable. Processes are forked, so that a kill costs milliseconds.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import select
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from batchdeck.store.layout import DeckLayout, prepare_deck
from batchdeck.store.ledger import Ledger
from tests.unit.store.faulty import FaultyDisk, death
from tests.unit.store.ledger_work import Name, check_work, do_work, work

_LONGEST_LIFE = 0.04
"""Seconds from the first acknowledgement to the kill."""
_ROUNDS_A_DECK = 20
PIECES = 4
_STEP = 100_000
"""Where the numbers of one round's work begin, and the next round's."""


def run_round(layout: DeckLayout, begin: int, workers: int, chance: random.Random) -> set[Name]:
    """Let some processes write at once, kill them all, and return what they had acknowledged."""
    children: list[tuple[int, int, str]] = []
    for place in range(workers):
        reader, writer = os.pipe()
        worker = "abcd"[place]
        child = os.fork()
        if child == 0:
            os.close(reader)
            ledger = Ledger.open(layout)
            work(ledger, worker, begin, writer)
        os.close(writer)
        children.append((child, reader, worker))
    select.select([reader for _, reader, _ in children], [], [], 10)
    time.sleep(chance.random() * _LONGEST_LIFE)
    chance.shuffle(children)
    for child, _, _ in children:
        os.kill(child, signal.SIGKILL)
    acknowledged: set[Name] = set()
    for child, reader, worker in children:
        os.waitpid(child, 0)
        with open(reader, "rb") as told:
            acknowledged |= {(worker, int(number)) for number in told.read().split(b"\n")[:-1]}
    return acknowledged


def fight(folder: Path, kills: int, seed: int, *, most_at_once: int = 4) -> tuple[int, int]:
    """Kill until `kills` processes are dead, checking the ledger after every round.

    Args:
        folder: where the decks are made.
        kills: how many processes are to die.
        seed: for the moments.
        most_at_once: how many processes write at a time.

    Returns:
        How many were killed, and how many transactions they had acknowledged.
    """
    chance = random.Random(seed)
    killed = done = 0
    while killed < kills:
        layout = prepare_deck(folder / f"deck-{killed}")
        acknowledged: set[Name] = set()
        for begin in range(0, _ROUNDS_A_DECK * _STEP, _STEP):
            workers = min(chance.randint(1, most_at_once), kills - killed)
            if workers == 0:
                break
            acknowledged |= run_round(layout, begin, workers, chance)
            killed += workers
            ledger = Ledger.open(layout)
            # The piece each was killed in may or may not be there: the next after its last acknowledged one.
            check_work(ledger, acknowledged, partial(_is_next, frozenset(acknowledged)))
            ledger.close()
        done += len(acknowledged)
    return killed, done


def _is_next(acknowledged: frozenset[Name], name: Name) -> bool:
    worker, number = name
    return number % _STEP == 0 or (worker, number - 1) in acknowledged


def do_pieces(ledger: Ledger, number: int) -> None:
    """Do piece `number` of `PIECES`; one of them is so large that the snapshot is written anew."""
    do_work(ledger, "a", number, ballast=150_000 if number == 1 else 10)


def kill_at_every_call(folder: Path) -> int:
    """Kill a process at each of its system calls that change the disk; return how many that were.

    Writes are cut short at several places. The deck must be whole and usable after each.
    """
    cases = 0
    for tear in (0.0, 0.3, 0.999, 1.0):
        for at in itertools.count(1):
            layout = prepare_deck(folder / f"deck-{tear}-{at}")
            reader, writer = os.pipe()
            child = os.fork()
            if child == 0:
                ledger = Ledger.open(layout, disk=FaultyDisk(at, death, tear=tear))
                for number in range(PIECES):
                    do_pieces(ledger, number)
                    os.write(writer, b"%d\n" % number)
                ledger.close()
                os._exit(0)
            os.close(writer)
            with open(reader, "rb") as told:
                acknowledged = {("a", int(number)) for number in told.read().split(b"\n")[:-1]}
            _, status = os.waitpid(child, 0)
            if os.WIFEXITED(status):
                assert os.WEXITSTATUS(status) == 0, "the work failed"
                break
            cases += 1
            ledger = Ledger.open(layout)
            check_work(ledger, acknowledged, {("a", len(acknowledged))}.__contains__)
            do_work(ledger, "z", at)
            check_work(Ledger.open(layout), {*acknowledged, ("z", at)}, lambda name: name[0] == "a")
    return cases


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", help="where the decks are made; the system's temporary folder by default")
    parser.add_argument("--every-call", action="store_true", help="kill at each system call once instead")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        if chosen.every_call:
            print(f"killed at {kill_at_every_call(Path(folder)):,} system calls: nothing lost, nothing torn")
            return
        killed, acknowledged = fight(Path(folder), chosen.kills, chosen.seed)
    print(f"{killed:,} processes killed; of {acknowledged:,} acknowledged transactions 0 lost, 0 torn")


if __name__ == "__main__":
    main(sys.argv[1:])
