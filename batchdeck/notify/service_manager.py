"""Telling the service manager that all is well: systemd's notification protocol, as sd_notify(3) has it."""

from __future__ import annotations

import contextlib
import os
import socket


def tell_manager(*states: str) -> None:
    """Send states like ``READY=1`` to the service manager; without one, do nothing."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    # A manager that went away, or does not listen, is no reason to stop or to wait.
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
        link.setblocking(False)
        link.connect("\0" + address[1:] if address.startswith("@") else address)
        link.sendall("\n".join(states).encode())


def watchdog_seconds() -> float | None:
    """Return within how many seconds the manager wants to hear from this process; None for not at all."""
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    try:
        return int(os.environ.get("WATCHDOG_USEC", "")) / 1e6 or None
    except ValueError:
        return None
