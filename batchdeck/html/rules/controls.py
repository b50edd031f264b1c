"""The axe rules on links, controls and what moves the focus."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from batchdeck.html.model import RuleFinding
from batchdeck.html.rules.elements import INTERACTIVE
from batchdeck.html.rules.reading import excerpt, tag_of, words_of
from batchdeck.html.rules.tree import Tree

_ATOMIC_ROLES = frozenset({"button", "img", "tab", "checkbox"})
_UNLABELLED_TYPES = frozenset({"hidden", "button", "submit", "reset", "image"})
# What a URL may not hold unescaped (URL Standard, URL code points); `%` starts two hex digits.
_BAD_URL = re.compile(r"[\s\\<>\"{}|^`\x00-\x1f\x7f]|%(?![0-9A-Fa-f]{2})")
_ADDRESSES = (("a", "href"), ("area", "href"), ("link", "href"), ("img", "src"), ("iframe", "src"))
_PLAIN_SCHEMES = ("data:", "javascript:", "mailto:", "tel:")
_HOST = re.compile(r"(?i)[a-z][a-z0-9+.-]*://([^/?#]*)")
_BAD_HOST = re.compile(r"[\[\]%,;!$'()*]|^$|^:")


def link_name(tree: Tree) -> Iterator[RuleFinding]:
    """WCAG 2.4.4, 4.1.2: a link says where it leads."""
    for link in tree.all("a"):
        if link.get("href") is not None and not tree.name(link) and not tree.is_hidden(link):
            yield tree.finding(
                "link-name", link, f"This link has no words: {excerpt(link.get('href') or '')}"
            )


def valid_address(tree: Tree) -> Iterator[RuleFinding]:
    """Addresses are written as the URL Standard has them (Nu)."""
    for tag, name in _ADDRESSES:
        for element in tree.all(tag):
            value = (element.get(name) or "").strip()
            if value.lower().startswith(_PLAIN_SCHEMES):
                continue
            host = _HOST.match(value)
            is_bad_host = host is not None and bool(_BAD_HOST.search(host[1])) and not _is_ipv6(host[1])
            is_empty = not value and element.get("src") is not None
            if _BAD_URL.search(value) or is_bad_host or is_empty:
                yield tree.finding("url-valid", element, f"This is no address: {excerpt(value)}")


def _is_ipv6(host: str) -> bool:
    return re.fullmatch(r"\[[0-9A-Fa-f:.]+\](:\d*)?", host) is not None


def control_name(tree: Tree) -> Iterator[RuleFinding]:
    """WCAG 4.1.2: buttons and fields have a name."""
    for control in tree.all("button", "input", "select", "textarea", "summary"):
        tag, kind = tag_of(control), (control.get("type") or "").lower()
        if tree.is_hidden(control):
            continue
        if tag in ("button", "summary"):
            rule = "button-name" if tag == "button" else "summary-name"
            if not tree.name(control):
                yield tree.finding(rule, control, f"This {tag} has no words.")
        elif kind == "button" and not (control.get("value") or tree.name(control)):
            yield tree.finding("input-button-name", control, "This button has no words.")
        elif not (tag == "input" and kind in _UNLABELLED_TYPES) and not _is_labelled(tree, control):
            rule = "select-name" if tag == "select" else "label"
            yield tree.finding(rule, control, f"This “{tag}” has no label.")


def _is_labelled(tree: Tree, control: Element) -> bool:
    label = tree.closest(control, "label")
    return (
        control.get("id") in tree.document.labelled
        or bool((control.get("aria-label") or "").strip() or (control.get("title") or "").strip())
        or any(tree.by_id(one) is not None for one in (control.get("aria-labelledby") or "").split())
        or bool((control.get("placeholder") or "").strip())
        or (label is not None and bool(words_of(label)))
    )


def focus_order(tree: Tree) -> Iterator[RuleFinding]:
    """WCAG 2.4.3: nothing pushes itself in front of the focus order."""
    for element in tree.with_attribute("tabindex"):
        value = (element.get("tabindex") or "").strip()
        if value.isascii() and value.isdigit() and int(value) > 0:
            yield tree.finding("tabindex", element, f"tabindex is {excerpt(value)}.")
    keys = tree.document.access_keys
    for element in tree.with_attribute("accesskey"):
        key = (element.get("accesskey") or "").lower()
        if key in keys:
            yield tree.finding("accesskeys", element, f"The access key “{excerpt(key)}” is given again.")
        keys.add(key)


def nested_interactive(tree: Tree) -> Iterator[RuleFinding]:
    """WCAG 4.1.2: a button holds nothing that takes the focus."""
    stated = (one for one in tree.with_attribute("role") if one.get("role") in _ATOMIC_ROLES)
    for element in dict.fromkeys((*tree.all("button"), *stated)):
        if element not in tree.foreign:
            for child in element.iter():
                if child is not element and (tag_of(child) in INTERACTIVE - {"label"}):
                    yield tree.finding("nested-interactive", element, "This control holds another one.")
                    break


def moving_content(tree: Tree) -> Iterator[RuleFinding]:
    """WCAG 1.4.2, 2.2.2: nothing blinks, runs or plays by itself."""
    for element in tree.all("blink", "marquee"):
        yield tree.finding(tag_of(element), element, f"“{tag_of(element)}” moves by itself.")
    for element in tree.all("audio", "video"):
        if element.get("autoplay") is not None and element.get("muted") is None:
            yield tree.finding("no-autoplay-audio", element, "This plays by itself.")
    for element in tree.all("img"):
        if element.get("ismap") is not None:
            yield tree.finding("server-side-image-map", element, "This image map needs a mouse.")


RULES = (
    link_name,
    valid_address,
    control_name,
    focus_order,
    nested_interactive,
    moving_content,
)
