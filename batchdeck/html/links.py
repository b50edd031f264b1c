"""Links: targets that lead somewhere, words on every link, the PDF's targets where answers lost them."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit
from xml.etree.ElementTree import Element

from batchdeck.html.markup import PHRASING
from batchdeck.html.model import Assembly, Change, PageTree, Review, opened
from batchdeck.html.trees import Node, contents_of, is_empty, new_element, replace_children, set_contents
from batchdeck.html.words import difference, excerpt, text_of, words_of

STAGE = "links"

_SCHEMES = ("http", "https", "mailto")
_URL_SAFE = "!$%&'()*+,-./:;=?@_~"
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HOST = re.compile(r"[a-z0-9._-]+")
_NO_LINKS_IN = frozenset({"a", "pre", "code", "math"})


def settle_links(assembly: Assembly) -> None:
    """Repair the links of every page, in place, and put back the PDF's targets."""
    targets = {f"page-{page.number}" for page in assembly.pages}
    for page in opened(assembly.pages):
        targets.update(element.get("id", "") for element in page.tree.iter())
    for page in opened(assembly.pages):
        if page.tree.find(".//a") is not None:
            _repair(assembly, page, targets)
        if page.source == "answer" and page.links:
            _compare(assembly, page, page.links)


def _repair(assembly: Assembly, page: PageTree, targets: set[str]) -> None:
    before = words_of(page.tree)
    named: list[str] = []

    def replacement(child: Element) -> list[Node] | None:
        if child.tag != "a":
            return None
        said = child.get("href")
        target = tidy_url(said) if said is not None else ""
        if not target or (target.startswith("#") and target[1:] not in targets):
            if said is not None:
                assembly.changes.append(Change(STAGE, page.number, "link that leads nowhere", excerpt(said)))
            return contents_of(child)
        child.set("href", target)
        if is_empty(child):
            child.text = _name_of(target)
            named.append(target)
        return None

    for parent in list(page.tree.iter()):
        if parent.find("a") is not None:
            replace_children(parent, replacement)
    if named:
        removed, added = difference(before, words_of(page.tree))
        listed = excerpt(" ".join(named))
        assembly.changes.append(
            Change(STAGE, page.number, "link without words", listed, removed=removed, added=added)
        )


def tidy_url(url: str) -> str:
    """Return an http, https or mailto URL, or a fragment, in characters that URLs may hold; an empty string
    for anything else."""
    url = "".join(url.split())
    if url.startswith("#"):
        return url if len(url) > 1 else ""
    try:
        parts = urlsplit(url)
        scheme, path, netloc = parts.scheme.lower(), parts.path, _tidy_host(parts)
    except ValueError:  # no URL at all: brackets that do not match, a port that is no number
        return ""
    if scheme not in _SCHEMES or not (path if scheme == "mailto" else netloc):
        return ""
    tidy = (
        _BAD_PERCENT.sub("%25", quote(part, safe=_URL_SAFE)) for part in (path, parts.query, parts.fragment)
    )
    return urlunsplit((scheme, netloc, *tidy))


def _tidy_host(parts: SplitResult) -> str:
    """Return where a URL leads: host in ASCII and port, without a user's name, which could only mislead."""
    host = (parts.hostname or "").encode("idna").decode()
    if host and not _HOST.fullmatch(host):
        return ""
    return f"{host}:{parts.port}" if parts.port is not None else host


def _name_of(target: str) -> str:
    """Return words for a link that has none: the note or page it leads to, or its host and path."""
    if target.startswith("#page-"):
        return f"Page {target[6:]}"
    if target.startswith("#"):
        return target[1:]
    parts = urlsplit(target)
    return (parts.netloc + parts.path).rstrip("/") or target


def _compare(assembly: Assembly, page: PageTree, wanted: tuple[str, ...]) -> None:
    """Put the PDF's targets on the words that spell them, and flag what is lost or invented."""
    present = {_folded(element.get("href", "")) for element in page.tree.iter("a")}
    known = {_folded(url) for url in wanted}
    for url in dict.fromkeys(wanted):
        target = tidy_url(url)
        if not target or target.startswith("#") or _folded(url) in present:
            continue
        if _attach(page.tree, url, target):
            assembly.changes.append(
                Change(STAGE, page.number, "link of the PDF put back", after=excerpt(target))
            )
        else:
            message = "The PDF links to an address that the answer does not."
            assembly.reviews.append(Review(page.number, "link", message, excerpt(url)))
    for element in page.tree.iter("a"):
        href = element.get("href", "")
        is_spelled = _bare(href).casefold() in text_of(element).casefold()
        if not href.startswith("#") and not is_spelled and _folded(href) not in known:
            message = "The answer links to an address that the PDF does not."
            assembly.reviews.append(Review(page.number, "link", message, excerpt(href)))


def _folded(url: str) -> str:
    return tidy_url(url).rstrip("/").casefold()


def _bare(url: str) -> str:
    """Return an address as it may be printed: without scheme and trailing slash."""
    return re.sub(r"^(?:https?://(?:www\.)?|mailto:)", "", url).rstrip("/")


def _attach(tree: Element, url: str, target: str) -> bool:
    """Make a link of the first words that spell `url`, with or without its scheme."""
    bare = _bare(url)
    if len(bare) < 4:
        return False
    pattern = re.compile(rf"(?<![\w@/.-])(?:https?://)?(?:www\.)?{re.escape(bare)}/?(?![\w@])", re.I)
    return _attach_in(tree, pattern, target)


def _attach_in(element: Element, pattern: re.Pattern[str], target: str) -> bool:
    if element.tag in _NO_LINKS_IN:
        return False
    takes_links = element.tag in PHRASING or element.tag in (
        "p",
        "li",
        "td",
        "th",
        "dd",
        "dt",
        "figcaption",
        "div",
    )
    nodes = contents_of(element)
    for at, node in enumerate(nodes):
        if isinstance(node, str):
            match = pattern.search(node) if takes_links else None
            if match:
                link = new_element("a", match[0], href=target)
                set_contents(
                    element, [*nodes[:at], node[: match.start()], link, node[match.end() :], *nodes[at + 1 :]]
                )
                return True
        elif _attach_in(node, pattern, target):
            return True
    return False
