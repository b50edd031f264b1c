"""What the operator wishes of a submission, against what the recipe says, and how a wish is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from batchdeck.domain.batches import Mode
from batchdeck.domain.documents import parse_page_ranges
from batchdeck.domain.ladder import parse_ladder
from batchdeck.domain.text import show
from batchdeck.errors import UsageError
from batchdeck.tui.screens.changes import Fields, read_tokens, read_yes

DEFAULT_RECIPE = "pdf-to-html"


@dataclass(frozen=True, slots=True)
class Wishes:
    """Empty means: as the recipe says, all pages, named after the folder."""

    recipe: str = DEFAULT_RECIPE
    model: str | None = None
    max_tokens: int | None = None
    pages: str = ""
    name: str = ""
    again: bool = False
    mode: Mode = Mode.BATCH
    ladder: str = ""

    def fields(self, models: Sequence[str]) -> Fields:
        """Return what can be changed, with values to propose."""
        from batchdeck.deck import known_recipes

        return {
            "model": tuple(models),
            "max_tokens": ("4096", "8192", "16384", "32000"),
            "pages": (self.pages or "1-", "all"),
            "name": (self.name,),
            "recipe": tuple(recipe.name for recipe in known_recipes()),
            "again": ("yes", "no"),
            "mode": tuple(Mode),
            "ladder": ("2,6,52,rest", "5,50,rest"),
        }

    def changed(self, field: str, value: str) -> Wishes:
        """Return these wishes with one changed; an empty value takes it back.

        Raises:
            UsageError: the value makes no sense for the field, or the recipe is wrong.
            NotFound: there is no such recipe.
        """
        match field:
            case "model":
                return replace(self, model=value or None)
            case "max_tokens":
                return replace(self, max_tokens=read_tokens(value))
            case "pages":
                if value := "" if value == "all" else value:
                    parse_page_ranges(value)
                return replace(self, pages=value)
            case "name":
                return replace(self, name=value)
            case "ladder":
                if value:
                    parse_ladder(value)
                return replace(self, ladder=value)
            case "mode":
                return replace(self, mode=_read_mode(value))
            case "again":
                return replace(self, again=read_yes(value))
            case _:
                from batchdeck.deck import find_recipe

                return replace(self, recipe=find_recipe(value or DEFAULT_RECIPE).reference)

    def suffixes(self) -> frozenset[str]:
        """Return the suffixes of the files that the recipe reads."""
        from batchdeck.deck import readable_suffixes

        return readable_suffixes(self.recipe)


def _read_mode(value: str) -> Mode:
    try:
        return Mode(value.lower() or Mode.BATCH)
    except ValueError:
        raise UsageError(
            f"“{show(value, 40)}” is no way of sending pages.",
            hint="batch: half the price. realtime: at once. auto: short documents at once.",
        ) from None
