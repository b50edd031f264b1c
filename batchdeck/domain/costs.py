"""Money: token usage, the dated price list, estimates with a range, and what was really paid. US dollars."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from batchdeck.errors import ConfigError

BATCH_SHARE = 0.5
"""A batch costs half of real time."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one or many answers, as `usage` in the results says."""

    input: int = 0
    """Input tokens that were neither written to nor read from the cache."""
    output: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    cache_read: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cache_write_5m + other.cache_write_5m,
            self.cache_write_1h + other.cache_write_1h,
            self.cache_read + other.cache_read,
        )

    @property
    def total_input(self) -> int:
        return self.input + self.cache_write_5m + self.cache_write_1h + self.cache_read


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """Batch prices of one model in dollars per million tokens, with its cache multipliers."""

    input: float
    output: float
    cache_write_5m: float = 1.25
    cache_write_1h: float = 2.0
    cache_read: float = 0.1
    retires: dt.date | None = None

    def cost(self, usage: Usage, *, batch: bool = True) -> float:
        """Return what `usage` costs, at the batch price or, with `batch` false, at the real-time price."""
        weighted_input = (
            usage.input
            + usage.cache_write_5m * self.cache_write_5m
            + usage.cache_write_1h * self.cache_write_1h
            + usage.cache_read * self.cache_read
        )
        cost = (weighted_input * self.input + usage.output * self.output) / 1_000_000
        return cost if batch else cost / BATCH_SHARE


_SNAPSHOT_DATE = re.compile(r"-[0-9]{8}$")


@dataclass(frozen=True, slots=True)
class PriceList:
    """Prices by model, and the day they were looked up. Always an estimate: the invoice decides."""

    as_of: dt.date
    models: Mapping[str, ModelPrice]
    source: str = ""

    def of(self, model: str) -> ModelPrice | None:
        """Return a model's price: its own, else that of the model it is a dated snapshot of (such as
        ``claude-opus-5-20260401``), else None. A newer model is not priced like an older one whose name it
        begins with: ``claude-opus-5-9`` is no snapshot of ``claude-opus-5``."""
        return self.models.get(model) or self.models.get(_SNAPSHOT_DATE.sub("", model))


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a submission is expected to cost, with a range. `known` is false when the model has no price."""

    usd: float
    low: float
    high: float
    known: bool = True

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(
            self.usd + other.usd, self.low + other.low, self.high + other.high, self.known and other.known
        )


@dataclass(frozen=True, slots=True)
class TokensPerPage:
    """Expected tokens of one page. Defaults: text plus image of a page in, a page of HTML out, with the wide
    range that real pages have (public documentation: 1,500-3,000 text tokens, up to 4,784 for the image)."""

    input: int = 3_500
    output: int = 1_500
    low_share: float = 0.5
    high_share: float = 2.0


def estimate_pages(
    pages: int,
    price: ModelPrice | None,
    tokens: TokensPerPage,
    *,
    max_tokens: int,
    batch: bool = True,
    at_least: int = 0,
) -> Estimate:
    """Estimate what `pages` requests cost. No end assumes more output than `max_tokens` a page, or less than
    `at_least`, where that much is known to be needed."""
    if price is None:
        return Estimate(0.0, 0.0, 0.0, known=False)
    least = min(at_least, max_tokens)
    output = min(max(tokens.output, least), max_tokens)
    low_output = max(output * tokens.low_share, least)
    high_output = min(int(max(tokens.output, least) * tokens.high_share), max_tokens)

    def cost(per_page_input: float, per_page_output: float) -> float:
        usage = Usage(input=round(per_page_input * pages), output=round(per_page_output * pages))
        return price.cost(usage, batch=batch)

    return Estimate(
        cost(tokens.input, output),
        cost(tokens.input * tokens.low_share, low_output),
        cost(tokens.input * tokens.high_share, high_output),
    )


def total_usage(usages: Iterable[Usage]) -> Usage:
    """Add usages up."""
    sums = [0] * 5
    for usage in usages:
        sums[0] += usage.input
        sums[1] += usage.output
        sums[2] += usage.cache_write_5m
        sums[3] += usage.cache_write_1h
        sums[4] += usage.cache_read
    return Usage(*sums)


_PRICE_HINT = "Prices are in dollars per million tokens, at the batch rate; docs/money.md shows a price list."


def read_price_list(table: Mapping[str, object], *, name: str) -> PriceList:
    """Read a price list from parsed TOML (`as_of`, `source`, and a table `models.<id>` of prices).

    Raises:
        ConfigError: a field is missing, unknown or not a number; names file, model and field.
    """
    as_of = table.get("as_of")
    models = table.get("models")
    unknown = set(table) - {"as_of", "source", "models"}
    if not isinstance(as_of, dt.date) or not isinstance(models, Mapping) or unknown:
        raise ConfigError(
            f'{name}: a price list is `as_of = YYYY-MM-DD`, a `source` and tables [models."…"], and no more.',
            hint="Run `batchdeck prices` to see the shipped one.",
        )
    allowed = {"input", "output", "cache_write_5m", "cache_write_1h", "cache_read", "retires"}
    prices: dict[str, ModelPrice] = {}
    for model, fields in models.items():
        if not isinstance(fields, Mapping) or not {"input", "output"} <= set(fields) <= allowed:
            raise ConfigError(
                f"{name}: the model “{model}” needs `input` and `output`, and knows only "
                f"{', '.join(sorted(allowed))}.",
                hint=_PRICE_HINT,
            )
        retires = fields.get("retires")
        numbers = {key: value for key, value in fields.items() if key != "retires"}
        for key, value in numbers.items():
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not is_number or not 0 <= value < math.inf:
                raise ConfigError(f"{name}: `{key}` of “{model}” must be a number from 0.", hint=_PRICE_HINT)
        if retires is not None and not isinstance(retires, dt.date):
            raise ConfigError(
                f"{name}: `retires` of “{model}” must be a date, like 2026-11-30 without quotes.",
                hint="It is the day on which the API gives the model up; leave it out where none is known.",
            )
        prices[str(model)] = ModelPrice(
            **{key: float(value) for key, value in numbers.items()},
            retires=retires,
        )
    return PriceList(as_of, prices, str(table.get("source", "")))
