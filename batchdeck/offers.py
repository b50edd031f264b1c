"""What can be had without a deck: templates, recipes, file checks. `batchdeck.deck` hands it to the faces."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from batchdeck.html.templates import Template
    from batchdeck.operations.validate import Validation
    from batchdeck.recipes.recipe import Recipe


def export_templates(makes: str = "documents") -> tuple[Template, ...]:
    """Return the shipped export templates for `documents` or for `records`, the default one first."""
    from batchdeck.html.templates import Makes, list_templates

    return list_templates(Makes(makes))


def known_recipes() -> tuple[Recipe, ...]:
    """Return the recipes that can be named."""
    from batchdeck.recipes.recipe import list_recipes

    return list_recipes()


def find_recipe(name_or_path: str) -> Recipe:
    """Return a recipe, read and checked, with all its files.

    Raises:
        NotFound: there is none of that name, and no folder with a manifest at that path.
        ConfigError: it is wrong; names the file and the key.
    """
    from batchdeck.recipes.recipe import load_recipe

    return load_recipe(name_or_path)


def check_recipe(name_or_path: str) -> Recipe:
    """Return a recipe of which all is there, the export template that it names included.

    Raises:
        NotFound: there is no such recipe, or no such template.
        ConfigError: it is wrong; names the file and the key.
    """
    from batchdeck.html.templates import Makes, find_template
    from batchdeck.recipes.recipe import Contract

    recipe = find_recipe(name_or_path)
    is_html = recipe.contract is Contract.PAGE_HTML
    find_template(recipe.export, Makes.DOCUMENTS if is_html else Makes.RECORDS)
    return recipe


def readable_suffixes(recipe: str) -> frozenset[str]:
    """Return the suffixes of the files that a recipe reads, in lower case with their dot.

    Raises:
        NotFound: there is no such recipe.
    """
    from batchdeck.sources.find import SUFFIXES

    sources = find_recipe(recipe).sources
    return frozenset(
        suffix for suffix, kind in SUFFIXES.items() if any(kind in source.kinds for source in sources)
    )


def recipe_files(name_or_path: str) -> dict[str, str]:
    """Return the files of a recipe by name, the manifest first."""
    from batchdeck.recipes.scaffold import read_files

    return read_files(name_or_path)


def recipe_folder(name_or_path: str) -> Path:
    """Return the folder of a recipe."""
    from batchdeck.recipes.scaffold import folder_of

    return folder_of(name_or_path)


def new_recipe(name: str, *, like: str = "tickets") -> Recipe:
    """Make a recipe of one's own in the configuration folder, as a copy of another one to be changed.

    Raises:
        UsageError: the name cannot be one, or is taken.
        NotFound: there is no recipe to begin with.
    """
    from batchdeck.recipes.scaffold import new_recipe

    return new_recipe(name, like=like)


def validate_files(files: Sequence[str | os.PathLike[str]], *, external: bool = False) -> Validation:
    """Run the built-in checks on HTML files, and with `external` the outside judges that are installed.

    Raises:
        InputError: a file cannot be read as text, or an installed judge did not run.
    """
    from batchdeck.operations.validate import validate_files

    return validate_files([Path(file) for file in files], external=external)
