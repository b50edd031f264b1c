"""Sending a message through Apprise, which is imported no sooner than there is one to send."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from batchdeck.domain.letters import Message
from batchdeck.domain.text import show
from batchdeck.errors import NotTold
from batchdeck.notify.addresses import Address

if TYPE_CHECKING:
    import apprise

_LOGGER = "apprise"


def send(address: Address, message: Message) -> None:
    """Send a message to one address. Blocks for as long as the service takes, some 20 s at most.

    Raises:
        NotTold: the service did not take it, or the address is none; says why, without its secrets.
    """
    with _Reasons() as reasons:
        service = _service(address)
        taken = service is not None and _hand_over(service, message)
    if service is None:
        raise _unknown(address)
    if not taken:
        why = address.hide_in(reasons.last) or "It gave no reason."
        raise NotTold(f"{address.label}: {show(why, 300)}", hint="Try it with: batchdeck notify test")


def check(address: Address) -> None:
    """Say whether an address can be understood; nothing is sent.

    Raises:
        NotTold: it is the address of no service that Apprise knows, or lacks a part.
    """
    with _Reasons():
        if _service(address) is None:
            raise _unknown(address)


def _unknown(address: Address) -> NotTold:
    return NotTold(
        f"{address.label} is not the address of a known service, or a part of it is missing.",
        hint="https://github.com/caronc/apprise/wiki shows the form of each service's addresses.",
    )


def _hand_over(service: apprise.NotifyBase, message: Message) -> bool:
    import apprise

    # Apprise turns plain text into what the service shows: HTML in mails, Markdown in chats.
    post = apprise.Apprise(asset=service.asset)
    post.add(service)
    return bool(post.notify(title=message.title, body=message.body, body_format=apprise.NotifyFormat.TEXT))


def _service(address: Address) -> apprise.NotifyBase | None:
    import apprise

    # Nothing is kept on disk, no plug-in of anybody's is loaded, nothing runs in threads of its own.
    asset = apprise.AppriseAsset(
        app_id="BatchDeck",
        app_desc="BatchDeck",
        app_url="",
        async_mode=False,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
    )
    service: Any = apprise.Apprise.instantiate(address.url.reveal(), asset=asset, suppress_exceptions=True)
    return service if isinstance(service, apprise.NotifyBase) else None


class _Reasons(logging.Handler):
    """What Apprise logs while something is sent: the only place where it says why it failed.

    It goes nowhere else, since addresses may be in it.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.last = record.getMessage()

    def __enter__(self) -> _Reasons:
        logger = logging.getLogger(_LOGGER)
        logger.addHandler(self)
        logger.propagate = False
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger(_LOGGER).removeHandler(self)
