"""Formulas: LaTeX in `span data-math` becomes MathML; what cannot be converted stays LaTeX and is flagged.

The converter writes raw markup out of ``\\text{…}``, so its result goes through the sanitiser like anything
else from outside: convert first, sanitise last.
"""

from __future__ import annotations

import functools
import re
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert

from batchdeck.html.markup import MATH, names
from batchdeck.html.model import Change, Review
from batchdeck.html.sanitise import sanitise
from batchdeck.html.strict import read_strictly
from batchdeck.html.trees import Node, is_empty, replace_children
from batchdeck.html.words import difference, excerpt, text_of, words_of

STAGE = "math"
_LONGEST = 4_000
"""Characters of LaTeX; the converter's time and recursion grow with it."""
_DEEPEST = 24
"""Braces within braces."""

_TAG_NAME = re.compile(r"</?([a-zA-Z][\w-]*)")
_DELIMITERS = (("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)"), ("$", "$"))
_FRAME = re.compile(r"\\(?:begin|end)\{(?:equation|displaymath|math)\*?\}")
_UNSEEN = re.compile(r"\\label\{[^{}]*\}|\\(?:nonumber|notag)\b")
_ALIGNED = re.compile(
    r"\\(begin|end)\{(?:aligned|align|split|eqnarray|gathered|gather|multline|alignat)\*?\}"
)
_ENVIRONMENT = re.compile(r"\\begin\{([^{}]*)\}")
_ENVIRONMENTS = names(
    "align* array array* cases cases* matrix matrix* pmatrix pmatrix* bmatrix bmatrix* Bmatrix Bmatrix* "
    "vmatrix vmatrix* Vmatrix Vmatrix* smallmatrix"
)
_CHILDREN = {
    "mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3,
}  # fmt: skip
"""How many children these elements must have (MathML Core)."""


def convert_formulas(tree: Element, page: int) -> tuple[list[Change], list[Review]]:
    """Replace the LaTeX of a page's tree by MathML, in place."""
    places = [parent for parent in tree.iter() if any(child.get("data-math") for child in parent)]
    if not places:
        return [], []
    before = words_of(tree)
    sources: list[str] = []
    reviews: list[Review] = []

    def replacement(child: Element) -> list[Node] | None:
        display = child.attrib.pop("data-math", "")
        if not display or is_empty(child):
            return None
        latex = text_of(child).strip()
        formula = _formula(latex, display) if child.tag == "span" and not len(child) else None
        if formula is None:
            reviews.append(Review(page, "math", "A formula stays LaTeX.", excerpt(latex)))
            return None
        sources.append(latex)
        return [formula]

    for parent in places:
        replace_children(parent, replacement)
    if not sources:
        return [], reviews
    removed, added = difference(before, words_of(tree))
    listed = excerpt("; ".join(sources))
    return [Change(STAGE, page, "LaTeX to MathML", listed, removed=removed, added=added)], reviews


def settle_mathml(tree: Element, page: int) -> list[Change]:
    """Make MathML that answers wrote themselves plain text in line where it is not whole, in place."""
    stack = [(tree, False)]
    broken: list[Element] = []
    while stack:
        element, is_sound = stack.pop()
        if element.tag == "math" and not is_sound:
            is_sound = all(inner.tag in MATH for inner in element.iter()) and _has_all_parts(element)
            is_sound = is_sound and all(inner is element or inner.tag != "math" for inner in element.iter())
        if element.tag in MATH and not is_sound:
            broken.append(element)
        stack += [(child, is_sound) for child in element]
    for element in broken:
        element.tag = "span"
        element.attrib.clear()
    return [Change(STAGE, page, "MathML that is not whole")] if broken else []


def _formula(latex: str, display: str) -> Element | None:
    """Return a formula as a `math` element, or None where the converter fails or leaves things out."""
    markup = _to_mathml(_bare(latex), "block" if display.strip().lower() == "block" else "inline")
    return read_strictly(markup) if markup else None


def _bare(latex: str) -> str:
    for start, end in _DELIMITERS:
        if latex.startswith(start) and latex.endswith(end) and len(latex) > len(start + end):
            latex = latex[len(start) : -len(end)]
            break
    latex = _UNSEEN.sub("", _FRAME.sub("", latex))
    # The starred form, because the converter numbers the lines of the plain one, whatever the page prints.
    return _ALIGNED.sub(r"\\\1{align*}", latex).strip()


@functools.lru_cache(maxsize=4096)
def _to_mathml(latex: str, display: str) -> str:
    """Return sanitised MathML, or an empty string where the conversion is not faithful."""
    if not latex or len(latex) > _LONGEST or _depth(latex) > _DEEPEST:
        return ""
    if any(name not in _ENVIRONMENTS for name in _ENVIRONMENT.findall(latex)):
        return ""
    try:
        raw = convert(latex, display=display)
    except Exception:  # a third party's parser on text from outside: whatever it raises, the LaTeX stays
        return ""
    if not set(_TAG_NAME.findall(raw)) <= MATH or "\\" in raw or ">&<" in raw:
        return ""
    clean = sanitise(raw)
    tree = read_strictly(clean)
    if tree is None or not _has_all_parts(tree):
        return ""
    return clean


def _depth(latex: str) -> int:
    depth = deepest = 0
    for char in latex:
        if char == "{":
            depth += 1
            deepest = max(deepest, depth)
        elif char == "}":
            depth -= 1
    return deepest


def _has_all_parts(tree: Element) -> bool:
    return all(len(element) == _CHILDREN.get(element.tag, len(element)) for element in tree.iter())
