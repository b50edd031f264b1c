"""Advice on money: given where the numbers bear it, with the caveats that belong to it."""

from __future__ import annotations

import datetime as dt

import pytest

from batchdeck.domain.advice import Outputs, Quality, advise_max_tokens, advise_models, percentile
from batchdeck.domain.costs import ModelPrice, PriceList, Usage

TODAY = dt.date(2026, 12, 1)
PRICES = PriceList(
    TODAY,
    {
        "big": ModelPrice(2.0, 10.0),
        "middle": ModelPrice(1.0, 5.0),
        "small": ModelPrice(0.1, 0.5),
        "gone": ModelPrice(0.01, 0.05, retires=TODAY),
        "dear": ModelPrice(4.0, 20.0),
    },
)


def test_percentiles_are_values_that_occur() -> None:
    assert percentile(range(1, 101), 99) == 99
    assert percentile([7], 99) == 7


def test_fewer_tokens_are_advised_where_every_good_answer_fits_into_half() -> None:
    good = [*range(100, 199), 3_200]
    (found,) = advise_max_tokens([Outputs("middle", 16_000, good, [16_000, 50])], PRICES)
    assert found.max_tokens == 4_096  # 3,200 and a quarter, in whole steps of 1,024
    assert found.saves == pytest.approx((16_000 - 4_096) * 5 / 1e6)
    assert "at most 198 tokens, the longest 3,200" in found.text
    assert "The limit itself costs nothing" in found.text
    assert not advise_max_tokens([Outputs("middle", 8_000, good, [])], PRICES)
    assert not advise_max_tokens([Outputs("middle", 16_000, good[:19], [])], PRICES)


def test_cheaper_models_are_a_figure_until_this_deck_has_measured_them() -> None:
    taken = [(Usage(input=400_000, output=40_000), 1.0), (Usage(input=300_000, output=30_000), 2.0)]
    unmeasured = advise_models(taken, "big", PRICES, {}, today=TODAY)
    assert [each.model for each in unmeasured] == ["small", "middle"]
    assert [each.cost for each in unmeasured] == pytest.approx([0.15, 1.5])
    assert all("quality was not measured here" in each.text for each in unmeasured)
    quality = {"big": Quality("big", 200, 199, 0.98, 150), "middle": Quality("middle", 40, 30)}
    first, second = advise_models(taken, "big", PRICES, quality, today=TODAY)
    assert first.model == "middle"
    assert first.saves == pytest.approx(1.5)
    assert "75.0% of its 40 answers were good, against 99.5% of its 200 answers were good" in first.text
    assert "98.0% of the words found on 150 pages" in first.text
    assert "not measured" in second.text
    assert not advise_models(taken, "small", PRICES, quality, today=TODAY)
