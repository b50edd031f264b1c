"""Prices, costs and estimates, in dollars worked out by hand."""

from __future__ import annotations

import datetime as dt

import pytest

from batchdeck.domain.costs import (
    Estimate,
    ModelPrice,
    PriceList,
    TokensPerPage,
    Usage,
    estimate_pages,
    read_price_list,
    total_usage,
)
from batchdeck.errors import ConfigError

SONNET = ModelPrice(input=1.0, output=5.0)


def test_cached_tokens_cost_by_their_multipliers() -> None:
    usage = Usage(
        input=1_000_000, output=200_000, cache_write_5m=100_000, cache_write_1h=100_000, cache_read=1_000_000
    )
    assert SONNET.cost(usage) == pytest.approx(1.0 + 1.0 + 0.125 + 0.2 + 0.1)
    assert SONNET.cost(usage, batch=False) == pytest.approx(2 * SONNET.cost(usage))


def test_usages_add_up() -> None:
    total = total_usage([Usage(1, 2, 3, 4, 5), Usage(10, 20, 30, 40, 50)])
    assert total == Usage(11, 22, 33, 44, 55)
    assert total.total_input == 11 + 33 + 44 + 55
    assert total_usage([]) == Usage()


PRICES = PriceList(dt.date(2026, 11, 21), {"claude-opus-5": SONNET, "claude-opus-5-5": ModelPrice(2.0, 10.0)})


@pytest.mark.parametrize(
    ("model", "price"),
    [
        ("claude-opus-5", 1.0),
        ("claude-opus-5-5", 2.0),
        ("claude-opus-5-20260401", 1.0),
        ("claude-opus-5-5-20260901", 2.0),
        ("claude-opus-5-9", None),
        ("claude-opus-5-mini", None),
        ("claude-opus", None),
        ("", None),
    ],
)
def test_a_snapshot_costs_what_its_model_costs_and_a_newer_model_has_no_price(
    model: str, price: float | None
) -> None:
    found = PRICES.of(model)
    assert (found.input if found else None) == price


def test_an_estimate_has_a_range_and_stays_within_max_tokens() -> None:
    estimate = estimate_pages(1_000, SONNET, TokensPerPage(), max_tokens=4_096)
    assert estimate.usd == pytest.approx(3.5 + 7.5)
    assert estimate.low == pytest.approx(1.75 + 3.75)
    assert estimate.high == pytest.approx(7.0 + 15.0)
    capped = estimate_pages(1_000, SONNET, TokensPerPage(), max_tokens=1_000)
    assert capped.usd == pytest.approx(3.5 + 5.0)
    assert capped.high == pytest.approx(7.0 + 5.0)
    assert capped.low <= capped.usd <= capped.high


def test_real_time_is_estimated_at_double() -> None:
    batch = estimate_pages(10, SONNET, TokensPerPage(), max_tokens=4_096)
    assert estimate_pages(10, SONNET, TokensPerPage(), max_tokens=4_096, batch=False).usd == 2 * batch.usd


def test_without_a_price_nothing_is_known_and_a_sum_says_so() -> None:
    unknown = estimate_pages(10, None, TokensPerPage(), max_tokens=4_096)
    assert not unknown.known
    assert not (unknown + Estimate(1, 1, 1)).known
    assert Estimate(1, 0.5, 2) + Estimate(2, 1, 4) == Estimate(3, 1.5, 6)


AS_OF = dt.date(2026, 11, 21)


def test_a_price_list_is_read() -> None:
    fields = {"input": 1, "output": 5.0, "cache_read": 0.05, "retires": dt.date(2026, 11, 30)}
    prices = read_price_list({"as_of": AS_OF, "source": "here", "models": {"m": fields}}, name="p.toml")
    assert prices == PriceList(
        AS_OF, {"m": ModelPrice(1.0, 5.0, cache_read=0.05, retires=dt.date(2026, 11, 30))}, "here"
    )


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({}, "as_of"),
        ({"as_of": "2026-11-21", "models": {}}, "as_of"),
        ({"as_of": AS_OF}, "models"),
        ({"as_of": AS_OF, "models": {}, "modles": {}}, "no more"),
        ({"as_of": AS_OF, "models": {"m": 3}}, "“m”"),
        ({"as_of": AS_OF, "models": {"m": {"input": 1}}}, "“m” needs"),
        ({"as_of": AS_OF, "models": {"m": {"input": 1, "output": 1, "outputs": 1}}}, "“m” needs"),
        ({"as_of": AS_OF, "models": {"m": {"input": "1", "output": 1}}}, "`input` of “m”"),
        ({"as_of": AS_OF, "models": {"m": {"input": True, "output": 1}}}, "`input` of “m”"),
        ({"as_of": AS_OF, "models": {"m": {"input": 1, "output": -1}}}, "`output` of “m”"),
        ({"as_of": AS_OF, "models": {"m": {"input": float("nan"), "output": 1}}}, "`input` of “m”"),
        ({"as_of": AS_OF, "models": {"m": {"input": 1, "output": float("inf")}}}, "`output` of “m”"),
        ({"as_of": AS_OF, "models": {"m": {"input": 1, "output": 1, "retires": "soon"}}}, "`retires` of “m”"),
    ],
)
def test_a_wrong_price_list_is_refused_by_name(table: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=says) as refusal:
        read_price_list(table, name="p.toml")
    assert refusal.value.message.startswith("p.toml: ")
    assert refusal.value.hint
