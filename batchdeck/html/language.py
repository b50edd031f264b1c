"""Languages: the document's, each page's, and those of parts, as valid tags and with their direction."""

from __future__ import annotations

from collections import Counter
from sys import intern

from batchdeck.html.model import Assembly, Change, PageTree, opened
from batchdeck.html.rules.language import is_language
from batchdeck.html.words import excerpt

STAGE = "language"

_NAMES = {
    "arabic": "ar", "bulgarian": "bg", "catalan": "ca", "chinese": "zh", "croatian": "hr", "czech": "cs",
    "danish": "da", "dutch": "nl", "english": "en", "estonian": "et", "farsi": "fa", "finnish": "fi",
    "french": "fr", "german": "de", "greek": "el", "hebrew": "he", "hindi": "hi", "hungarian": "hu",
    "indonesian": "id", "italian": "it", "japanese": "ja", "korean": "ko", "latin": "la", "latvian": "lv",
    "lithuanian": "lt", "norwegian": "no", "persian": "fa", "polish": "pl", "portuguese": "pt",
    "romanian": "ro", "russian": "ru", "serbian": "sr", "slovak": "sk", "slovenian": "sl", "spanish": "es",
    "swedish": "sv", "thai": "th", "turkish": "tr", "ukrainian": "uk", "urdu": "ur", "vietnamese": "vi",
}  # fmt: skip
UNKNOWN = "und"


def settle_languages(assembly: Assembly) -> None:
    """Give the document the language of most of its words, and make every tag in it a valid one.

    The document's own statement in the PDF counts only where no page says anything: it is often a template's.
    """
    votes: Counter[str] = Counter()
    for page in opened(assembly.pages):
        said = page.meta.get("lang", "") or page.tree.get("lang", "")
        tag = valid_tag(said)
        if said and not tag:
            assembly.changes.append(Change(STAGE, page.number, "invalid language", excerpt(said, 40)))
        page.meta = {**page.meta, "lang": intern(tag)}
        if page.source == "answer" and tag and tag != UNKNOWN:
            votes[tag] += sum(len(text) for text in page.tree.itertext())
        _settle_parts(assembly, page)
    claimed = valid_tag(assembly.material.language)
    assembly.language = votes.most_common(1)[0][0] if votes else claimed or UNKNOWN


def valid_tag(said: str) -> str:
    """Return a language tag as it should be written, from a tag or an English name; empty for neither."""
    tag = said.strip().replace("_", "-")
    tag = _NAMES.get(tag.casefold(), tag)
    if not is_language(tag):
        return ""
    parts = tag.split("-")
    return "-".join([parts[0].lower(), *(_cased(part) for part in parts[1:])])


def _cased(subtag: str) -> str:
    if len(subtag) == 4 and subtag.isalpha():
        return subtag.title()
    return subtag.upper() if len(subtag) == 2 else subtag


def _settle_parts(assembly: Assembly, page: PageTree) -> None:
    """Make `lang` and `dir` below a page valid, or take them away; the article's own go to the template."""
    page.tree.attrib.pop("lang", None)
    for element in page.tree.iter():
        said = element.get("lang")
        if said is not None:
            tag = valid_tag(said)
            if tag:
                element.set("lang", tag)
            else:
                del element.attrib["lang"]
                assembly.changes.append(Change(STAGE, page.number, "invalid language", excerpt(said, 40)))
        direction = element.get("dir")
        if direction is not None and direction.lower() not in ("ltr", "rtl", "auto"):
            del element.attrib["dir"]
            assembly.changes.append(Change(STAGE, page.number, "invalid direction", excerpt(direction, 40)))
