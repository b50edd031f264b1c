"""Trying whether people can be reached, and showing how: nothing secret leaves here."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from batchdeck.domain.events import Event, Finished
from batchdeck.domain.letters import Reached
from batchdeck.errors import BatchDeckError, UsageError
from batchdeck.notify.sending import check
from batchdeck.operations.context import Context
from batchdeck.operations.letters import Office, addresses_of, try_sending


@dataclass(frozen=True, slots=True)
class Notifying:
    """Whom messages go to and of what, without anything secret."""

    addresses: tuple[str, ...]
    """What may be shown of each."""
    on: tuple[str, ...]
    quiet_hours: str | None
    time_zone: str
    failure_share: float
    link_base: str | None
    waiting: int
    """How many letters wait to be sent, or for the quiet hours to end."""
    problems: tuple[str, ...] = ()
    """What is wrong with the settings, in words."""


async def send_test(context: Context) -> AsyncGenerator[Event, None]:
    """Send a test message to every address now; the result is a tuple of `Reached`.

    Raises:
        ConfigError: the settings cannot be used.
        UsageError: nobody is to be told.
    """
    office = Office(context)
    if not office.addresses:
        raise UsageError(
            "There is nobody to tell.", hint="Set notify.urls or notify.urls_file (docs/unattended.md)."
        )
    message = office.test_message()
    sent = []
    for address in office.addresses:
        problem = await try_sending(address, message)
        why = problem.message.removeprefix(f"{address.label}: ") if problem is not None else ""
        sent.append(Reached(address.label, why))
    yield Finished(tuple(sent))


def show_notifying(context: Context) -> Notifying:
    """Return whom messages go to and of what. Loads Apprise, to say whether it knows the addresses."""
    notify = context.settings.notify
    labels: list[str] = []
    problems: list[str] = []
    waiting = 0
    try:
        for address in addresses_of(context):
            labels.append(address.label)
            check(address)
    except BatchDeckError as error:
        problems.append(f"{error.message} {error.hint}".strip())
    try:
        office = Office(context)
        office.test_message()
        told = office.file.read()
        waiting = len(told.letters) if told is not None else 0
    except BatchDeckError as error:
        problems.append(f"{error.message} {error.hint}".strip())
    return Notifying(
        addresses=tuple(labels),
        on=notify.on,
        quiet_hours=notify.quiet_hours,
        time_zone=notify.time_zone or "UTC",
        failure_share=notify.failure_share,
        link_base=notify.link_base,
        waiting=waiting,
        problems=tuple(dict.fromkeys(problems)),
    )
