"""The sandbox's clock: real time, run faster or pushed forward, that never runs backwards."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from batchdeck.errors import DeckDamaged
from batchdeck.sandbox.files import write_whole


class _Anchor(msgspec.Struct):
    real: float
    simulated: float
    speed: float


class Clock:
    """Simulated time = an anchor + `speed` x the real seconds since it. The anchor lives in a file, so time
    goes on while nobody serves the state.

    Args:
        path: file of the anchor; made when it does not exist.
        speed: how fast time runs from now on; None keeps the speed of the file, or 1.
        real: seconds since the epoch; real time unless a test says otherwise.

    Raises:
        DeckDamaged: the file is not an anchor.
    """

    def __init__(
        self, path: Path, *, speed: float | None = None, real: Callable[[], float] = time.time
    ) -> None:
        self._path = path
        self._real = real
        self.changed = asyncio.Event()
        """Set and replaced whenever time jumps or changes its speed; sleepers wait for it."""
        now = real()
        self._anchor = self._load(now)
        self._latest = self._anchor.simulated
        self._turn(self._simulated(now), self._anchor.speed if speed is None else speed)

    def _load(self, now: float) -> _Anchor:
        if not self._path.exists():
            return _Anchor(real=now, simulated=now, speed=1.0)
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=_Anchor)
        except msgspec.MsgspecError as error:
            raise DeckDamaged(
                f"{self._path} is not the clock of a sandbox.", hint="Remove the sandbox's folder."
            ) from error

    @property
    def speed(self) -> float:
        return self._anchor.speed

    def _simulated(self, real: float) -> float:
        elapsed = max(0.0, real - self._anchor.real)
        self._latest = max(self._latest, self._anchor.simulated + elapsed * self._anchor.speed)
        return self._latest

    def _turn(self, simulated: float, speed: float) -> None:
        self._anchor = _Anchor(real=self._real(), simulated=simulated, speed=speed)
        write_whole(self._path, msgspec.json.encode(self._anchor))
        woken, self.changed = self.changed, asyncio.Event()
        woken.set()

    def now(self) -> dt.datetime:
        """Return the sandbox's time, in UTC."""
        return dt.datetime.fromtimestamp(self._simulated(self._real()), dt.UTC)

    def not_before(self, moment: dt.datetime) -> None:
        """Make sure that time is at least `moment` (a stamp already given out)."""
        if self.now() < moment:
            self._turn(moment.timestamp(), self.speed)
            self._latest = max(self._latest, moment.timestamp())

    def advance(self, seconds: float) -> None:
        """Push time forward by `seconds` of its own."""
        self._turn(self._simulated(self._real()) + max(0.0, seconds), self.speed)

    def run_at(self, speed: float) -> None:
        """Let time run `speed` times as fast as real time from now on."""
        self._turn(self._simulated(self._real()), speed)

    def real_seconds_until(self, moment: dt.datetime) -> float:
        """Return the real seconds left until `moment` at today's speed; infinite when time stands."""
        left = (moment - self.now()).total_seconds()
        if left <= 0:
            return 0.0
        return left / self.speed if self.speed > 0 else float("inf")

    async def wait_until(self, moment: dt.datetime) -> None:
        """Return once the sandbox's time has reached `moment`, however time is moved meanwhile."""
        while (left := self.real_seconds_until(moment)) > 0:
            changed = self.changed
            try:
                await asyncio.wait_for(changed.wait(), min(left, 3600.0))
            except TimeoutError:
                continue
