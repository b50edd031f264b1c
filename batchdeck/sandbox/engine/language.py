"""A guess at a text's language, for pages whose file does not say: script first, then the commonest words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

_SCRIPTS: tuple[tuple[str, str], ...] = (
    ("぀-ヿ", "ja"),
    ("가-힣", "ko"),
    ("一-鿿", "zh"),
    ("؀-ۿ", "ar"),
    ("֐-׿", "he"),
    ("Ѐ-ӿ", "ru"),
    ("Ͱ-Ͽ", "el"),
    ("ऀ-ॿ", "hi"),
    ("฀-๿", "th"),
)
_SCRIPT_SHARE = 0.3
_COMMON_WORDS: Mapping[str, str] = {
    "en": "the of and to in is that for with was are by this from",
    "de": "der die das und ist von mit den nicht ein eine zu auf dem sich",
    "fr": "le la les des est et une dans pour que du qui par sur pas",
    "es": "el la los de y en que las del una por con para es se",
    "it": "il di che la e per un una con non del della sono gli nel",
    "pt": "o a de que e do da em um para com não uma os no na",
    "nl": "de het een van en is dat op te in voor met niet zijn",
}
_LETTERS = re.compile(r"[^\W\d_]")
_LATIN_WORDS = re.compile(r"[a-zà-ÿ]+")
_FEWEST_HITS = 3


def guess_language(text: str) -> str:
    """Return the BCP 47 tag of a text's language: ``und`` for none, ``en`` where nothing tells."""
    letters = "".join(_LETTERS.findall(text))
    if not letters:
        return "und"
    for block, language in _SCRIPTS:
        if len(re.findall(f"[{block}]", letters)) > _SCRIPT_SHARE * len(letters):
            return language
    words = Counter(_LATIN_WORDS.findall(text.lower()))
    hits = {tag: sum(words[word] for word in common.split()) for tag, common in _COMMON_WORDS.items()}
    best = max(hits, key=lambda tag: hits[tag])
    return best if hits[best] >= _FEWEST_HITS else "en"
