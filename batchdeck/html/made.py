"""Sequences for templates and reports whose items are made when they are asked for, and kept nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")
Item = Mapping[str, Any]


class Made(Sequence[Item], Generic[T]):
    """An item for each of `things`, as `make` makes it."""

    def __init__(self, things: Sequence[T], make: Callable[[T], Item]) -> None:
        self._things = things
        self._make = make

    def __len__(self) -> int:
        return len(self._things)

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | Sequence[Item]:
        if isinstance(index, slice):
            return [self._make(thing) for thing in self._things[index]]
        return self._make(self._things[index])

    def __iter__(self) -> Iterator[Item]:
        return map(self._make, self._things)
