"""What the settings name and is looked up only when it is needed: whether it is there, and can be used."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from batchdeck.domain.findings import Check
from batchdeck.errors import BatchDeckError
from batchdeck.html.templates import find_template
from batchdeck.operations.context import Context
from batchdeck.recipes.recipe import load_recipe


def check_named(context: Context) -> Check:
    """Look up every template and recipe that the settings name, before something depends on it."""
    problems = tuple(_problems(context))
    return Check("settings", not problems, " ".join(problems) or "The templates and the recipe are there.")


def _problems(context: Context) -> Iterator[str]:
    settings = context.settings
    named: list[tuple[str, str, Callable[[str], object]]] = [
        ("export.template", settings.export.template, find_template),
        ("standing.auto_export_template", settings.standing.auto_export_template or "", find_template),
        ("inbox.recipe", settings.inbox.recipe, load_recipe),
    ]
    for key, name, look_up in named:
        try:
            if name:
                look_up(name)
        except BatchDeckError as error:
            yield f"{key}: {error.message} {error.hint}".strip()
