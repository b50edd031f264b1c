"""Reading a faults file: TOML, every key known, every mistake named with its table and the nearest key."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from batchdeck.errors import ConfigError, UsageError
from batchdeck.sandbox.faults import (
    CallAction,
    CallRule,
    Endpoint,
    Faults,
    RowOutcome,
    RowRule,
    read_ranges,
)

_KINDS_OF_INPUT = ("pdf", "image", "text", "*")
_HINT = "docs/sandbox.md describes every key of a faults file."
_Kind = TypeVar("_Kind", bound=StrEnum)


def read_faults(path: Path) -> Faults:
    """Read a faults file.

    Raises:
        ConfigError: it cannot be read, is not TOML, or says something unknown or impossible.
    """
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"The faults file {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}.", hint=_HINT) from error
    return parse_faults(table, name=str(path))


def parse_faults(table: Mapping[str, Any], *, name: str) -> Faults:
    """Read parsed TOML with its arrays of tables `rows` and `calls`.

    Raises:
        ConfigError: an unknown key or an impossible value; names file, table and key.
    """
    _check_keys(table, {"rows": None, "calls": None}, name)
    return Faults(
        rows=tuple(
            RowRule(number=n, **_fields(entry, _ROW_KEYS, ("outcome",), f"{name}: [[rows]] number {n}"))
            for n, entry in enumerate(_tables(table, "rows", name), 1)
        ),
        calls=tuple(
            CallRule(
                number=n,
                **_fields(entry, _CALL_KEYS, ("endpoint", "action"), f"{name}: [[calls]] number {n}"),
            )
            for n, entry in enumerate(_tables(table, "calls", name), 1)
        ),
    )


def _tables(table: Mapping[str, Any], key: str, name: str) -> list[Any]:
    entries = table.get(key, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigError(f"{name}: write each rule as its own [[{key}]] table.", hint=_HINT)
    return entries


def _check_keys(entry: Mapping[str, Any], known: Mapping[str, Any], where: str) -> None:
    for key in entry:
        if key not in known:
            nearest = difflib.get_close_matches(key, known, 1)
            hint = f"Did you mean `{nearest[0]}`?" if nearest else f"Known keys: {', '.join(known)}."
            raise ConfigError(f"{where}: unknown key `{key}`.", hint=hint)


def _fields(
    entry: Mapping[str, Any], known: Mapping[str, Callable[[Any], Any]], needed: tuple[str, ...], where: str
) -> dict[str, Any]:
    _check_keys(entry, known, where)
    for key in needed:
        if key not in entry:
            raise ConfigError(f"{where}: `{key}` is missing.", hint=_HINT)
    fields = {}
    for key, value in entry.items():
        try:
            fields[key] = known[key](value)
        except UsageError as error:
            raise ConfigError(f"{where}: `{key}`: {error.message}", hint=error.hint) from error
        except ValueError as error:
            raise ConfigError(f"{where}: `{key}` {error}.", hint=_HINT) from error
    return fields


def _one_of(kind: type[_Kind]) -> Callable[[Any], _Kind]:
    def read(value: Any) -> _Kind:
        try:
            return kind(value)
        except ValueError:
            nearest = difflib.get_close_matches(str(value), list(kind), 1)
            known = f"did you mean “{nearest[0]}”?" if nearest else f"known: {', '.join(kind)}"
            raise ValueError(f"cannot be {value!r}; {known}") from None

    return read


def _ranges(value: Any) -> Any:
    try:
        return read_ranges(value)
    except ValueError:
        raise ValueError('takes a number from 1, a list of them, or ranges like "1-3,7-"') from None


def _share(value: Any) -> float:
    number = _number(value)
    if number > 1:
        raise ValueError("must lie between 0 and 1")
    return number


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError("must be a number from 0")
    return float(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("must be a whole number from 0")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _input(value: Any) -> str:
    if value not in _KINDS_OF_INPUT:
        raise ValueError(f"must be one of {', '.join(_KINDS_OF_INPUT)}")
    return str(value)


def _endpoint(value: Any) -> str:
    return "*" if value == "*" else _one_of(Endpoint)(value)


_ROW_KEYS: Mapping[str, Callable[[Any], Any]] = {
    "outcome": _one_of(RowOutcome),
    "share": _share,
    "custom_id": _text,
    "pages": _ranges,
    "attempts": _ranges,
    "model": _text,
    "below_max_tokens": _whole,
    "input": _input,
    "message": _text,
    "category": _text,
}
_CALL_KEYS: Mapping[str, Callable[[Any], Any]] = {
    "endpoint": _endpoint,
    "action": _one_of(CallAction),
    "occurrences": _ranges,
    "each_batch": _flag,
    "share": _share,
    "retry_after": _whole,
    "seconds": _number,
    "rows": _whole,
    "message": _text,
}
