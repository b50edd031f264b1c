"""A systemd user unit and a cron line that watch a deck: their text, quoted as each reads it."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from batchdeck.errors import UsageError

_UNIT = """\
# Made by `batchdeck service`. No password or key belongs in here: see docs/unattended.md.
[Unit]
Description=BatchDeck watches {deck}
Documentation=https://github.com/batchdeck/batchdeck
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart=:{command}
{environment}Restart=on-failure
RestartSec=60
# Wrong use and a deck that cannot be used stay so until somebody acts; Ctrl-C and SIGTERM are no failures.
RestartPreventExitStatus=2 3
SuccessExitStatus=130
WatchdogSec=300
KillMode=mixed
TimeoutStopSec=90
UMask=0077

# What a user's service manager can take away without namespaces of its own, which many kernels refuse it.
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native

[Install]
WantedBy=default.target
"""
_EVERY = "*/10 * * * *"


@dataclass(frozen=True, slots=True)
class ServiceUnit:
    """How a deck is watched without anybody."""

    name: str
    """``batchdeck-….service``: by the deck's folder and, so that no two decks share one, its path."""
    text: str
    cron: str
    """One line for `crontab -e`: a round every ten minutes. Rounds that overlap do not collide: the deck's
    own lock lets one process poll, and another ends at once."""


@dataclass(frozen=True, slots=True)
class Service:
    """A deck's service and where it belongs."""

    unit: ServiceUnit
    path: Path
    """Where the unit is, or would be, installed."""
    installed: str | None
    """What is installed there; None for nothing."""
    warnings: tuple[str, ...]
    """What the service will lack."""

    @property
    def is_current(self) -> bool:
        return self.installed == self.unit.text


def make_service(
    interpreter: str, deck: Path, options: Sequence[str], environment: Mapping[str, str], log: Path
) -> ServiceUnit:
    """Return the unit and the cron line for a deck.

    Args:
        interpreter: absolute path of the Python that has BatchDeck.
        deck: the deck's folder, absolute.
        options: options of the command line's root besides ``--deck``.
        environment: variables that are no secrets.
        log: where rounds from cron are logged.

    Raises:
        UsageError: a path or value holds characters that neither file can hold.
    """
    for text in (interpreter, str(deck), str(log), *options, *environment.values()):
        if not text.isprintable():
            raise UsageError(
                "A path or a setting holds a line break or another character that no unit file can hold.",
                hint="Choose a deck folder whose path can be typed.",
            )
    words = [interpreter, "-m", "batchdeck", "--deck", str(deck), *options]
    unit = _UNIT.format(
        deck=str(deck).replace("%", "%%"),
        command=" ".join(map(_quoted, [*words, "watch", "--log", "-"])),
        environment="".join(f"Environment={_quoted(f'{k}={v}')}\n" for k, v in sorted(environment.items())),
    )
    pairs = [f"{name}={shlex.quote(value)}" for name, value in sorted(environment.items())]
    line = " ".join([*pairs, shlex.join([*words, "watch", "--once", "--log", str(log)])])
    return ServiceUnit(_name(deck), unit, f"{_EVERY} {line.replace('%', chr(92) + '%')}")


def _name(deck: Path) -> str:
    stem = re.sub(r"[^A-Za-z0-9_.]+", "-", deck.name).strip("-.")[:40] or "deck"
    return f"batchdeck-{stem}-{hashlib.sha256(str(deck).encode()).hexdigest()[:6]}.service"


def _quoted(word: str) -> str:
    """Quote a word as systemd.syntax(7) has it. The colon before the command keeps ``$`` as it is."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return escaped if re.fullmatch(r"[A-Za-z0-9_./:=@%+,-]+", word) else f'"{escaped}"'
