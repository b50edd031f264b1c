"""Reading single settings: how each is called, which values it takes, what to say when one is wrong."""

from __future__ import annotations

import dataclasses
import functools
import math
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from batchdeck.config_sections import SECTIONS
from batchdeck.domain.secret import Secret
from batchdeck.domain.text import show
from batchdeck.errors import ConfigError

PREFIX = "BATCHDECK_"
OTHER_VARIABLES: Mapping[str, str] = {
    "BATCHDECK_HOME": "The deck, where `--deck` is not given.",
    "BATCHDECK_OPERATOR": "Who is asking, for the audit log; the name of the account by default.",
    "BATCHDECK_CONFIG": "The settings file of this user, instead of the one in the platform's place.",
}
"""Environment variables of ours that are no settings, with what they mean."""

_YES = frozenset({"true", "yes", "on", "1"})
_NO = frozenset({"false", "no", "off", "0"})
_NONE = "none"


@dataclass(frozen=True, slots=True)
class Setting:
    """One value of one section, as declared."""

    section: str
    key: str
    hint: Any
    """Its type."""
    default: Any
    limits: Mapping[str, float]

    @property
    def name(self) -> str:
        """As messages and `--set` write it: ``polling.floor_seconds``."""
        return f"{self.section}.{self.key}"

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return f"{PREFIX}{self.section}_{self.key}".upper()

    @property
    def is_table(self) -> bool:
        """Whether only a settings file can hold it."""
        plain = self.choices or self.may_be_none or self.is_list
        return typing.get_origin(self.hint) is not None and not plain

    @property
    def is_list(self) -> bool:
        """Whether it takes several values; as text they are separated by white space."""
        return typing.get_origin(self.hint) is tuple

    @property
    def is_secret(self) -> bool:
        """Whether no message may repeat its value."""
        return Secret in typing.get_args(self.hint)

    @property
    def may_be_none(self) -> bool:
        return type(None) in typing.get_args(self.hint)

    @property
    def choices(self) -> tuple[str, ...]:
        hint = typing.get_args(self.hint)[0] if self.is_list else self.hint
        return typing.get_args(hint) if typing.get_origin(hint) is Literal else ()


@functools.cache
def catalogue() -> Mapping[str, Setting]:
    """Return every setting by its dotted name, in the order of the documentation."""
    found: dict[str, Setting] = {}
    for section, kind in SECTIONS.items():
        hints, defaults = typing.get_type_hints(kind), kind()
        for field in dataclasses.fields(kind):
            default = getattr(defaults, field.name)
            setting = Setting(section, field.name, hints[field.name], default, field.metadata)
            found[setting.name] = setting
    return found


def read_value(setting: Setting, value: object, *, where: str) -> Any:
    """Return `value` as the setting's type. Text, from the environment, is read as that type.

    Raises:
        ConfigError: not a value it takes; names file or variable, key and what it does take.
    """
    read = _read(setting, value)
    if read is _WRONG:
        given = "what is given" if setting.is_secret else show(repr(value), 60)
        raise ConfigError(
            f"{where}: {setting.name} cannot be {given}; it takes {describe(setting)}.",
            hint=_nearest("" if setting.is_list else str(value), setting.choices)
            or "docs/settings.md lists every setting.",
        )
    return read


_WRONG = object()


def _read(setting: Setting, value: object) -> object:
    hint = setting.hint
    if setting.may_be_none:
        if value is None or (isinstance(value, str) and value.strip().lower() == _NONE):
            return None
        hint = next(arg for arg in typing.get_args(hint) if arg is not type(None))
    if setting.is_list:
        return _list(setting, value)
    if setting.choices:
        return value if value in setting.choices else _WRONG
    if setting.is_table:
        return _table(value)
    if hint is bool:
        return _flag(value)
    if hint is str:
        return value if isinstance(value, str) and value.strip() else _WRONG
    number = _number(value, whole=hint is int)
    return number if number is not None and _is_within(number, setting.limits) else _WRONG


def _table(value: object) -> object:
    """Read the one kind of table there is: names to names, or to lists of names."""
    if not isinstance(value, Mapping):
        return _WRONG
    table: dict[str, str] = {}
    for key, item in value.items():
        names = item if isinstance(item, list) else [item]
        if not isinstance(key, str) or not all(isinstance(name, str) and name for name in names):
            return _WRONG
        table[key] = ",".join(names)
    return types.MappingProxyType(table)


def _list(setting: Setting, value: object) -> object:
    """Read several texts: a list in a file, else text that is separated by white space (names: or commas)."""
    if isinstance(value, str):
        value = (value.replace(",", " ") if setting.choices else value).split()
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) and item for item in value):
        return _WRONG
    if setting.choices and not set(value) <= set(setting.choices):
        return _WRONG
    return tuple(Secret(item) for item in value) if setting.is_secret else tuple(value)


def _flag(value: object) -> object:
    if isinstance(value, str):
        lowered = value.strip().lower()
        return True if lowered in _YES else False if lowered in _NO else _WRONG
    return value if isinstance(value, bool) else _WRONG


def _number(value: object, *, whole: bool) -> float | None:
    if isinstance(value, str):
        try:
            value = int(value) if whole else float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if whole else float(value)


def _is_within(number: float, limits: Mapping[str, float]) -> bool:
    return (
        number >= limits.get("at_least", -math.inf)
        and number <= limits.get("at_most", math.inf)
        and number > limits.get("above", -math.inf)
    )


def describe(setting: Setting) -> str:
    """Say in words which values a setting takes."""
    if setting.is_list:
        return "a list of " + (", ".join(setting.choices) or "texts")
    if setting.choices:
        return "one of " + ", ".join(setting.choices)
    if setting.is_table:
        return "a table of names, in a settings file"
    hints: Iterable[Any] = typing.get_args(setting.hint) if setting.may_be_none else (setting.hint,)
    kinds = set(hints)
    words = "true or false" if bool in kinds else "text" if str in kinds else ""
    if not words:
        words = ("a whole number" if int in kinds else "a number") + _range_in_words(setting.limits)
    return f'{words}, or "none"' if setting.may_be_none else words


def _range_in_words(limits: Mapping[str, float]) -> str:
    words = ""
    if "at_least" in limits:
        words = f" from {limits['at_least']:,}"
    elif "above" in limits:
        words = f" above {limits['above']:,}"
    return words + (f" up to {limits['at_most']:,}" if "at_most" in limits else "")


def unknown_name(name: str, known: Iterable[str], *, where: str, what: str) -> ConfigError:
    """Return the error for a name that does not exist, with the nearest one that does."""
    return ConfigError(
        f"{where}: “{show(name, 60)}” is not a {what}.",
        hint=_nearest(name, known) or "docs/settings.md lists every setting.",
    )


def _nearest(name: str, known: Iterable[str]) -> str:
    import difflib

    written = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(name.lower(), list(written), n=1, cutoff=0.5)
    return f"Did you mean “{written[close[0]]}”?" if close else ""
