"""How the property tests run: no example is judged by the clock, and a failure prints how to repeat it.

Every run tries the same examples, so that a change is never failed by what it did not touch. New ones are
looked for on purpose: ``pytest --hypothesis-profile explore``.
"""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("batchdeck", deadline=None, print_blob=True, derandomize=True)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile("batchdeck")
