"""A job's plan: written once and whole, read back page by page, damage named by its line."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest

from batchdeck.domain.documents import Page, Sha256
from batchdeck.errors import DeckDamaged, NotFound, StorageFailed
from batchdeck.store.layout import DeckLayout
from batchdeck.store.plans import read_plan, write_plan
from tests.unit.store.faulty import FaultyDisk, no_space

PAGES = [
    Page(0, Sha256("aa" * 32), 3, "iii"),
    Page(1, Sha256("aa" * 32), 4, "4"),
    Page(2, Sha256("bb" * 32), 1, "A-1"),
    Page(3, Sha256("bb" * 32), 7, "☃\N{RIGHT-TO-LEFT OVERRIDE}"),
    Page(4, Sha256("aa" * 32), 9, "iii"),
]


def test_pages_come_back_as_they_were_written(layout: DeckLayout) -> None:
    assert write_plan(layout, "j1", PAGES) == 5
    plan = read_plan(layout, "j1")
    assert [plan.page(index) for index in range(len(plan))] == PAGES
    assert len(layout.pages("j1").read_bytes().splitlines()) == 5


@pytest.mark.parametrize("index", [-1, 5, 10**9])
def test_a_page_that_the_job_does_not_have_is_not_found(layout: DeckLayout, index: int) -> None:
    write_plan(layout, "j1", PAGES)
    with pytest.raises(NotFound, match="has 5"):
        read_plan(layout, "j1").page(index)


def test_a_job_without_a_plan_is_not_found(layout: DeckLayout) -> None:
    with pytest.raises(NotFound):
        read_plan(layout, "j1")


@pytest.mark.parametrize("pages", [PAGES[1:], [PAGES[0], PAGES[0]], [*PAGES[:2], PAGES[3]]])
def test_indices_run_from_0_without_a_gap(layout: DeckLayout, pages: list[Page]) -> None:
    with pytest.raises(ValueError, match="in the place of"):
        write_plan(layout, "j1", pages)
    assert list(layout.job("j1").iterdir()) == []


def test_a_full_disk_leaves_no_plan(layout: DeckLayout) -> None:
    for at in range(1, 5):
        with pytest.raises(StorageFailed):
            write_plan(layout, "j1", PAGES, disk=FaultyDisk(at, no_space, tear=0.5))
        assert list(layout.job("j1").iterdir()) == []


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (lambda lines: [*lines[:2], lines[2][:-20]], 3),
        (lambda lines: [lines[0], *lines[2:]], 2),
        (lambda lines: [lines[0], b"{}\n", *lines[2:]], 2),
        (lambda lines: [b"\xff\n", *lines[1:]], 1),
        (lambda lines: [lines[0], b"\n", *lines[1:]], 2),
        (lambda lines: [lines[0], lines[1].strip() + lines[2], b"\n", *lines[3:]], 2),
        (lambda lines: [lines[0], lines[1].replace(b'"page":4', b'"page":-4')], 2),
    ],
)
def test_damage_is_named_by_its_line(layout: DeckLayout, damage: object, line: int) -> None:
    write_plan(layout, "j1", PAGES)
    path = layout.pages("j1")
    assert callable(damage)
    path.write_bytes(b"".join(damage(path.read_bytes().splitlines(keepends=True))))
    with pytest.raises(DeckDamaged, match=f"line {line}:"):
        read_plan(layout, "j1")


def test_a_plan_takes_a_few_bytes_a_page(layout: DeckLayout) -> None:
    count = 20_000

    def pages() -> Iterator[Page]:
        return (Page(index, PAGES[0].document, index + 1, str(index + 1)) for index in range(count))

    write_plan(layout, "j1", pages())
    tracemalloc.start()
    plan = read_plan(layout, "j1")
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(plan) == count
    assert kept < 16 * count
