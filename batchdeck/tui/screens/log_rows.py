"""The lines of the audit log: what the list says of each, column by column."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Protocol

from batchdeck.domain.text import show
from batchdeck.tui.glyphs import Tone
from batchdeck.tui.widgets.row_table import Cell, Column

_BAD = frozenset({"refused", "in_doubt", "not_sent", "duplicate", "absent"})


class LogLine(Protocol):
    """A line of the audit log, as the deck returns it."""

    @property
    def n(self) -> int: ...
    @property
    def t(self) -> str: ...
    @property
    def uid(self) -> int: ...
    @property
    def operator(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def pid(self) -> int: ...
    @property
    def action(self) -> str: ...
    @property
    def facts(self) -> Mapping[str, Any]: ...


def _when(line: LogLine) -> str:
    """Return the moment in local time; a line that somebody else wrote may hold anything."""
    try:
        return f"{dt.datetime.fromisoformat(line.t).astimezone():%Y-%m-%d %H:%M:%S}"
    except ValueError:
        return show(line.t, 19)


def _what(line: LogLine) -> Cell:
    word = show(line.action.replace("_", " "), 40)
    return Cell(word, Tone.BAD if line.action in _BAD else Tone.STRONG)


def _fact(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_fact(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_fact, value))}]"
    return str(value)


def facts_text(line: LogLine) -> str:
    """Return the facts of a line as they are shown: names and values, safe."""
    return show("  ".join(f"{name}={_fact(value)}" for name, value in line.facts.items()), 1_000)


LOG_COLUMNS = (
    Column[LogLine]("when", "WHEN", _when, 19, sort=lambda line: line.t, letter="W"),
    Column[LogLine]("what", "WHAT", _what, 10, sort=lambda line: line.action, letter="A"),
    Column[LogLine]("facts", "FACTS", facts_text, 24, grow=1),
    Column[LogLine](
        "who", "WHO", lambda line: show(line.operator, 40), 12, drop=2, sort=lambda line: line.operator
    ),
    Column[LogLine]("process", "PROCESS", lambda line: show(f"{line.pid}@{line.host}", 40), 16, drop=1),
)


def line_text(line: LogLine) -> str:
    """Return what stands below the list of the line under the cursor: its number, who it was, its facts."""
    who = show(f"{line.operator} (uid {line.uid}), process {line.pid} on {line.host}", 200)
    return f"#{line.n:,} {show(line.action, 40)} · {who}\n{facts_text(line)}"
