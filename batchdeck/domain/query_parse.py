"""Reading a filter: from what was typed to conditions and sort keys, with errors that say where."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import NoReturn

from batchdeck.domain.query_literals import EXAMPLES, is_range, read_quantity
from batchdeck.domain.query_regex import compile_regex
from batchdeck.domain.query_terms import (
    Anything,
    Condition,
    FieldKind,
    Fuzzy,
    Operator,
    Regex,
    SortKey,
    Term,
    Truth,
    Value,
    Word,
    all_of,
    any_of,
    inverse,
)
from batchdeck.domain.text import show
from batchdeck.errors import FilterError

LONGEST_FILTER = 2_000
DEEPEST_NESTING = 40
SORT = "sort"

_FIELD = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*)(!=|:?>=|:?<=|:?>|:?<|[:=])")
_SPACE = re.compile(r"\s*")
_KEYWORD = re.compile(r"(OR|AND)(?=[\s()|]|$)")
_OR = re.compile(r"\||OR(?=[\s()|]|$)")
_BOUNDARY = re.compile(r"[\s,|)]|$")
_QUOTED = re.compile(r'"((?:\\.|[^"\\])*)"', re.DOTALL)
# A slash at the end of a word, so that a path like /home/ann is a word and not half an expression.
_REGEX = re.compile(r"/((?:\\\S|[^\s\\])+?)/(?=[\s,|)]|$)")
_ESCAPE = re.compile(r'\\(["\\])')
_YES, _NO = frozenset({"yes", "true", "y", "1"}), frozenset({"no", "false", "n", "0"})


class FilterParser:
    """One pass over one filter's text.

    Args:
        fields: the columns that may be named, in lower case, with what they hold.
    """

    def __init__(self, text: str, fields: Mapping[str, FieldKind]) -> None:
        self._text = text
        self._fields = fields
        self._at = 0
        self._depth = 0
        self.sort: list[SortKey] = []

    def parse(self) -> Condition | None:
        """Return the condition, or None where there is none; `sort` holds the sort keys afterwards.

        Raises:
            FilterError: the text is no filter.
        """
        if len(self._text) > LONGEST_FILTER:
            self._fail(f"A filter has at most {LONGEST_FILTER:,} characters.", at=LONGEST_FILTER)
        self._skip_space()
        is_inverted = re.match(r"!(\s|$)", self._text[self._at :]) is not None
        if is_inverted:
            self._at += 1
        self._skip_space()
        if self._at == len(self._text):
            return None
        condition = self._any_of()
        if self._at < len(self._text):
            self._fail("This “)” closes nothing.", hint='Quote it to search for it: ")".')
        if condition is None:
            return None
        return inverse(condition) if is_inverted else condition

    def _any_of(self) -> Condition | None:
        start = self._at
        choices: list[Condition] = []
        while True:
            condition = self._all_of()
            separator = _OR.match(self._text, self._at)
            if condition is None and (choices or separator is not None):
                self._fail("A condition is missing beside “|”.", at=start if not choices else self._at)
            if condition is None:
                return None
            choices.append(condition)
            if separator is None:
                return any_of(choices)
            self._at = separator.end()

    def _all_of(self) -> Condition | None:
        conditions: list[Condition] = []
        while True:
            self._skip_space()
            keyword = _KEYWORD.match(self._text, self._at)
            if keyword is not None and keyword[1] == "AND" and conditions:
                self._at = keyword.end()
                self._skip_space()
                if self._at_end_of_group():
                    self._fail("A condition is missing after “AND”.")
                continue
            if self._at_end_of_group():
                return all_of(conditions) if conditions else None
            condition = self._negatable()
            if condition is not None:
                conditions.append(condition)

    def _at_end_of_group(self) -> bool:
        return (
            self._at == len(self._text)
            or self._text[self._at] == ")"
            or _OR.match(self._text, self._at) is not None
        )

    def _negatable(self) -> Condition | None:
        """Read one condition with the exclamation marks before it; None for a sort key."""
        start = self._at
        while self._peek() == "!":
            self._at += 1
        is_inverted = (self._at - start) % 2 == 1
        if self._at > start and (self._at_end_of_group() or self._peek().isspace()):
            self._fail("“!” stands directly before what it excludes.", at=start)
        if self._peek() == "(":
            condition: Condition | None = self._group()
        else:
            condition = self._term(is_plain=self._at == start and self._depth == 0)
        if condition is None:
            return None
        return inverse(condition) if is_inverted else condition

    def _group(self) -> Condition:
        opened = self._at
        self._depth += 1
        if self._depth > DEEPEST_NESTING:
            self._fail(f"Parentheses are nested more than {DEEPEST_NESTING} deep.")
        self._at += 1
        condition = self._any_of()
        if self._peek() != ")":
            self._fail("This “(” is not closed.", at=opened, hint='Quote it to search for it: "(".')
        if condition is None:
            self._fail("There is nothing between these parentheses.", at=opened)
        self._at += 1
        self._depth -= 1
        return condition

    def _term(self, *, is_plain: bool) -> Condition | None:
        named = _FIELD.match(self._text, self._at)
        if named is None:
            return Term(None, Operator.HAS, (self._text_value(in_list=False),))
        start, field = self._at, named[1].lower()
        self._at = named.end()
        if field == SORT:
            self._sort_keys(start, is_plain=is_plain)
            return None
        kind = self._fields.get(field)
        if kind is None:
            self._fail(f"“{show(named[1], 40)}” is not a field here.", at=start, hint=self._nearest(field))
        is_inverted = named[2] == "!="
        operator = Operator.IS if is_inverted else Operator(named[2][-2:].lstrip(":") or ":")
        if operator.is_comparison and not kind.is_quantity:
            self._fail(f"“{field}” cannot be compared: it is {kind.value}. Use : or =.", at=start)
        if _BOUNDARY.match(self._text, self._at) and self._peek() != ",":
            self._fail(f"“{field}{named[2]}” needs a value.", hint=f"{field}:* finds what has any value.")
        values = [self._value(field, kind, operator)]
        while self._peek() == ",":
            if operator.is_comparison:
                self._fail(f"“{operator}” takes one value.")
            self._at += 1
            values.append(self._value(field, kind, operator))
        term = Term(field, operator, tuple(values))
        return inverse(term) if is_inverted else term

    def _value(self, field: str, kind: FieldKind, operator: Operator) -> Value:
        if self._peek() == "*" and _BOUNDARY.match(self._text, self._at + 1):
            if operator is not Operator.HAS:
                self._fail(f"“*” goes with a colon: {field}:*")
            self._at += 1
            return Anything()
        start = self._at
        if kind.is_text:
            value = self._text_value(in_list=True, allow_empty=operator is Operator.IS)
            if operator is Operator.IS and not isinstance(value, Word):
                self._fail(f"“=” compares whole values; write {field}: before a pattern.", at=start)
            return value
        word = self._text_value(in_list=True)
        text = word.text if isinstance(word, Word) else ""
        if kind is FieldKind.FLAG:
            if text.lower() not in _YES | _NO:
                self._fail(f"“{field}” is yes or no.", at=start)
            return Truth(text.lower() in _YES)
        quantity = read_quantity(text, kind)
        if quantity is None:
            self._fail(
                f"“{show(self._text[start : self._at], 40)}” is not {kind.value}.",
                at=start,
                hint=f"Write it like {EXAMPLES[kind]}.",
            )
        if operator.is_comparison and is_range(quantity):
            self._fail(f"A range goes with a colon: {field}:{quantity.text}", at=start)
        return quantity

    def _text_value(self, *, in_list: bool, allow_empty: bool = False) -> Word | Fuzzy | Regex:
        """Read a word, a quoted phrase, a fuzzy word or an expression. In a list, a comma ends it."""
        start = self._at
        if self._peek() == "~":
            self._at += 1
            return Fuzzy(self._plain_text(in_list=in_list, allow_empty=False))
        expression = _REGEX.match(self._text, self._at)
        if expression is None:
            return Word(self._plain_text(in_list=in_list, allow_empty=allow_empty))
        self._at = expression.end()
        try:
            compile_regex(expression[1])
        except ValueError as error:
            self._fail(f"The expression {show(str(error), 160)}.", at=start)
        return Regex(expression[1])

    def _plain_text(self, *, in_list: bool, allow_empty: bool) -> str:
        start = self._at
        if self._peek() == '"':
            quoted = _QUOTED.match(self._text, self._at)
            if quoted is None:
                self._fail("This quote is not closed.")
            self._at = quoted.end()
            if not _BOUNDARY.match(self._text, self._at):
                self._fail("A space is missing after the quote.")
            text = _ESCAPE.sub(r"\1", quoted[1])
        else:
            text = self._bare_word(in_list=in_list)
        if not text and not allow_empty:
            self._fail("There is nothing to look for.", at=start)
        return text

    def _bare_word(self, *, in_list: bool) -> str:
        """Read up to a space, a bar or a parenthesis that was not opened in the word: ``report(1).pdf``."""
        start, opened = self._at, 0
        while self._at < len(self._text):
            char = self._text[self._at]
            if char.isspace() or char == "|" or (char == "," and in_list) or (char == ")" and not opened):
                break
            opened += (char == "(") - (char == ")")
            self._at += 1
        return self._text[start : self._at]

    def _sort_keys(self, start: int, *, is_plain: bool) -> None:
        if not is_plain:
            self._fail("“sort:” stands by itself, not in parentheses or after “!”.", at=start)
        while True:
            descending = self._peek() == "-"
            at = self._at = self._at + descending
            field = self._plain_text(in_list=True, allow_empty=False).lower()
            if field not in self._fields:
                self._fail(f"“{show(field, 40)}” is not a field here.", at=at, hint=self._nearest(field))
            if any(key.field == field for key in self.sort):
                self._fail(f"It is sorted by “{field}” already.", at=at)
            self.sort.append(SortKey(field, descending))
            if self._peek() != ",":
                return
            self._at += 1

    def _nearest(self, field: str) -> str:
        close = difflib.get_close_matches(field, list(self._fields), n=1, cutoff=0.5)
        known = f"Did you mean “{close[0]}”?" if close else f"Fields: {', '.join(self._fields)}."
        return f"{known} To search for text with such a sign in it, quote it."

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip_space(self) -> None:
        match = _SPACE.match(self._text, self._at)
        assert match is not None, "no space at all matches too"
        self._at = match.end()

    def _fail(self, message: str, *, at: int | None = None, hint: str = "") -> NoReturn:
        position = self._at if at is None else at
        raise FilterError(f"{message} (at character {position + 1})", hint=hint, position=position)
