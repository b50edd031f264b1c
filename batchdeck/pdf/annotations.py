"""Carrying a page's annotations and form fields into a document of its own, and nothing of other pages.

Copied plainly, a widget drags along its field, the field's parents, and through them every widget of the
form: one page of a 60-page form measured 1.1 MB instead of 18 KB. So only the path from each widget up to
its root is rebuilt.
"""

from __future__ import annotations

from typing import Any

import pikepdf
from pikepdf import Name

_FORM_DEFAULTS = (Name.DR, Name.DA, Name.Q, Name.NeedAppearances)
_DEEPEST_FIELD = 50
"""Levels of a field tree that are followed; deeper ones, and loops, end there."""
_ACTING = (Name.A, Name.AA, Name.PA, Name.FS, Name.Movie, Name.Sound, Name("/3DD"), Name.RichMediaContent)
"""What an annotation does or carries beside what is seen of it: scripts, programs, files, films."""
_LEFT_BEHIND = (Name.Parent, Name.Kids, Name.P, *_ACTING)


def carry_annotations(source: pikepdf.Pdf, annotations: pikepdf.Object | None, single: pikepdf.Pdf) -> None:
    """Give the only page of `single` the annotations of a page of `source`, links left out.

    Links lead to other pages or to the web; their addresses travel in the request instead. With widgets
    come their fields and the form's defaults, so that they render as they did.

    Args:
        annotations: /Annots of the page in `source`, or None.
    """
    if not isinstance(annotations, pikepdf.Array):
        return
    page = single.pages[0].obj
    fields = _Fields(source, single)
    carried = pikepdf.Array()
    for annotation in annotations:
        if not isinstance(annotation, pikepdf.Dictionary) or annotation.get(Name.Subtype) == Name.Link:
            continue
        if annotation.get(Name.Subtype) == Name.Widget:
            copy = fields.add_widget(annotation)
        else:
            copy = copied(source, _bare(annotation, (Name.P, *_ACTING)), single)
        copy.P = page
        carried.append(copy)
    if len(carried):
        page.Annots = carried
    form = source.Root.get(Name.AcroForm)
    if fields.roots and isinstance(form, pikepdf.Dictionary):
        single.Root.AcroForm = single.make_indirect(pikepdf.Dictionary(Fields=pikepdf.Array(fields.roots)))
        for key in _FORM_DEFAULTS:
            if key in form:
                single.Root.AcroForm[key] = copied(source, form[key], single)


def copied(source: pikepdf.Pdf, value: Any, single: pikepdf.Pdf) -> Any:
    """Return `value` of `source` as an object of `single`, with all it refers to except pages."""
    if not isinstance(value, pikepdf.Object):
        return value
    return single.copy_foreign(value if value.is_indirect else source.make_indirect(value))


class _Fields:
    """The part of a form's field tree that one page needs, rebuilt from the widgets upwards."""

    def __init__(self, source: pikepdf.Pdf, single: pikepdf.Pdf) -> None:
        self.roots: list[pikepdf.Object] = []
        self._source = source
        self._single = single
        self._made: dict[tuple[int, int], pikepdf.Object] = {}

    def add_widget(self, widget: pikepdf.Dictionary) -> pikepdf.Object:
        """Return a copy of a widget, hung below copies of its parents."""
        child = copy = self._copy(widget)
        parent = widget.get(Name.Parent)
        for _ in range(_DEEPEST_FIELD):
            if not isinstance(parent, pikepdf.Dictionary):
                break
            known = self._made.get(parent.objgen)
            above = known or self._made.setdefault(parent.objgen, self._copy(parent))
            child.Parent = above
            if Name.Kids not in above:
                above.Kids = pikepdf.Array()
            above.Kids.append(child)
            if known:
                return copy
            child, parent = above, parent.get(Name.Parent)
        self.roots.append(child)
        return copy

    def _copy(self, node: pikepdf.Dictionary) -> pikepdf.Object:
        return self._single.copy_foreign(self._source.make_indirect(_bare(node, _LEFT_BEHIND)))


def disarm(single: pikepdf.Pdf) -> None:
    """Take out of a single page whatever a viewer could be made to do, where other libraries have made it."""
    for key in (Name.OpenAction, Name.AA, Name.Names):
        if key in single.Root:
            del single.Root[key]
    page = single.pages[0].obj
    annotations = page.get(Name.Annots)
    for one in (page, *(annotations if isinstance(annotations, pikepdf.Array) else ())):
        if isinstance(one, pikepdf.Dictionary):
            for key in (*_ACTING, Name.AF):
                if key in one:
                    del one[key]


def _bare(node: pikepdf.Dictionary, without: tuple[pikepdf.Name, ...]) -> pikepdf.Dictionary:
    return pikepdf.Dictionary({key: node[key] for key in node.keys() if key not in without})  # noqa: SIM118
