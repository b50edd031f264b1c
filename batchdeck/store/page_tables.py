"""The page tables last looked at, kept and brought up to date instead of being read again."""

from __future__ import annotations

import threading
from collections.abc import Callable

from batchdeck.domain.costs import PriceList
from batchdeck.store.layout import DeckLayout
from batchdeck.store.ledger import Ledger
from batchdeck.store.page_table import PageTable

_KEPT = 4


class PageTables:
    """Page tables by job and batch. A plan never changes and an index is read once, so after the first time
    a table costs what has changed."""

    def __init__(
        self, layout: DeckLayout, ledger: Ledger, prices: PriceList, *, judge_version: int | None = None
    ) -> None:
        self._layout = layout
        self._ledger = ledger
        self._prices = prices
        self._judge_version = judge_version
        self._mutex = threading.Lock()
        self._tables: dict[tuple[str, str], PageTable] = {}

    def of_job(self, job: str) -> PageTable:
        """Return all pages of a job, as the ledger and the indexes have them now.

        Raises:
            NotFound, DeckDamaged: as `PageTable.of_job`.
        """
        return self._get("job", job, PageTable.of_job)

    def of_batch(self, batch: str) -> PageTable:
        """Return the pages of one batch, as the ledger and its index have them now.

        Raises:
            NotFound, DeckDamaged: as `PageTable.of_batch`.
        """
        return self._get("batch", batch, PageTable.of_batch)

    def _get(self, kind: str, name: str, open_: Callable[..., PageTable]) -> PageTable:
        with self._mutex:
            table = self._tables.pop((kind, name), None)
            if table is None:
                table = open_(
                    self._layout, self._ledger, name, self._prices, judge_version=self._judge_version
                )
            else:
                table.refresh()
            self._tables[kind, name] = table
            while len(self._tables) > _KEPT:
                del self._tables[next(iter(self._tables))]
            return table
