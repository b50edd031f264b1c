"""The price list that is shipped, and price lists of one's own."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from batchdeck.config import load_prices
from batchdeck.errors import ConfigError


@pytest.mark.parametrize(
    ("model", "dollars_in", "dollars_out"),
    [
        ("claude-opus-5-5", 2.0, 10.0),
        ("claude-sonnet-5-5", 1.0, 5.0),
        ("claude-haiku-5-5", 0.05, 0.25),
        ("claude-fable-5-2", 4.0, 20.0),
        ("claude-opus-5", 2.5, 12.5),
        ("claude-sonnet-5", 1.0, 5.0),
        ("claude-sonnet-4-6", 1.5, 7.5),
        ("claude-haiku-4-5", 0.5, 2.5),
    ],
)
def test_the_shipped_list_holds_batch_prices(model: str, dollars_in: float, dollars_out: float) -> None:
    price = load_prices().of(model)
    assert price is not None
    assert (price.input, price.output) == (dollars_in, dollars_out)


def test_the_shipped_list_says_its_day_and_that_it_is_an_estimate() -> None:
    prices = load_prices()
    assert prices.as_of == dt.date(2026, 11, 21)
    assert "estimate" in prices.source
    retiring = prices.of("claude-sonnet-4-5")
    assert retiring is not None
    assert retiring.retires == dt.date(2026, 11, 30)


def test_a_list_of_ones_own_takes_its_place(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_text("as_of = 2026-12-01\n[models.mine]\ninput = 1\noutput = 2\n")
    prices = load_prices(path)
    assert list(prices.models) == ["mine"]


def test_a_wrong_list_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    with pytest.raises(ConfigError, match=r"prices\.toml cannot be read") as missing:
        load_prices(path)
    assert "money.prices" in missing.value.hint, "what to do next"
    path.write_text("as_of = 2026-12-01\n[models.mine]\ninput = 1\n")
    with pytest.raises(ConfigError, match=r"prices\.toml: the model “mine”"):
        load_prices(path)
