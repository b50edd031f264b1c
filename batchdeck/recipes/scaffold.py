"""Recipes as files: reading all that belong to one, and making a new one to be changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from batchdeck.domain.text import show
from batchdeck.errors import UsageError
from batchdeck.recipes.manifest import MANIFEST, Manifest, read_text
from batchdeck.recipes.places import known_folders, own_root
from batchdeck.recipes.recipe import Recipe, load_recipe

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_FILE_KEYS = ("system", "instruction", "schema")


def folder_of(reference: str | Path) -> Path:
    """Return the folder of a recipe, by its name or its path."""
    known = known_folders()
    return known[reference] if isinstance(reference, str) and reference in known else Path(reference)


def read_files(reference: str | Path) -> dict[str, str]:
    """Return the files of a recipe by name, the manifest first.

    Raises:
        ConfigError: one of them cannot be read.
    """
    folder = folder_of(reference)
    manifest = Manifest(folder / MANIFEST)
    files = {MANIFEST: read_text(folder / MANIFEST)}
    for key in _FILE_KEYS:
        if key in manifest.values:
            path, text = manifest.template(key)
            files[path.name] = text
    return files


def new_recipe(name: str, *, like: str = "tickets", root: Path | None = None) -> Recipe:
    """Make a recipe of one's own, as a copy of another one, and return it.

    Args:
        name: lower-case letters, digits and dashes.
        like: the recipe to begin with.
        root: the folder it is made in; the operator's own recipes by default.

    Raises:
        UsageError: the name cannot be one, or is taken.
        NotFound: there is no recipe to begin with.
        ConfigError: the recipe to begin with is wrong.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"“{show(name, 60)}” cannot be the name of a recipe.",
            hint="Use lower-case letters, digits and dashes, like my-letters.",
        )
    folder = (root or own_root()) / name
    if folder.exists() or name in known_folders():
        raise UsageError(
            f"There is a recipe “{name}” already.", hint=f"Change it, or choose another name ({folder})."
        )
    load_recipe(like)
    files = read_files(like)
    _write(folder, files)
    return load_recipe(folder)


def _write(folder: Path, files: Mapping[str, str]) -> None:
    try:
        folder.mkdir(parents=True)
        for name, text in files.items():
            (folder / name).write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(
            f"The recipe cannot be written to {show(str(folder), 200)}: {error.strerror}.",
            hint="Check whose the folder is, and that it may be written.",
        ) from error
