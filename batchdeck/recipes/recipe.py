"""Recipes: what to ask for a page and what a good answer looks like. Found, read and checked here."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from batchdeck.domain.requests import lint_parameters
from batchdeck.domain.resources import template_root
from batchdeck.domain.text import show
from batchdeck.errors import ConfigError, NotFound
from batchdeck.recipes.rendering import check_template, render

MANIFEST = "recipe.toml"
_Kind = TypeVar("_Kind", bound=StrEnum)
_TEXT_LIMIT = 200_000
"""Characters of a manifest or a prompt template."""


class SourceKind(StrEnum):
    """What a request carries."""

    PDF_PAGES = "pdf_pages"


class Contract(StrEnum):
    """What a good answer looks like."""

    PAGE_HTML = "page-html"


class CacheTtl(StrEnum):
    """How long the API keeps the constant part of the prompt. Batches run longer than five minutes."""

    FIVE_MINUTES = "5m"
    ONE_HOUR = "1h"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to ask for a page and what a good answer looks like."""

    name: str
    title: str
    description: str
    model: str
    max_tokens: int
    source: SourceKind
    contract: Contract
    system: str
    """The constant part of the prompt, already rendered: the same bytes in every request."""
    instruction: str
    """Template of what is said about one page."""
    cache_ttl: CacheTtl
    export: str
    """Name of the export template for its answers."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """Further parameters of the Messages request."""
    refused_by: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By parameter, the beginnings of the ids of models that refuse it."""
    is_shipped: bool = True

    def params_for(self, model: str) -> dict[str, Any]:
        """Return the further parameters that `model` accepts."""
        return {
            name: value
            for name, value in self.params.items()
            if not any(model.startswith(prefix) for prefix in self.refused_by.get(name, ()))
        }


def list_recipes() -> tuple[Recipe, ...]:
    """Return the shipped recipes by name."""
    return tuple(load_recipe(folder.name) for folder in _shipped_folders())


def load_recipe(name_or_path: str | Path) -> Recipe:
    """Return the shipped recipe of that name, or the one in the folder at that path.

    Raises:
        NotFound: no shipped recipe has that name, and no folder with a manifest lies at that path.
        ConfigError: its manifest or a template is wrong; names the file and the key.
    """
    shipped = {folder.name: folder for folder in _shipped_folders()}
    if isinstance(name_or_path, str) and name_or_path in shipped:
        return _read(shipped[name_or_path], is_shipped=True)
    folder = Path(name_or_path)
    if (folder / MANIFEST).is_file():
        return _read(folder, is_shipped=False)
    wanted = show(str(name_or_path), 120)
    near = difflib.get_close_matches(str(name_or_path), shipped, 1)
    guess = f"Did you mean “{near[0]}”? " if near else ""
    raise NotFound(
        f"There is no recipe “{wanted}”.",
        hint=f"{guess}Shipped: {', '.join(sorted(shipped))}; or give a folder that holds a {MANIFEST}.",
    )


def _shipped_folders() -> list[Path]:
    root = template_root() / "prompts"
    return sorted(folder for folder in root.iterdir() if (folder / MANIFEST).is_file())


_REQUIRED = {"title", "model", "max_tokens", "source", "contract", "system", "instruction", "export"}
_OPTIONAL = {"description", "cache_ttl", "params", "refused_by"}
_RESERVED_PARAMS = {"model", "max_tokens", "system", "messages"}


def _read(folder: Path, *, is_shipped: bool) -> Recipe:
    manifest = _Manifest(folder / MANIFEST)
    manifest.check_keys()
    params = manifest.table("params")
    for name in sorted(_RESERVED_PARAMS & set(params)):
        raise manifest.wrong(f"params.{name}", "is set by BatchDeck; use the recipe's own keys")
    for finding in lint_parameters({"model": "m", "max_tokens": 1, "messages": ["page"], **params}):
        raise manifest.wrong(f"params.{finding.parameter}", finding.message)
    refused_by = manifest.table("refused_by")
    for name, prefixes in refused_by.items():
        if not isinstance(prefixes, list) or not all(isinstance(prefix, str) for prefix in prefixes):
            raise manifest.wrong(f"refused_by.{name}", "must be a list of beginnings of model ids")
    system_file, system = manifest.template("system")
    instruction_file, instruction = manifest.template("instruction")
    check_template(instruction, str(instruction_file))
    return Recipe(
        name=folder.resolve().name,
        title=manifest.text("title"),
        description=manifest.text("description"),
        model=manifest.text("model"),
        max_tokens=manifest.positive("max_tokens"),
        source=manifest.one_of("source", SourceKind),
        contract=manifest.one_of("contract", Contract),
        system=render(system, {}, str(system_file)),
        instruction=instruction,
        cache_ttl=manifest.one_of("cache_ttl", CacheTtl, CacheTtl.ONE_HOUR),
        export=manifest.text("export"),
        params=params,
        refused_by=refused_by,
        is_shipped=is_shipped,
    )


class _Manifest:
    """A recipe's TOML, read strictly: every complaint names the file and the key."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.values: dict[str, Any] = tomllib.loads(_read_text(path))
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{path}: {show(str(error), 200)}") from None

    def wrong(self, key: str, complaint: str, hint: str = "") -> ConfigError:
        return ConfigError(f"{self.path}: `{show(key, 80)}` {complaint}.".replace("..", "."), hint=hint)

    def check_keys(self) -> None:
        known = _REQUIRED | _OPTIONAL
        for key in self.values:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                hint = f"Did you mean `{near[0]}`?" if near else f"Known: {', '.join(sorted(known))}."
                raise self.wrong(key, "is not a key of a recipe", hint)
        for key in sorted(_REQUIRED - set(self.values)):
            raise self.wrong(key, "is missing")

    def text(self, key: str) -> str:
        value = self.values.get(key, "")
        if not isinstance(value, str) or (key in _REQUIRED and not value.strip()):
            raise self.wrong(key, "must be a text")
        return value

    def positive(self, key: str) -> int:
        value = self.values[key]
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.wrong(key, "must be a whole number from 1")
        return value

    def one_of(self, key: str, kinds: type[_Kind], default: _Kind | None = None) -> _Kind:
        value = self.values.get(key, default)
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
        return path, _read_text(path)


def _read_text(path: Path) -> str:
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
