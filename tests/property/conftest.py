"""How the property tests run: no example is judged by the clock, and a failure prints how to repeat it."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("batchdeck", deadline=None, print_blob=True)
settings.load_profile("batchdeck")
