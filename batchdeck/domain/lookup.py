"""Finding the one thing an operator means by an id, a part of it, or a name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from batchdeck.domain.text import show
from batchdeck.errors import NotFound

T = TypeVar("T")


def find_one(name: str, things: Iterable[T], names_of: Callable[[T], tuple[str, ...]], *, what: str) -> T:
    """Return the thing that goes by `name`: exactly, else as the only one whose name begins or ends so.

    Args:
        names_of: the names a thing goes by, its id first.
        what: what the things are, for the error ("job", "batch").

    Raises:
        NotFound: none, or more than one, goes by that.
    """
    things = list(things)
    exact = [thing for thing in things if name in names_of(thing)]
    if len(exact) == 1:
        return exact[0]
    candidates = exact or [
        thing
        for thing in things
        if name and any(n.startswith(name) or n.endswith(name) for n in names_of(thing))
    ]
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise NotFound(
            f"No {what} goes by “{show(name, 80)}”.", hint="See `batchdeck ls` and `batchdeck jobs`."
        )
    ids = ", ".join(names_of(thing)[0] for thing in candidates[:4])
    raise NotFound(
        f"“{show(name, 80)}” fits {len(candidates)} of them: {ids} …", hint=f"Write more of the {what}'s id."
    )
