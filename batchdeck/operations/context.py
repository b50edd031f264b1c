"""What every operation works with: the opened deck, the API, the workers, the clock, and who is asking."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from batchdeck.domain.costs import PriceList
from batchdeck.domain.models import ModelInfo
from batchdeck.errors import ReadOnlyError
from batchdeck.store.audit import AuditLog
from batchdeck.store.layout import DeckLayout
from batchdeck.store.ledger import Ledger
from batchdeck.store.page_tables import PageTables
from batchdeck.store.vault import Vault

if TYPE_CHECKING:
    from batchdeck.api.gateway import Gateway
    from batchdeck.config import Settings
    from batchdeck.operations.workers import Workers


@dataclass(slots=True)
class Context:
    """One opened deck as the operations see it. The façade makes it; nobody else opens anything."""

    layout: DeckLayout
    ledger: Ledger
    vault: Vault
    tables: PageTables
    audit: AuditLog
    settings: Settings
    prices: PriceList
    workers: Workers
    readers: Workers
    """One more worker, for what somebody is waiting to see: it never queues behind a run."""
    open_gateway: Callable[[], Awaitable[Gateway]]
    """Connects on first use (the SDK takes about a second to import), later returns the same gateway."""
    endpoint: str
    """What the ledger is bound to at the first submission: one deck talks to one endpoint."""
    operator: str
    profile: str = ""
    """The profile of the Anthropic configuration in use, where one was named; bound like the endpoint."""
    models: Mapping[str, ModelInfo] | None = None
    """What the API said of its models; None until it was asked."""
    foreign: set[str] = field(default_factory=set)
    """Ids of batches in the workspace that were looked into and are nobody's here."""
    suspected: set[str] = field(default_factory=set)
    """Ids of batches in the workspace that may repeat a submission of ours, and were told of."""
    read_only: bool = False
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)
    random: random.Random = field(default_factory=random.Random)

    def require_writable(self, what: str) -> None:
        """Refuse to go on in a read-only deck.

        Raises:
            ReadOnlyError: the deck was opened read-only.
        """
        if self.read_only:
            raise ReadOnlyError(
                f"To {what} changes the deck or spends money.", hint="Open the deck without --read-only."
            )
