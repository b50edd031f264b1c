"""Figures: the picture cut from the page by its box, with its description."""

from __future__ import annotations

from collections.abc import Callable

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in thousandths of the page, from its top left corner."""

Crop = Callable[[int, Box], bytes | None]
"""Cuts a box out of a 1-based page of the document; PNG bytes, or None where it cannot."""
