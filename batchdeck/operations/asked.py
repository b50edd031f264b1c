"""What a job asks: its recipe as it was when the job was submitted, and the first turns of its pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain

import msgspec

from batchdeck.domain.batches import Job, ranges_of
from batchdeck.domain.planning import Turn
from batchdeck.operations.context import Context
from batchdeck.recipes.recipe import Recipe, load_recipe
from batchdeck.recipes.scaffold import read_files
from batchdeck.store.disk import Disk, storage_failures, write_whole
from batchdeck.store.layout import make_folder


def keep_recipe(context: Context, job: str, reference: str) -> None:
    """Keep a copy of a recipe of the operator's own with the job: retries and judging go by it, whatever
    becomes of the recipe. The shipped ones are kept by the program.

    Raises:
        ConfigError: a file of it cannot be read.
        StorageFailed: the disk did not take it.
    """
    recipe = load_recipe(reference)
    if recipe.is_shipped:
        return
    folder = context.layout.recipe(job) / recipe.name
    with storage_failures("Keeping the recipe in", folder):
        for parent in (context.layout.job(job), folder.parent, folder):
            make_folder(parent)
        for name, text in read_files(reference).items():
            write_whole(Disk(), folder / name, [text.encode()])


def recipe_reference(context: Context, job: Job) -> str:
    """Return how the recipe of a job is loaded."""
    try:
        kept = [folder for folder in context.layout.recipe(job.id).iterdir() if folder.is_dir()]
    except OSError:
        return job.recipe
    return str(kept[0]) if kept else job.recipe


def recipe_of(context: Context, job: Job) -> Recipe:
    """Return the recipe of a job.

    Raises:
        NotFound: it is not there any more.
    """
    return load_recipe(recipe_reference(context, job))


class _Asked(msgspec.Struct):
    """Pages of a job whose ready-made requests ask for the same."""

    model: str
    max_tokens: int
    indices: tuple[tuple[int, int], ...]
    """Ranges of global indices."""


def keep_asks(context: Context, job: str, asks: Mapping[tuple[str, int], list[int]]) -> None:
    """Keep with a job what its ready-made requests ask for.

    Args:
        asks: by model and max_tokens, the global indices of the pages, ascending.
    """
    asked = [_Asked(model, tokens, ranges_of(indices)) for (model, tokens), indices in asks.items()]
    path = context.layout.asked(job)
    with storage_failures("Keeping what is asked in", path):
        make_folder(path.parent)
        write_whole(Disk(), path, [msgspec.json.encode(asked)])


def part_by_request(context: Context, job: Job, turns: Sequence[Turn]) -> list[Turn]:
    """Return turns that go out for the first time, parted by what ready-made requests themselves ask for."""
    path = context.layout.asked(job.id)
    if not path.exists():
        return list(turns)
    parted = []
    for asked in msgspec.json.decode(path.read_bytes(), type=list[_Asked]):
        own = frozenset(chain.from_iterable(range(start, stop) for start, stop in asked.indices))
        for turn in turns:
            indices = tuple(index for index in turn.indices if index in own)
            if indices:
                parted.append(replace(turn, indices=indices, model=asked.model, max_tokens=asked.max_tokens))
    return parted
