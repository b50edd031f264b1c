"""A worker process: reads tasks from standard input, does them one by one, writes each answer as a line.

It ends when its standard input ends, and it never outlives a task that takes too long: an alarm of the
operating system ends it even inside a library's loop.
"""

from __future__ import annotations

import datetime as dt
import os
import resource
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from batchdeck.sandbox.call import Call
from batchdeck.sandbox.intake import take_in
from batchdeck.sandbox.problems import Problem
from batchdeck.sandbox.rows import Rows, Stop
from batchdeck.sandbox.settings import Limits
from batchdeck.sandbox.storage import BatchFolder

_TASK_SECONDS, _ROW_SECONDS = 300, 60
"""Real seconds that a task may take, and each row in it on top: generous, for busy machines."""
_MEMORY_BYTES = 4 * 1024**3


@dataclass(frozen=True, slots=True)
class Briefing:
    """What every worker is told before its first task."""

    seed: int
    salt: str
    faults: str | None
    limits: Limits


class Worker:
    """Does tasks. Each method is one kind of task, named by the task's `do`."""

    def __init__(self, briefing: Briefing) -> None:
        self._limits = briefing.limits
        self._rows = Rows(
            seed=briefing.seed,
            salt=briefing.salt,
            faults=Path(briefing.faults) if briefing.faults else None,
            limits=briefing.limits,
        )

    def do(self, task: dict[str, Any]) -> Any:
        """Do one task and return what is told of it.

        Raises:
            Problem: the API's refusal of what the task is about.
        """
        match task["do"]:
            case "intake":
                return take_in(Path(task["body"]), BatchFolder(Path(task["folder"])), self._limits)
            case "rows":
                folder = BatchFolder(Path(task["folder"]))
                today = dt.date.fromisoformat(task["today"])
                self._rows.answer_chunk(folder, task["version"], today, task["start_row"], task["stop_row"])
                return None
            case "give_up":
                self._rows.give_up(BatchFolder(Path(task["folder"])), task["row"])
                return None
            case "finish":
                stop = msgspec.convert(task["stop"], Stop | None)
                return self._rows.finish(BatchFolder(Path(task["folder"])), stop)
            case "message":
                return self._rows.answer_message(Path(task["body"]), msgspec.convert(task["call"], Call))
            case "count":
                return self._rows.count_tokens(Path(task["body"]), msgspec.convert(task["call"], Call))
            case unknown:
                raise ValueError(f"unknown task {unknown!r}")


def main() -> None:
    """Work until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's to handle
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    os.nice(5)
    worker = Worker(msgspec.json.decode(sys.stdin.buffer.readline(), type=Briefing))
    for line in sys.stdin.buffer:
        task = msgspec.json.decode(line)
        signal.alarm(_TASK_SECONDS + _ROW_SECONDS * (task.get("stop_row", 0) - task.get("start_row", 0)))
        try:
            answer: dict[str, Any] = {"done": worker.do(task)}
        except Problem as problem:
            answer = {"problem": problem.told()}
        signal.alarm(0)
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
