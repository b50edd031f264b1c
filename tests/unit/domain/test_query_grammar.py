"""What single filters mean, and what is said of those that mean nothing."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping

import pytest

from batchdeck.domain.query import FieldKind, SortKey, parse
from batchdeck.errors import FilterError, UsageError

FIELDS: Mapping[str, FieldKind] = {
    "document": FieldKind.TEXT,
    "why": FieldKind.TEXT,
    "status": FieldKind.ENUM,
    "archived": FieldKind.FLAG,
    "page": FieldKind.NUMBER,
    "recall": FieldKind.NUMBER,
    "cost": FieldKind.MONEY,
    "size": FieldKind.BYTES,
    "age": FieldKind.DURATION,
    "created": FieldKind.TIME,
}
ROW: Mapping[str, object] = {
    "document": "Lease (2019) a|b, final.pdf",
    "why": None,
    "status": "in doubt",
    "archived": False,
    "page": 12,
    "recall": 0.614,
    "cost": 0.2134,
    "size": 1_540_000,
    "age": dt.timedelta(days=3, hours=5),
    "created": dt.datetime(2026, 11, 21, 14, 30, 20, tzinfo=dt.UTC),
}


def meets(text: str, **changes: object) -> bool:
    row = {**ROW, **changes}
    return parse(text, FIELDS).matches(row.__getitem__)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "lease",
        "LEASE doubt",
        "lease AND doubt",
        "lease | nothing",
        "nothing OR lease",
        '"lease (2019)"',
        "(2019)",
        "lease (nothing | doubt)",
        "!nothing",
        "!!lease",
        "!(lease nothing)",
        "! nothing lease",
        "document:lease",
        "Document:LEASE",
        "document:nothing,lease",
        'document="lease (2019) a|b, final.PDF"',
        'document:"a|b, final"',
        "document!=lease",
        "document:*",
        "!why:*",
        "why!=x",
        'why=""',
        "status:in_doubt",
        "status:IN-DOUBT",
        'status:failed,"in doubt"',
        "archived:no",
        "archived:*",
        "page:12",
        "page=12",
        "page:3,12",
        "page:10..12",
        "page>11.5 page>=12 page<=12 page<13",
        "page:>11",
        "recall<80%",
        "recall:61%",
        "recall:0.5..0.7",
        "cost:0.21",
        "cost:$0.2",
        "cost>0.2",
        "size:1.5MB",
        "size>1500kB size<1.5MiB",
        "age>2h age>3d age<1w",
        "age:3d",
        "age>76:59",
        "age:77h",
        "created:2026-11-21",
        "created>2026-11-20 created<=2026-11-21 created<2026-11-22",
        "created>=2026-11-21T14:30 created:2026-11-21T14:30",
        "created=2026-11-21T15:30:20+01:00",
        "created:2026-11-01..2026-11-30",
        "~lsepdf",
        "document:~l9f",
        "/^lease.*pdf$/",
        r"document:/\(\d{4}\)/",
        "document:/(lease|annex)/,x",
        "sort:-cost",
    ],
)
def test_the_row_meets(text: str) -> None:
    assert meets(text)


@pytest.mark.parametrize(
    "text",
    [
        "nothing",
        "lease nothing",
        "!lease",
        "! lease",
        "! lease | nothing",
        "!(lease | nothing)",
        "why:*",
        "document=lease",
        "status:doubt",
        "status=in",
        "archived:yes",
        "page:1",
        "page:121",
        "page>12",
        "page!=12",
        "cost:0.22",
        "cost>0.2134",
        "age:4d",
        "age<3d",
        "age:0",
        "created>2026-11-21",
        "created:2026-11-20",
        "created>2026-11-21T14:30",
        "~fdp",
        "/^ease/",
    ],
)
def test_the_row_does_not_meet(text: str) -> None:
    assert not meets(text)


def test_what_has_no_value_is_neither_more_nor_less() -> None:
    for text in ("cost>0", "cost<=0", "cost:0", "cost:*"):
        assert not meets(text, cost=None)
        assert not meets(text, cost=math.nan)
        assert meets("!" + text, cost=None)


def test_what_is_neither_yes_nor_no_is_neither() -> None:
    assert not meets("archived:no", archived=None)
    assert not meets("archived:yes", archived=None)


def test_accents_may_be_written_either_way() -> None:
    assert meets("café", document="cafe\u0301.pdf")
    assert meets("cafe\u0301", document="CAFÉ.pdf")
    assert meets("STRASSE", document="straße")


def test_a_negative_duration_is_compared() -> None:
    assert meets("age<0 age>-2h", age=dt.timedelta(hours=-1))


@pytest.mark.parametrize("word", ["/home/ann", "report(1).pdf", "12:30", "-x", '5"', "OR1", ","])
def test_a_word_with_signs_in_it_is_a_word(word: str) -> None:
    assert meets(word, document=f"x {word} y")
    assert not meets(word, document="xy")


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("cots>1", 0, "“cots” is not a field"),
        ("lease http://x", 6, "“http” is not a field"),
        ("document:", 9, "needs a value"),
        ("document: x", 9, "needs a value"),
        ("status:a,", 9, "nothing to look for"),
        ('"open', 0, "not closed"),
        ('"a"b', 3, "space is missing"),
        ("(a", 0, "not closed"),
        ("a )", 2, "closes nothing"),
        ("a ()", 2, "nothing between"),
        ("a |", 3, "missing"),
        ("| a", 0, "missing"),
        ("a | | b", 4, "missing"),
        ("a AND", 5, "missing"),
        ("a ! b", 2, "stands directly before"),
        ("a !", 2, "stands directly before"),
        ("~", 1, "nothing to look for"),
        ('""', 0, "nothing to look for"),
        ("document>a", 0, "cannot be compared"),
        ("archived:maybe", 9, "yes or no"),
        ("page:x", 5, "not a number"),
        ("page>1,2", 6, "takes one value"),
        ("page>1..2", 5, "range goes with a colon"),
        ("page:9..1", 5, "not a number"),
        ("page=*", 5, "goes with a colon"),
        ("document=/x/", 9, "before a pattern"),
        ("age>90", 4, "not a duration"),
        ("age>1h:30", 4, "not a duration"),
        ("created>yesterday", 8, "not a time"),
        ("created>2026-02-30", 8, "not a time"),
        ("created:9999-12-31", 8, "not a time"),
        ("/(a+)+/", 0, "for ever"),
        ("/[/", 0, "not a regular expression"),
        ("sort:cots", 5, "not a field"),
        ("sort:", 5, "nothing to look for"),
        ("sort:cost,-cost", 11, "already"),
        ("(sort:cost)", 1, "by itself"),
        ("!sort:cost", 1, "by itself"),
        ("x" * 2_001, 2_000, "at most 2,000"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, position: int, says: str) -> None:
    with pytest.raises(FilterError, match=says) as refusal:
        parse(text, FIELDS)
    assert refusal.value.position == position
    assert f"(at character {position + 1})" in refusal.value.message
    assert isinstance(refusal.value, UsageError)


def test_the_nearest_field_is_named() -> None:
    with pytest.raises(FilterError) as refusal:
        parse("docment:x", FIELDS)
    assert "“document”" in refusal.value.hint


def test_the_place_of_a_sign_is_right_although_nothing_is_near_it() -> None:
    with pytest.raises(FilterError) as refusal:
        parse("zzz:1", FIELDS)
    assert "Fields: document, why" in refusal.value.hint


def test_sort_keys_are_apart_from_the_condition() -> None:
    query = parse("sort:-cost,page lease", FIELDS)
    assert query.sort == (SortKey("cost", descending=True), SortKey("page"))
    assert str(query) == "lease sort:-cost,page"
    assert parse("sort:page", FIELDS).condition is None


def test_inverting_leaves_the_order_and_an_empty_filter_alone() -> None:
    query = parse("lease sort:page", FIELDS)
    assert str(query.inverted()) == "!lease sort:page"
    assert query.inverted().inverted() == query
    empty = parse("", FIELDS)
    assert empty.inverted() == empty


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("lease", ["Lease"]),
        ("a", ["a", "a", "a"]),
        ("lea eas", ["Leas"]),
        ("document:2019,final", ["2019", "final"]),
        ("/[0-9]+/", ["2019"]),
        ("~lpdf", ["L", "pdf"]),
        ("!lease", []),
        ("why:lease", []),
        ('document="lease (2019) a|b, final.pdf"', ["Lease (2019) a|b, final.pdf"]),
    ],
)
def test_what_was_looked_for_is_marked(text: str, marked: list[str]) -> None:
    value = "Lease (2019) a|b, final.pdf"
    spans = parse(text, FIELDS).spans("document", value)
    assert [value[start:stop] for start, stop in spans] == marked


def test_marks_fall_on_whole_characters() -> None:
    text = "xCAFE\u0301y"
    assert parse("é", FIELDS).spans("document", text) == ((4, 6),)
    assert parse("ss", FIELDS).spans("document", "Straße") == ((4, 5),)


def test_where_characters_melt_together_all_is_marked_rather_than_the_wrong_part() -> None:
    text = "\u0dd9\u0dcfx"
    assert parse("x", FIELDS).spans("document", text) == ((0, 3),)


def test_a_word_of_a_small_vocabulary_is_marked_only_as_a_whole() -> None:
    assert parse("status:in_doubt", FIELDS).spans("status", "in doubt") == ((0, 8),)
    assert parse("status:in", FIELDS).spans("status", "in doubt") == ()
    assert parse("in", FIELDS).spans("status", "in doubt") == ((0, 2),)
