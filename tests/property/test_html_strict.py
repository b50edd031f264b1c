"""The fast reader and html5lib agree on every markup that the fast one accepts."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st

from batchdeck.html.markup import CHILDREN, VOID
from batchdeck.html.parse import parse_fragment_with_errors
from batchdeck.html.sanitise import sanitise
from batchdeck.html.strict import read_strictly

_TEXT = st.sampled_from(
    [" ", "\n", "a b", "x &amp; y", "&eacute;", "&#65;", "&#x1F600;", "& ", "&nbsp;", "é", "a > b", "AT&T",
     "&bogus;", "&lt;p&gt;", "&", "a<b", "&ampx", "\u2028", "\r", "a\r\nb", "\f", "\v", "\0", "\x85",
     "\ufffe", "\U0001fffe", "&#128;", "&#x9F;", "&#10;", "&NewLine;", "&#13;"]
)  # fmt: skip
_ATTRIBUTES = st.sampled_from(
    ["", "", "", ' id="x"', " lang='de'", ' data-note="1" dir="ltr"', " data-unclear", ' href="?a=1&amp;b=2"',
     " ID=x", ' title="a > b"', ' alt="&quot;"', ' id="x" id="y"',
     ' class="scrolls" role="region" tabindex="0" aria-label="a&#10;b"', ' alt="a\rb"', ' alt="\0"',
     ' src="data:image/png;base64,AA+/="']
)  # fmt: skip
_ANYWHERE = sorted(CHILDREN)


@st.composite
def _inside(draw: st.DrawFn, tag: str, depth: int) -> str:
    pieces = []
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.integers(0, 40))
        if kind < 16 or depth > 6:
            pieces.append(draw(_TEXT))
            continue
        allowed = sorted(CHILDREN.get(tag, ())) if kind < 40 else _ANYWHERE
        if not allowed:
            continue
        child = draw(st.sampled_from(allowed))
        opened = f"<{child}{draw(_ATTRIBUTES)}"
        if child in VOID:
            pieces.append(opened + draw(st.sampled_from([">", "/>", " />"])))
        else:
            pieces.append(f"{opened}>{draw(_inside(child, depth + 1))}</{child}>")
    return "".join(pieces)


@given(_inside("article", 0), st.booleans())
@settings(max_examples=500)
def test_what_is_read_strictly_is_read_alike_and_without_error(inner: str, cleaned: bool) -> None:
    markup = f"<article>{inner}</article>"
    if cleaned:
        markup = sanitise(markup)
    strict = read_strictly(markup)
    if strict is None:
        return
    root, errors = parse_fragment_with_errors(markup)
    assert errors == []
    assert len(root) == 1
    assert ET.tostring(strict) == ET.tostring(root[0])
