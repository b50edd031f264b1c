"""The vocabulary of WAI-ARIA 1.2 and DPUB-ARIA 1.1: roles, attributes, what belongs together. Data only."""

from __future__ import annotations

from batchdeck.html.markup import names

ROLES = names(
    "alert alertdialog application article associationlist associationlistitemkey associationlistitemvalue "
    "banner blockquote button caption cell checkbox code columnheader combobox comment complementary "
    "contentinfo definition deletion dialog directory document emphasis feed figure form generic grid "
    "gridcell group heading image img insertion link list listbox listitem log main mark marquee math menu "
    "menubar menuitem menuitemcheckbox menuitemradio meter navigation none note option paragraph "
    "presentation progressbar radio radiogroup region row rowgroup rowheader scrollbar search searchbox "
    "separator slider spinbutton status strong subscript suggestion superscript switch tab table tablist "
    "tabpanel term textbox time timer toolbar tooltip tree treegrid treeitem graphics-document "
    "graphics-object graphics-symbol doc-abstract doc-acknowledgments doc-afterword doc-appendix "
    "doc-backlink doc-biblioentry doc-bibliography doc-biblioref doc-chapter doc-colophon doc-conclusion "
    "doc-cover doc-credit doc-credits doc-dedication doc-endnote doc-endnotes doc-epigraph doc-epilogue "
    "doc-errata doc-example doc-footnote doc-foreword doc-glossary doc-glossref doc-index doc-introduction "
    "doc-noteref doc-notice doc-pagebreak doc-pagefooter doc-pageheader doc-pagelist doc-part doc-preface "
    "doc-prologue doc-pullquote doc-qna doc-subtitle doc-tip doc-toc"
)
DEPRECATED_ROLES = names("directory doc-endnote doc-biblioentry")

GLOBAL = names(
    "aria-atomic aria-braillelabel aria-brailleroledescription aria-busy aria-controls aria-current "
    "aria-describedby aria-description aria-details aria-disabled aria-dropeffect aria-errormessage "
    "aria-flowto aria-grabbed aria-haspopup aria-hidden aria-invalid aria-keyshortcuts aria-label "
    "aria-labelledby aria-live aria-owns aria-relevant aria-roledescription"
)

BOOLEAN = names(
    "aria-atomic aria-busy aria-disabled aria-modal aria-multiline aria-multiselectable aria-readonly "
    "aria-required"
)
MAYBE = names("aria-expanded aria-grabbed aria-hidden aria-selected")
TRISTATE = names("aria-checked aria-pressed")
WHOLE = names(
    "aria-colcount aria-colindex aria-colspan aria-level aria-posinset aria-rowcount aria-rowindex "
    "aria-rowspan aria-setsize"
)
DECIMAL = names("aria-valuemax aria-valuemin aria-valuenow")
WORDS = {
    "aria-autocomplete": names("inline list both none"),
    "aria-current": names("page step location date time true false"),
    "aria-haspopup": names("false true menu listbox tree grid dialog"),
    "aria-invalid": names("grammar false spelling true"),
    "aria-live": names("off polite assertive"),
    "aria-orientation": names("horizontal vertical undefined"),
    "aria-sort": names("ascending descending none other"),
}
FREE = names("aria-activedescendant aria-colindextext aria-placeholder aria-rowindextext aria-valuetext")

ATTRIBUTES = GLOBAL | BOOLEAN | MAYBE | TRISTATE | WHOLE | DECIMAL | frozenset(WORDS) | FREE

