"""A recipe's manifest, recipe.toml, read strictly: every complaint names the file and the key."""

from __future__ import annotations

import difflib
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from batchdeck.domain.text import show
from batchdeck.errors import ConfigError

MANIFEST = "recipe.toml"
_Kind = TypeVar("_Kind", bound=StrEnum)
_TEXT_LIMIT = 200_000
"""Characters of a manifest, a prompt template or a schema."""
_MAY_BE_EMPTY = frozenset({"description", "id_column"})


class Manifest:
    """A recipe's TOML, read strictly: every complaint names the file and the key."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.values: dict[str, Any] = tomllib.loads(read_text(path))
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{path}: {show(str(error), 200)}") from None

    def wrong(self, key: str, complaint: str, hint: str = "") -> ConfigError:
        return ConfigError(f"{self.path}: `{show(key, 80)}` {complaint}.".replace("..", "."), hint=hint)

    def check_keys(self, required: set[str], optional: set[str]) -> None:
        """Refuse keys that a recipe does not have, and the lack of those that it must have."""
        known = required | optional
        for key in self.values:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                hint = f"Did you mean `{near[0]}`?" if near else f"Known: {', '.join(sorted(known))}."
                raise self.wrong(key, "is not a key of a recipe", hint)
        for key in sorted(required - set(self.values)):
            raise self.wrong(key, "is missing")

    def text(self, key: str) -> str:
        value = self.values.get(key, "")
        if not isinstance(value, str) or (
            key in self.values and key not in _MAY_BE_EMPTY and not value.strip()
        ):
            raise self.wrong(key, "must be a text")
        return value

    def positive(self, key: str) -> int:
        value = self.values[key]
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.wrong(key, "must be a whole number from 1")
        return value

    def some_of(self, key: str, kinds: type[_Kind]) -> tuple[_Kind, ...]:
        """Return what a key names: one of the kinds, or a list of several."""
        if key not in self.values:
            raise self.wrong(key, "is missing")
        value = self.values[key]
        names = value if isinstance(value, list) else [value]
        if not names:
            raise self.wrong(key, "must name at least one")
        return tuple(dict.fromkeys(self._kind(key, name, kinds) for name in names))

    def one_of(self, key: str, kinds: type[_Kind], default: _Kind | None = None) -> _Kind:
        return self._kind(key, self.values.get(key, default), kinds)

    def _kind(self, key: str, value: object, kinds: type[_Kind]) -> _Kind:
        try:
            return kinds(str(value))
        except ValueError:
            known = ", ".join(kinds)
            near = difflib.get_close_matches(str(value), list(kinds), 1)
            hint = f"Did you mean “{near[0]}”?" if near else ""
            raise self.wrong(key, f"must be one of: {known}", hint) from None

    def table(self, key: str) -> dict[str, Any]:
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            raise self.wrong(key, "must be a table")
        return value

    def template(self, key: str) -> tuple[Path, str]:
        name = self.text(key)
        if Path(name).name != name:
            raise self.wrong(key, "must be the name of a file beside it")
        path = self.path.parent / name
        return path, read_text(path)


def read_text(path: Path) -> str:
    """Return a file of a recipe, bounded.

    Raises:
        ConfigError: it cannot be read, is no text or is too long.
    """
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(_TEXT_LIMIT + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8 text.") from None
    if len(text) > _TEXT_LIMIT:
        raise ConfigError(f"{path}: is longer than {_TEXT_LIMIT:,} characters.")
    return text
