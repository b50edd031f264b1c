"""How one sandbox behaves: its limits, its tempo, its keys. Read once at the start; no state lives here."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Limits:
    """What the API takes. "MB" is read as 10^6, the smaller reading.

    Source: the public API reference (1 to 100,000 requests or 256 MB a batch, 32 MB and 600 PDF pages a
    request); 300,000 queued requests is the middle tier of the public rate limits, and 20,000 calls a minute
    what responses have been seen to announce.
    """

    requests: int = 100_000
    body_bytes: int = 256_000_000
    request_bytes: int = 32_000_000
    pdf_pages: int = 600
    queued_requests: int = 300_000
    calls_per_minute: int = 20_000
    """0 means that calls are not limited."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One sandbox's choices. Seconds are seconds of the sandbox's own clock unless a field says otherwise."""

    seed: int = 0
    """Decides every choice that looks like chance. Same seed, same behaviour."""
    speed: float | None = None
    """How fast its clock runs against the real one; None keeps what the state remembers (1 at first)."""
    batch_seconds: float = 4.0
    """How long a batch of 60 rows or more takes; smaller ones end sooner."""
    cancel_seconds: float = 1.0
    """How long a cancelled batch stays `canceling`."""
    keys: tuple[str, ...] = ()
    """Keys it takes; empty for the one the state folder keeps."""
    faults: Path | None = None
    """TOML file that says what goes wrong, or None."""
    workers: int = 2
    """Processes that read and answer requests."""
    body_timeout: float = 60.0
    """Real seconds a request body may stall."""
    limits: Limits = field(default_factory=Limits)

    def as_arguments(self) -> list[str]:
        """Return the command line of ``python -m batchdeck.sandbox`` that makes the same choices; of the
        limits, only the rate of calls can be given there."""
        arguments = [f"--seed={self.seed}", f"--batch-seconds={float(self.batch_seconds)}"]
        arguments += [f"--cancel-seconds={float(self.cancel_seconds)}", f"--workers={self.workers}"]
        arguments += [f"--calls-per-minute={self.limits.calls_per_minute}"]
        arguments += [f"--key={key}" for key in self.keys]
        if self.speed is not None:
            arguments.append(f"--speed={self.speed}")
        if self.faults is not None:
            arguments.append(f"--faults={self.faults}")
        return arguments

    def duration(self, rows: int) -> float:
        """Return how many seconds a batch of `rows` takes before jitter."""
        return self.batch_seconds * (0.25 + 0.75 * min(1.0, rows / 60))
