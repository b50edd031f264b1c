"""Language tags: whether they are valid BCP 47, which way their script runs, and the axe rules on `lang`."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from batchdeck.html.markup import names
from batchdeck.html.model import RuleFinding
from batchdeck.html.rules.subtags import LANGUAGES, REGIONS, SCRIPTS
from batchdeck.html.rules.tree import Tree

# RFC 5646 section 2.1, the langtag production; grandfathered tags apart.
_TAG = re.compile(
    r"""(?ix)
    (?P<language>[a-z]{2,3}) (?P<extlang>(?:-[a-z]{3}){0,3})
    (?:-(?P<script>[a-z]{4}))? (?:-(?P<region>[a-z]{2}|[0-9]{3}))?
    (?P<variants>(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)
    (?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)* (?:-x(?:-[a-z0-9]{1,8})+)?"""
)
_PRIVATE = re.compile(r"(?i)x(?:-[a-z0-9]{1,8})+")
_GRANDFATHERED = names(
    "en-gb-oed i-ami i-bnn i-default i-enochian i-hak i-klingon i-lux i-mingo i-navajo i-pwn i-tao "
    "i-tay i-tsu sgn-be-fr sgn-be-nl sgn-ch-de art-lojban cel-gaulish no-bok no-nyn zh-guoyu zh-hakka "
    "zh-min zh-min-nan zh-xiang"
)
_EXTENDED = names("ar kok lv ms sgn sw uz zh")
"""Languages that may be followed by a three-letter one."""
_RIGHT_TO_LEFT = names("ar arc arz ckb dv fa glk he iw ji ks lrc mzn nqo pnb prs ps sam sd syr ug ur yi")
_RIGHT_TO_LEFT_SCRIPTS = names(
    "Adlm Arab Aran Hebr Mand Mend Nkoo Nbat Rohg Samr Syrc Syre Syrj Syrn Thaa Yezi"
)


@functools.lru_cache(maxsize=512)
def language_problem(tag: str) -> str:
    """Say what is wrong with a language tag, or return an empty string for a valid one (RFC 5646; the codes
    of ISO 639, 15924 and 3166)."""
    if tag.lower() in _GRANDFATHERED or _PRIVATE.fullmatch(tag):
        return ""
    match = _TAG.fullmatch(tag)
    if match is None:
        return "is not formed like a language tag"
    language, script, region = match["language"].lower(), match["script"], match["region"]
    if language not in LANGUAGES and not (len(language) == 3 and "qaa" <= language <= "qtz"):
        return f"begins with “{language}”, which is no language code"
    if match["extlang"] and not (language in _EXTENDED and match["extlang"][1:].lower() in LANGUAGES):
        return f"has “{match['extlang'][1:]}”, which does not go with “{language}”"
    if script and script.title() not in SCRIPTS:
        return f"has “{script}”, which is no script code"
    if region and region.isalpha() and region.upper() not in REGIONS and not _is_private_region(region):
        return f"has “{region}”, which is no region code"
    variants = match["variants"].lower().split("-")[1:]
    if len(variants) != len(set(variants)):
        return "has the same variant twice"
    return ""


def _is_private_region(region: str) -> bool:
    upper = region.upper()
    return upper in ("AA", "ZZ") or "QM" <= upper <= "QZ" or "XA" <= upper <= "XZ"


def is_language(tag: str) -> bool:
    """Say whether `tag` is a valid language tag."""
    return bool(tag) and not language_problem(tag)


@functools.lru_cache(maxsize=512)
def direction_of(tag: str) -> str:
    """Return ``rtl`` for languages and scripts written from right to left, else ``ltr``."""
    subtags = tag.split("-")
    for subtag in subtags[1:]:
        if len(subtag) == 4 and subtag.isalpha():
            return "rtl" if subtag.title() in _RIGHT_TO_LEFT_SCRIPTS else "ltr"
    return "rtl" if subtags[0].lower() in _RIGHT_TO_LEFT else "ltr"


def html_has_lang(tree: Tree) -> Iterator[RuleFinding]:
    """WCAG 3.1.1: the document says its language."""
    if tree.is_first and not (tree.root.get("lang") or "").strip():
        yield tree.finding("html-has-lang", tree.root, "The html element has no lang attribute.")


def html_lang_valid(tree: Tree) -> Iterator[RuleFinding]:
    """WCAG 3.1.1: the document's language is a real one."""
    tag = (tree.root.get("lang") or "").strip() if tree.is_first else ""
    problem = language_problem(tag) if tag else ""
    if problem:
        yield tree.finding("html-lang-valid", tree.root, f"The document's language “{tag}” {problem}.")


def valid_lang(tree: Tree) -> Iterator[RuleFinding]:
    """WCAG 3.1.2: so is the language of every part."""
    for element in tree.with_attribute("lang"):
        tag = element.get("lang", "").strip()
        if element is tree.root or not tag:
            continue
        problem = language_problem(tag)
        if problem:
            yield tree.finding("valid-lang", element, f"The language “{tag}” {problem}.")


RULES = (html_has_lang, html_lang_valid, valid_lang)
