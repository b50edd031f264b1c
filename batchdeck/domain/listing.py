"""Lists that convert: what the deck returns as rows can be had as plain records, or as a data frame."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Protocol, TypeVar

from batchdeck.domain.events import plain
from batchdeck.errors import UsageError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Rows(Protocol[T_co]):
    """Whatever can be gone through row by row."""

    def __iter__(self) -> Iterator[T_co]: ...


class Tabular:
    """Rows of dataclasses that convert."""

    def to_dicts(self: Rows[Any]) -> list[dict[str, Any]]:
        """Return one plain record a row, fit for JSON: times in RFC 3339 and UTC, durations in seconds."""
        return [plain(row) for row in self]

    def to_frame(self: Rows[Any]) -> Any:
        """Return a `pandas.DataFrame`: a line a row, times as times, nested fields as ``counts.errored``.

        Raises:
            UsageError: pandas is not installed.
        """
        try:
            # By name: nothing here needs pandas but this one conversion, and only where it is asked for.
            pandas = import_module("pandas")
        except ImportError:
            raise UsageError(
                "A data frame needs pandas, which is not installed.",
                hint="pip install pandas, or take to_dicts().",
            ) from None
        rows = list(self)
        frame = pandas.json_normalize([plain(row) for row in rows], max_level=1)
        for field in dataclasses.fields(rows[0]) if rows else ():
            if any(isinstance(getattr(row, field.name), dt.datetime) for row in rows):
                frame[field.name] = pandas.to_datetime(frame[field.name], utc=True)
        return frame


class Listing(list[T], Tabular):
    """A list of rows that converts."""
