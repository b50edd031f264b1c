"""Whether the terminal is a browser, behind `batchdeck serve`."""

from __future__ import annotations

from collections.abc import Mapping

_VARIABLE = "TEXTUAL_DRIVER"
_DRIVER = "batchdeck.tui.served:ServedDriver"
"""What `batchdeck serve` tells the dashboards it starts to speak through."""


def is_served(environ: Mapping[str, str]) -> bool:
    """Whether the dashboard is shown in a browser."""
    return environ.get(_VARIABLE) == _DRIVER
