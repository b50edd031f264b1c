"""The closed vocabulary of page answers: which elements and attributes exist, and which are inline."""

from __future__ import annotations


def names(listed: str) -> frozenset[str]:
    """Return a set of the names in a text, parted by white space."""
    return frozenset(listed.split())


HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})

PHRASING = names(
    "a abbr b bdi cite code del em i ins kbd mark q rp rt ruby s samp small span strong sub sup u var wbr"
)
"""Elements that sit inside a line of text: words run on across their borders."""

UNWRAPPED = names(
    "acronym bdo big blink button data datalist dfn font label meter nobr output progress rb rtc select slot "
    "strike time tt"
)
"""Elements in a line of text that are not kept: their words are. Some of them would be invalid as answers
write them (`time` without a machine date, `bdo` without a direction, the obsolete ones)."""

BLOCKS = names(
    "address article blockquote caption dd div dl dt figcaption figure footer header hr li ol p pre section "
    "table tbody td tfoot th thead tr ul"
)

AS_DIV = names(
    "aside body center details dialog dir fieldset form hgroup legend main menu nav optgroup option summary"
)
"""Blocks that stay apart as plain ones: landmarks and controls are for the template alone."""

VOID = frozenset({"br", "hr", "img", "wbr"})
"""Elements that never have content or an end tag."""

MATH = names(
    "math menclose merror mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms "
    "mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover"
)

ELEMENTS = PHRASING | BLOCKS | HEADINGS | VOID | MATH
INLINE = PHRASING | MATH | UNWRAPPED

TABLE_PARTS = names("caption thead tbody tfoot tr")
WITHOUT_TEXT = names("ul ol dl table thead tbody tfoot tr")
"""Elements that hold white space but no text of their own."""

_CONTAINERS = names(
    "article section div header footer blockquote address figure figcaption li dd dt td th caption"
)
_LINE = (PHRASING - {"rp", "rt", "ruby", "wbr"}) | {"br", "img", "wbr", "math"}
_FLOW = (
    HEADINGS | _LINE | names("section div header footer blockquote address figure p pre ul ol dl table hr")
)
_MATH_TEXT = names("mi mn mo ms mtext")
CHILDREN: dict[str, frozenset[str]] = {
    **dict.fromkeys(_CONTAINERS, _FLOW),
    **dict.fromkeys((PHRASING - {"rp", "rt", "ruby", "wbr"}) | HEADINGS | {"p", "pre"}, _LINE),
    "ul": frozenset({"li"}),
    "ol": frozenset({"li"}),
    "dl": frozenset({"dt", "dd"}),
    "table": TABLE_PARTS,
    **dict.fromkeys(("thead", "tbody", "tfoot"), frozenset({"tr"})),
    "tr": frozenset({"td", "th"}),
    "caption": _FLOW - {"table"},
    "figure": _FLOW | {"figcaption"},
    **dict.fromkeys(MATH - _MATH_TEXT, MATH - {"math"}),
    **dict.fromkeys(_MATH_TEXT, frozenset()),
}
"""What may stand directly inside each element of a plain page; the rarer things (ruby) are left to the
stages that settle nesting."""

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
    "img": frozenset({"alt"}),
    "li": frozenset({"value"}),
    "ol": frozenset({"start", "type", "reversed"}),
    "td": frozenset({"colspan", "rowspan", "headers"}),
    "th": frozenset({"colspan", "rowspan", "headers", "scope", "abbr"}),
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
