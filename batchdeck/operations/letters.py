"""Writing letters and sending them: from tellings to messages in each reader's terms, tried until taken."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import os
import pwd
import socket
import uuid
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from batchdeck.domain.letters import PAUSES, Letter, Message, after_failure, parcels
from batchdeck.domain.places import Machine, deck_command, where_is
from batchdeck.domain.quiet import quiet_until, read_quiet_hours, read_zone
from batchdeck.domain.telling import Telling
from batchdeck.domain.text import show
from batchdeck.errors import ConfigError, NotTold
from batchdeck.notify.addresses import Address, find_addresses
from batchdeck.notify.messages import write_message
from batchdeck.notify.sending import send
from batchdeck.operations.context import Context
from batchdeck.store.told import ToldFile


class Office:
    """Where letters are written, kept and sent for one deck.

    Raises (on making it):
        ConfigError: the file of addresses cannot be used.
    """

    def __init__(self, context: Context, *, pauses: Sequence[float] = PAUSES) -> None:
        notify = context.settings.notify
        self._context = context
        self._pauses = pauses
        self._templates = Path(notify.templates).expanduser() if notify.templates else None
        self._quiet = read_quiet_hours(notify.quiet_hours)
        self._zone = read_zone(notify.time_zone)
        self._machine = Machine(socket.gethostname(), _account(), notify.link_base)
        self.addresses = addresses_of(context)
        self.file = ToldFile(context.layout)
        self.exported: dict[str, Path] = {}
        """Where jobs were exported to other than inside the deck, as far as this process knows."""

    def write(self, telling: Telling) -> list[Letter]:
        """Return a telling as a letter to every address, to be sent now or when the quiet hours are over."""
        now = self._context.now()
        message = self._message(telling.kind, telling.facts)
        waits = None if telling.kind.is_urgent else quiet_until(now, self._quiet, self._zone)
        return [
            Letter(
                id=uuid.uuid4().hex,
                kind=telling.kind,
                address=address.mark,
                message=message,
                at=now,
                due=waits or now,
                is_held=waits is not None,
            )
            for address in self.addresses
        ]

    def test_message(self) -> Message:
        """Return the message of a test.

        Raises:
            ConfigError: the template for it cannot be used.
        """
        notify = self._context.settings.notify
        facts = {
            "on": [kind.replace("_", " ") for kind in notify.on],
            "quiet_hours": notify.quiet_hours,
            "time_zone": notify.time_zone or "UTC",
            "exports": self._where(self._context.layout.exports),
        }
        return write_message("test", self._values(facts), self._templates)

    async def send_due(self) -> dt.datetime | None:
        """Send what is due; return when the next letter is, None when none is left.

        A letter that was not taken waits for its next attempt; after the last one it is given up, and the
        audit log says so. While another process sends, nothing is done here.
        """
        with self.file.sending() as may_send:
            if not may_send:
                return None
            told = await asyncio.to_thread(self.file.read)
            for parcel in parcels(told.letters if told is not None else (), self._context.now()):
                await _undisturbed(self._send(parcel))
        told = await asyncio.to_thread(self.file.read)
        return min((letter.due for letter in told.letters), default=None) if told is not None else None

    async def _send(self, parcel: tuple[Letter, ...]) -> None:
        address = next((a for a in self.addresses if a.mark == parcel[0].address), None)
        problem: NotTold | None = None
        if address is not None:
            problem = await try_sending(address, self._parcel_message(parcel))
        # An address that is no longer among the settings gets nothing any more.
        await asyncio.to_thread(self._note, parcel, problem)

    def _note(self, parcel: tuple[Letter, ...], problem: NotTold | None) -> None:
        now = self._context.now()
        left = [
            later
            for letter in parcel
            if problem is not None and (later := after_failure(letter, now, self._pauses)) is not None
        ]
        gone = {letter.id for letter in parcel}
        with self.file.changing(now) as told:
            told.letters = [letter for letter in told.letters if letter.id not in gone] + left
        if problem is not None and not left:
            kinds = ", ".join(dict.fromkeys(letter.kind for letter in parcel))
            self._context.audit.append("not told", what=kinds, reason=problem.message)

    def _parcel_message(self, parcel: tuple[Letter, ...]) -> Message:
        if len(parcel) == 1:
            return parcel[0].message
        messages = [
            {"at": letter.at, "title": letter.message.title, "body": letter.message.body} for letter in parcel
        ]
        return self._message("digest", {"messages": messages})

    def _message(self, name: str, facts: Mapping[str, object]) -> Message:
        values = self._values(facts)
        try:
            return write_message(name, values, self._templates)
        except ConfigError as error:
            if self._templates is None:
                raise
            # What happened is told all the same, and so is why it looks otherwise than asked for.
            message = write_message(name, values)
            return Message(message.title, f"{message.body}\n\n(A template was not used: {error.message})")

    def _values(self, facts: Mapping[str, object]) -> dict[str, object]:
        layout = self._context.layout

        def command(*words: str) -> str:
            return deck_command(layout.root, *words)

        values: dict[str, object] = {name: self._local(value) for name, value in facts.items()}
        if job := facts.get("job_id"):
            export = self.exported.get(str(job)) or layout.export(str(job))
            values["export"] = self._where(export) if export.is_dir() else None
        return values | {
            "at": self._context.now().astimezone(self._zone),
            "command": command,
            "deck": show(str(layout.root), 300),
            "host": show(self._machine.host, 100),
        }

    def _local(self, value: object) -> object:
        if isinstance(value, dt.datetime):
            return value.astimezone(self._zone)
        if isinstance(value, list):
            return [self._local(item) for item in value]
        if isinstance(value, dict):
            return {name: self._local(item) for name, item in value.items()}
        return value

    def _where(self, path: Path) -> dict[str, str]:
        return dataclasses.asdict(where_is(path, self._context.layout.exports, self._machine))


async def try_sending(address: Address, message: Message) -> NotTold | None:
    """Send a message to one address; return why it was not taken, or None when it was."""
    try:
        await asyncio.to_thread(send, address, message)
    except NotTold as error:
        return error
    except Exception as error:
        # The plug-in of some service failed in its own way: a reason like any other, whose text may hold
        # the address.
        return NotTold(f"{address.label}: {type(error).__name__}.", hint="Try it with: batchdeck notify test")
    return None


async def _undisturbed(sending: Coroutine[Any, Any, None]) -> None:
    """Send and note it, also when this task is cancelled meanwhile: it would be sent again otherwise."""
    task = asyncio.ensure_future(sending)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


def addresses_of(context: Context) -> tuple[Address, ...]:
    """Return the addresses of the settings.

    Raises:
        ConfigError: the file of addresses cannot be used, or one of them is none.
    """
    notify = context.settings.notify
    return find_addresses(notify.urls, Path(notify.urls_file).expanduser() if notify.urls_file else None)


def _account() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
