"""The outside judges run only when asked for (`-m judges`), and only where they are installed."""

from __future__ import annotations

import pytest

from batchdeck.html.external import Judges
from tests.judges.browser import judges_here


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "judges" in (config.option.markexpr or ""):
        return
    reason = pytest.mark.skip(reason="outside judges: python -m pytest -m judges tests/judges")
    for item in items:
        if item.get_closest_marker("judges"):
            item.add_marker(reason)


@pytest.fixture(scope="session")
def judges() -> Judges:
    found = judges_here()
    if found.missing:
        pytest.skip(" ".join(found.missing))
    return found
