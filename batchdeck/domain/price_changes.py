"""What differs between two price lists, field by field."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass

from batchdeck.domain.costs import ModelPrice, PriceList

PriceValue = float | dt.date | None


@dataclass(frozen=True, slots=True)
class PriceChange:
    """One difference. A new model has no `before`, one that is gone no `after`."""

    model: str
    field: str
    """The field's name in the price file, or `model` where the whole model is new or gone."""
    before: PriceValue = None
    after: PriceValue = None

    def __str__(self) -> str:
        if self.field == "model":
            return f"{self.model}: {'new' if self.before is None else 'no longer listed'}"
        before, after = (value if value is not None else "none" for value in (self.before, self.after))
        return f"{self.model}: {self.field} {before} → {after}"


def compare_prices(before: PriceList, after: PriceList) -> tuple[PriceChange, ...]:
    """Return what differs, by model in the order of the names."""
    changes: list[PriceChange] = []
    for model in sorted({*before.models, *after.models}):
        old, new = before.models.get(model), after.models.get(model)
        if old is None or new is None:
            known = (price.input if price is not None else None for price in (old, new))
            changes.append(PriceChange(model, "model", *known))
            continue
        for field in dataclasses.fields(ModelPrice):
            was, now = getattr(old, field.name), getattr(new, field.name)
            if was != now:
                changes.append(PriceChange(model, field.name, was, now))
    return tuple(changes)