_CELLS = names("cell columnheader gridcell rowheader row")
_RANGES = names("meter progressbar scrollbar separator slider spinbutton")
_CHOICES = names("checkbox menuitemcheckbox menuitemradio option radio switch treeitem")
ONLY_ON = {
    "aria-activedescendant": names(
        "application combobox grid group listbox menu menubar radiogroup row searchbox select spinbutton "
        "tablist textbox toolbar tree treegrid"
    ),
    "aria-autocomplete": names("combobox searchbox textbox"),
    "aria-checked": _CHOICES,
    "aria-colcount": names("grid table treegrid"),
    "aria-colindex": _CELLS,
    "aria-colspan": _CELLS,
    "aria-expanded": names(
        "application button checkbox columnheader combobox gridcell link listbox menuitem menuitemcheckbox "
        "menuitemradio row rowheader switch tab treeitem"
    ),
    "aria-level": names("comment heading listitem row tablist treeitem"),
    "aria-modal": names("alertdialog dialog"),
    "aria-multiline": names("searchbox textbox"),
    "aria-multiselectable": names("grid listbox tablist tree treegrid"),
    "aria-orientation": names(
        "combobox listbox menu menubar radiogroup scrollbar select separator slider tablist toolbar tree "
        "treegrid"
    ),
    "aria-placeholder": names("searchbox textbox"),
    "aria-posinset": names(
        "article comment listitem menuitem menuitemcheckbox menuitemradio option radio row tab treeitem"
    ),
    "aria-pressed": names("button"),
    "aria-readonly": names(
        "checkbox columnheader combobox grid gridcell listbox menuitemcheckbox menuitemradio radiogroup "
        "rowheader searchbox slider spinbutton switch textbox treegrid"
    ),
    "aria-required": names(
        "checkbox columnheader combobox gridcell listbox radiogroup rowheader searchbox spinbutton switch "
        "textbox tree treegrid"
    ),
    "aria-rowcount": names("grid table treegrid"),
    "aria-rowindex": _CELLS,
    "aria-rowspan": _CELLS,
    "aria-selected": names("columnheader gridcell option row rowheader tab treeitem"),
    "aria-setsize": names(
        "article comment listitem menuitem menuitemcheckbox menuitemradio option radio row tab treeitem"
    ),
    "aria-sort": names("columnheader rowheader"),
    "aria-valuemax": _RANGES,
    "aria-valuemin": _RANGES,
    "aria-valuenow": _RANGES,
    "aria-valuetext": _RANGES,
}
"""Roles on which an attribute that is not global may stand."""

REQUIRED = {
    "checkbox": ("aria-checked",),
    "combobox": ("aria-expanded",),
    "heading": ("aria-level",),
    "menuitemcheckbox": ("aria-checked",),
    "menuitemradio": ("aria-checked",),
    "meter": ("aria-valuenow",),
    "radio": ("aria-checked",),
    "scrollbar": ("aria-controls", "aria-valuenow"),
    "slider": ("aria-valuenow",),
    "switch": ("aria-checked",),
}
NATIVE_STATES = names("input option meter progress h1 h2 h3 h4 h5 h6 select summary")
"""Elements that bring the states their role needs."""

PARENTS = {
    "listitem": names("list directory"),
    "row": names("table grid treegrid rowgroup"),
    "cell": names("row"),
    "gridcell": names("row"),
    "columnheader": names("row"),
    "rowheader": names("row"),
    "rowgroup": names("table grid treegrid"),
    "option": names("listbox group"),
    "tab": names("tablist"),
    "treeitem": names("tree group"),
    "menuitem": names("menu menubar group"),
    "menuitemcheckbox": names("menu menubar group"),
    "menuitemradio": names("menu menubar group"),
}
"""Roles that mean nothing outside one of these."""

UNNAMED = names(
    "caption code definition deletion emphasis generic insertion mark paragraph strong subscript "
    "suggestion superscript term time"
)
"""Roles that take no name from their author; `none` and `presentation` have a rule of their own."""

LINK_ROLES = names("doc-backlink doc-biblioref doc-glossref doc-noteref")
"""Kinds of link: they stand on links only (ARIA in HTML; axe: aria-allowed-role)."""

IMPLICIT = {
    "a": "link",
    "article": "article",
    "aside": "complementary",
    "b": "generic",
    "blockquote": "blockquote",
    "body": "generic",
    "button": "button",
    "caption": "caption",
    "code": "code",
    "dd": "definition",
    "del": "deletion",
    "details": "group",
    "dfn": "term",
    "dialog": "dialog",
    "div": "generic",
    "dt": "term",
    "em": "emphasis",
    "fieldset": "group",
    "figure": "figure",
    "h1": "heading",
    "h2": "heading",
    "h3": "heading",
    "h4": "heading",
    "h5": "heading",
    "h6": "heading",
    "hr": "separator",
    "html": "document",
    "i": "generic",
    "img": "img",
    "ins": "insertion",
    "li": "listitem",
    "main": "main",
    "mark": "mark",
    "math": "math",
    "menu": "list",
    "nav": "navigation",
    "ol": "list",
    "p": "paragraph",
    "pre": "generic",
    "q": "generic",
    "samp": "generic",
    "search": "search",
    "small": "generic",
    "span": "generic",
    "strong": "strong",
    "sub": "subscript",
    "sup": "superscript",
    "table": "table",
    "tbody": "rowgroup",
    "td": "cell",
    "textarea": "textbox",
    "tfoot": "rowgroup",
    "th": "columnheader",
    "thead": "rowgroup",
    "time": "time",
    "tr": "row",
    "u": "generic",
    "ul": "list",
}
"""The role an element has by itself (ARIA in HTML), where it is one role whatever its attributes."""
