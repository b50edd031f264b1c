"""Advice on money from measured answers: where fewer `max_tokens` or a cheaper model might have done."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from batchdeck.domain.costs import ModelPrice, PriceList, Usage
from batchdeck.domain.text import show

_LEAST_ANSWERS = 20
"""Fewer answers say nothing of how long answers are."""
_HEADROOM = 1.25
"""Over the longest good answer, for pages that are longer still."""
_STEP = 1_024
_MOST_MODELS = 3


class AdviceKind(enum.StrEnum):
    MAX_TOKENS = "max_tokens"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Advice:
    """One suggestion, with the numbers behind it."""

    kind: AdviceKind
    text: str
    max_tokens: int | None = None
    """What would have done."""
    model: str | None = None
    cost: float | None = None
    """What the same tokens would have cost with that model."""
    saves: float | None = None
    """Dollars less than what was paid."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """The lengths of the paid answers to requests of one model and one `max_tokens`."""

    model: str
    max_tokens: int
    good: Sequence[int]
    """Output tokens of the good answers."""
    failed: Sequence[int]
    """Output tokens of the failed ones that were paid for."""
    factor: float = 1.0
    """Their price against the batch price."""


@dataclass(frozen=True, slots=True)
class Quality:
    """How answers of one model to one recipe have been judged in this deck."""

    model: str
    answers: int
    good: int
    recall: float | None = None
    """Mean share of the page's words that were found in the answers, where it was measured."""
    measured: int = 0
    """Answers it was measured on."""


def advise_max_tokens(outputs: Sequence[Outputs], prices: PriceList) -> list[Advice]:
    """Say where half of `max_tokens` or less would have held every good answer with room to spare.

    The limit costs nothing by itself. What a lower one spares is the tail of answers that ran away, and
    those have failed anyway.
    """
    found = []
    for group in outputs:
        if len(group.good) < _LEAST_ANSWERS:
            continue
        longest = max(group.good)
        enough = -(-round(longest * _HEADROOM) // _STEP) * _STEP
        if enough > group.max_tokens // 2:
            continue
        usual = percentile(group.good, 99)
        runaway = sum(tokens - enough for tokens in group.failed if tokens > enough)
        price = prices.of(group.model)
        saves = price.cost(Usage(output=runaway)) * group.factor if price is not None else None
        spared = (
            f"would have stopped answers that ran away {runaway:,} tokens earlier"
            + (f" (${saves:,.4f})" if saves is not None else "")
            if runaway
            else "stops an answer that runs away sooner"
        )
        found.append(
            Advice(
                AdviceKind.MAX_TOKENS,
                f"max_tokens {enough:,} would have done for {show(group.model, 60)} instead of "
                f"{group.max_tokens:,}: 99 of 100 good answers had at most {usual:,} tokens, the longest "
                f"{longest:,}. The limit itself costs nothing, only tokens that come back do; a lower one "
                f"{spared}, and takes less of rate limits that count it.",
                max_tokens=enough,
                model=group.model,
                saves=saves,
            )
        )
    return found


def advise_models(
    taken: Sequence[tuple[Usage, float]],
    model: str,
    prices: PriceList,
    quality: Mapping[str, Quality],
    *,
    today: dt.date,
) -> list[Advice]:
    """Say what the same tokens would have cost with cheaper models of the price list.

    Models that this deck has measured with the same recipe come first, then the cheapest; retired ones are
    left out. The tokens are those of `model`: another one counts and answers differently.

    Args:
        taken: tokens that the answers of `model` took, each with its price against the batch price.
        quality: judged answers by model, of the same recipe.
    """
    own = prices.of(model)
    if own is None:
        return []

    def cost_with(price: ModelPrice) -> float:
        return sum(price.cost(usage) * factor for usage, factor in taken)

    cost = cost_with(own)
    options = []
    for other, price in prices.models.items():
        if price is own or (price.retires is not None and price.retires <= today):
            continue
        theirs = cost_with(price)
        if theirs < cost:
            options.append((other not in quality, theirs, other))
    found = []
    for _, theirs, other in sorted(options)[:_MOST_MODELS]:
        text = (
            f"{show(other, 60)} would have cost ${theirs:,.4f} instead of ${cost:,.4f} for as many tokens: "
            + _judged(quality.get(model), quality.get(other))
        )
        found.append(Advice(AdviceKind.MODEL, text, model=other, cost=theirs, saves=cost - theirs))
    return found


def _judged(ours: Quality | None, theirs: Quality | None) -> str:
    if theirs is None or ours is None:
        return "its quality was not measured here. Try it on a few pages first."
    return f"in this deck {_words(theirs)}, against {_words(ours)}."


def _words(quality: Quality) -> str:
    good = f"{quality.good / max(quality.answers, 1):.1%} of its {quality.answers:,} answers were good"
    if quality.recall is None:
        return good
    return f"{good}, with {quality.recall:.1%} of the words found on {quality.measured:,} pages"


def percentile(values: Sequence[int], percent: int) -> int:
    """Return the least value that `percent` of a hundred values do not exceed."""
    ranked = sorted(values)
    return ranked[max(-(-len(ranked) * percent // 100) - 1, 0)]
