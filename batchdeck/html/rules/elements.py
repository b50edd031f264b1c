"""The vocabulary of HTML as its standard has it: categories, what may stand where, attributes. Data only.

Source: HTML Standard, sections 3.2.5 (content models) and 4 (the elements), with ARIA in HTML for `role`.
"""

from __future__ import annotations

from batchdeck.html.markup import names

SECTIONING = names("article aside nav section")
HEADING = names("h1 h2 h3 h4 h5 h6 hgroup")
SUPPORTING = names("script template")
METADATA = names("base link meta noscript script style template title")
EMBEDDED = names("audio canvas embed iframe img math object picture svg video")
PHRASING = EMBEDDED | names(
    "a abbr area b bdi bdo br button cite code data datalist del dfn em i input ins kbd label link map mark "
    "meta meter noscript output progress q ruby s samp script select selectedcontent slot small span strong "
    "sub sup template textarea time u var wbr"
)
FLOW = (
    PHRASING
    | SECTIONING
    | HEADING
    | names(
        "address blockquote details dialog div dl fieldset figure footer form header hr main menu ol p pre "
        "search table ul"
    )
)
INTERACTIVE = names("a button details embed iframe input label select textarea")

PHRASING_ONLY = names(
    "abbr b bdi bdo button cite code data dfn em h1 h2 h3 h4 h5 h6 i kbd label mark meter output p pre "
    "progress q rp rt s samp small span strong sub sup time u var"
)
"""Elements that hold phrasing content and nothing else."""

FLOW_HOLDERS = names(
    "address article aside blockquote body caption dd details dialog div dt fieldset figcaption figure "
    "footer form header li main nav search section td th"
)
TRANSPARENT = names("a audio canvas del ins map noscript object slot video")
"""Elements that may hold what their parent may hold."""

CHILDREN = {
    "html": names("head body"),
    "head": METADATA,
    "ul": names("li") | SUPPORTING,
    "ol": names("li") | SUPPORTING,
    "menu": names("li") | SUPPORTING,
    "dl": names("dt dd div") | SUPPORTING,
    "table": names("caption colgroup thead tbody tfoot tr") | SUPPORTING,
    "thead": names("tr") | SUPPORTING,
    "tbody": names("tr") | SUPPORTING,
    "tfoot": names("tr") | SUPPORTING,
    "tr": names("td th") | SUPPORTING,
    "colgroup": names("col template"),
    "select": names("option optgroup hr button div noscript") | SUPPORTING,
    "optgroup": names("option legend div noscript") | SUPPORTING,
    "datalist": PHRASING | names("option"),
    "hgroup": names("p h1 h2 h3 h4 h5 h6") | SUPPORTING,
    "picture": names("source img") | SUPPORTING,
    "ruby": PHRASING | names("rp rt rtc rb"),
    "summary": PHRASING | HEADING,
    "legend": PHRASING | HEADING,
    "details": FLOW | names("summary"),
    "fieldset": FLOW | names("legend"),
    "figure": FLOW | names("figcaption"),
    "audio": FLOW | names("source track"),
    "video": FLOW | names("source track"),
    "object": FLOW,
    "iframe": frozenset[str](),
    "option": PHRASING,
    "title": frozenset[str](),
    "textarea": frozenset[str](),
    "style": frozenset[str](),
    "script": frozenset[str](),
}
"""Elements whose children are a closed list."""

WITHOUT_TEXT = names("html head ul ol menu dl table thead tbody tfoot tr colgroup optgroup hgroup picture")
"""Elements that may hold white space but no text of their own."""

NEVER_INSIDE = {
    "a": INTERACTIVE,
    "button": INTERACTIVE,
    "address": SECTIONING | HEADING | names("header footer address"),
    "caption": names("table"),
    "dfn": names("dfn"),
    "dt": SECTIONING | HEADING | names("header footer"),
    "th": SECTIONING | HEADING | names("header footer"),
    "footer": names("header footer main"),
    "header": names("header footer main"),
    "form": names("form"),
    "label": names("label"),
    "meter": names("meter"),
    "progress": names("progress"),
    "article": names("main"),
    "aside": names("main"),
    "nav": names("main"),
    "section": names("main"),
}
"""What may not stand anywhere below an element."""

