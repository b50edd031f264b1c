"""What a served dashboard is started with: its command, and of this process's environment what it needs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DRIVER = "batchdeck.tui.served:ServedDriver"
_KEPT = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR"),
        *("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH"),
    }
)
"""What any program needs to find its files and to write text and times."""
_KEPT_PREFIXES = ("LC_", "XDG_")
_SETTINGS_PREFIX = "BATCHDECK_"
_PRIVATE_SETTINGS = ("BATCHDECK_NOTIFY_",)
"""Settings that may hold passwords, and that only a dashboard that polls has a use for."""
_CALLING = frozenset(
    {
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
        *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR"),
    }
)
"""What reaching the API takes, beside its own variables."""
_CALLING_PREFIX = "ANTHROPIC_"
_ADDRESS = "ANTHROPIC_BASE_URL"
"""Which API a deck belongs to: no secret, and needed to open it."""


@dataclass(frozen=True, slots=True)
class DashboardCommand:
    """A dashboard over one deck, as the server starts it for each browser tab.

    `calls_api` says whether it will speak to the API with the operator's key: a read-only one never does, and
    a sandbox has a key of its own.
    """

    deck: Path
    write: bool
    calls_api: bool
    sandbox: bool = False
    base_url: str | None = None
    profile: str | None = None

    @property
    def arguments(self) -> tuple[str, ...]:
        """The command line. Nothing of it comes from a browser, and nothing is imported from where the server
        happens to have been started (`-P`), unless BatchDeck itself lies there."""
        is_here = Path(__file__).parents[2] == Path.cwd()
        return (
            *(sys.executable, *(() if is_here else ("-P",)), "-m", "batchdeck"),
            *("--deck", str(self.deck)),
            *(() if self.write else ("--read-only",)),
            *(("--sandbox",) if self.sandbox else ()),
            *(("--base-url", self.base_url) if self.base_url else ()),
            *(("--profile", self.profile) if self.profile else ()),
        )

    def environment(self, environ: Mapping[str, str], *, width: int, height: int) -> dict[str, str]:
        """Return what the process gets of `environ`, with what says that its terminal is a browser.

        `width` and `height` are in cells.
        """
        kept = {name: value for name, value in environ.items() if self._is_needed(name)}
        return kept | {
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "TEXTUAL_DRIVER": DRIVER,
            "TEXTUAL_COLOR_SYSTEM": "truecolor",
            "COLUMNS": str(width),
            "ROWS": str(height),
        }

    def _is_needed(self, name: str) -> bool:
        if name in _KEPT or name == _ADDRESS or name.startswith(_KEPT_PREFIXES):
            return True
        if self.calls_api and (name in _CALLING or name.startswith(_CALLING_PREFIX)):
            return True
        if self.write and name.startswith(_PRIVATE_SETTINGS):
            return True
        return name.startswith(_SETTINGS_PREFIX) and not name.startswith(_PRIVATE_SETTINGS)
