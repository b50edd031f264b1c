"""The closed vocabulary of page answers: which elements and attributes exist, and which are inline."""

from __future__ import annotations


def names(listed: str) -> frozenset[str]:
    """Return a set of the names in a text, parted by white space."""
    return frozenset(listed.split())


HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})

PHRASING = names(
    "a abbr b bdi bdo cite code del dfn em i ins kbd mark q rb rp rt ruby s samp small span strong sub sup "
    "time u var wbr"
)
"""Elements that sit inside a line of text: words run on across their borders."""

BLOCKS = names(
    "address article aside blockquote caption col colgroup dd div dl dt figcaption figure footer header hr "
    "li ol p pre section table tbody td tfoot th thead tr ul"
)

VOID = frozenset({"br", "col", "hr", "img", "wbr"})
"""Elements that never have content or an end tag."""

MATH = names(
    "math menclose merror mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms "
    "mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover"
)

ELEMENTS = PHRASING | BLOCKS | HEADINGS | VOID | MATH
INLINE = PHRASING | MATH

DROPPED_WITH_CONTENT = names(
    "applet embed frame frameset head iframe noembed noframes noscript object script style svg template title"
)
"""Elements whose content is never words of the page."""

DATA = names(
    "data-bd data-page data-lang data-rotation data-kind data-printed-page data-starts data-ends data-role "
    "data-continues data-bbox data-math data-note data-unclear"
)
GLOBAL_ATTRIBUTES = frozenset({"id", "lang", "dir"}) | DATA

ATTRIBUTES: dict[str, frozenset[str]] = {
    "a": frozenset({"href"}),
    "col": frozenset({"span"}),
    "colgroup": frozenset({"span"}),
    "img": frozenset({"alt"}),
    "li": frozenset({"value"}),
    "ol": frozenset({"start", "type", "reversed"}),
    "td": frozenset({"colspan", "rowspan", "headers"}),
    "th": frozenset({"colspan", "rowspan", "headers", "scope", "abbr"}),
    "time": frozenset({"datetime"}),
    "math": frozenset({"display"}),
    "menclose": frozenset({"notation"}),
    "mfrac": frozenset({"linethickness"}),
    "mo": frozenset(
        {
            "stretchy",
            "fence",
            "separator",
            "form",
            "largeop",
            "movablelimits",
            "symmetric",
            "lspace",
            "rspace",
            "minsize",
            "maxsize",
            "accent",
        }
    ),
    "mi": frozenset({"mathvariant"}),
    "mn": frozenset({"mathvariant"}),
    "mtext": frozenset({"mathvariant"}),
    "mover": frozenset({"accent"}),
    "munder": frozenset({"accentunder"}),
    "munderover": frozenset({"accent", "accentunder"}),
    "mpadded": frozenset({"width", "height", "depth", "lspace", "voffset"}),
    "mspace": frozenset({"width", "height", "depth"}),
    "mstyle": frozenset({"displaystyle", "scriptlevel", "mathvariant"}),
    "mtable": frozenset(
        {"columnalign", "columnspacing", "rowspacing", "columnlines", "rowlines", "frame", "displaystyle"}
    ),
    "mtr": frozenset({"columnalign"}),
    "mtd": frozenset({"columnalign", "columnspan", "rowspan"}),
}

URL_SCHEMES = frozenset({"http", "https", "mailto"})