GLOBAL_ATTRIBUTES = names(
    "accesskey autocapitalize autocorrect autofocus class contenteditable dir draggable enterkeyhint hidden "
    "id inert inputmode is itemid itemprop itemref itemscope itemtype lang nonce popover role slot "
    "spellcheck style tabindex title translate writingsuggestions"
)

_MEDIA = names("src crossorigin preload autoplay loop muted controls loading")
ATTRIBUTES = {
    "a": names("href target download ping rel hreflang type referrerpolicy"),
    "area": names("alt coords shape href target download ping rel referrerpolicy"),
    "audio": _MEDIA,
    "base": names("href target"),
    "blockquote": names("cite"),
    "button": names(
        "command commandfor disabled form formaction formenctype formmethod formnovalidate formtarget name "
        "popovertarget popovertargetaction type value"
    ),
    "canvas": names("width height"),
    "col": names("span"),
    "colgroup": names("span"),
    "data": names("value"),
    "del": names("cite datetime"),
    "details": names("name open"),
    "dialog": names("open closedby"),
    "embed": names("src type width height"),
    "fieldset": names("disabled form name"),
    "form": names("accept-charset action autocomplete enctype method name novalidate target rel"),
    "html": names("manifest xmlns"),
    "iframe": names("src srcdoc name sandbox allow allowfullscreen width height referrerpolicy loading"),
    "img": names(
        "alt src srcset sizes crossorigin usemap ismap width height referrerpolicy decoding loading "
        "fetchpriority"
    ),
    "input": names(
        "accept alpha alt autocomplete checked colorspace dirname disabled form formaction formenctype "
        "formmethod formnovalidate formtarget height list max maxlength min minlength multiple name pattern "
        "placeholder popovertarget popovertargetaction readonly required size src step type value width"
    ),
    "ins": names("cite datetime"),
    "label": names("for"),
    "li": names("value"),
    "link": names(
        "href crossorigin rel as media hreflang type sizes imagesrcset imagesizes referrerpolicy integrity "
        "blocking color disabled fetchpriority"
    ),
    "map": names("name"),
    "meta": names("name http-equiv content charset media property"),
    "meter": names("value min max low high optimum"),
    "object": names("data type name form width height"),
    "ol": names("reversed start type"),
    "optgroup": names("disabled label"),
    "option": names("disabled label selected value"),
    "output": names("for form name"),
    "progress": names("value max"),
    "q": names("cite"),
    "script": names(
        "src type nomodule async defer crossorigin integrity referrerpolicy blocking fetchpriority"
    ),
    "select": names("autocomplete disabled form multiple name required size"),
    "slot": names("name"),
    "source": names("type media src srcset sizes width height"),
    "style": names("media blocking"),
    "td": names("colspan rowspan headers"),
    "template": names(
        "shadowrootmode shadowrootdelegatesfocus shadowrootclonable shadowrootserializable "
        "shadowrootcustomelementregistry"
    ),
    "textarea": names(
        "autocomplete cols dirname disabled form maxlength minlength name placeholder readonly required rows "
        "wrap"
    ),
    "th": names("colspan rowspan headers scope abbr"),
    "time": names("datetime"),
    "track": names("default kind label src srclang"),
    "video": _MEDIA | names("poster playsinline width height"),
}
"""Attributes of single elements, beside the global ones, `aria-*` and `data-*`."""

KNOWN = (
    FLOW
    | METADATA
    | PHRASING_ONLY
    | frozenset(CHILDREN)
    | FLOW_HOLDERS
    | names("body col dt figcaption legend option optgroup rb rp rt rtc source summary track")
)

OBSOLETE = names(
    "acronym applet basefont bgsound big blink center dir font frame frameset isindex keygen listing marquee "
    "menuitem multicol nextid nobr noembed noframes param plaintext rb rtc spacer strike tt xmp"
)
"""Elements that authors must not use (HTML Standard 16.2)."""

NEEDS = {
    "img": ("src",),
    "map": ("name",),
    "optgroup": ("label",),
    "bdo": ("dir",),
    "data": ("value",),
    "meter": ("value",),
    "track": ("src",),
}
"""Attributes without which an element is not valid."""
