"""Documents made of broken answers, by seed: every kind of fault a page answer may bring, at random."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from batchdeck.domain.documents import OutlineEntry
from batchdeck.domain.outcomes import Outcome
from batchdeck.html.model import DocumentMaterial, PageMaterial, TextLayer


def listed(text: str) -> list[str]:
    """Return the words of a text in their order."""
    return text.split()


_WORDS = listed(
    "water level station return figure table annual report of the and in for with by 1,204 3.5% § 12 "
    "naïve Straße fiancée Ωmega данные 数据 報告 بيانات נתונים 🌊 AT&T a<b x>y co-operate exam- ple"
)
_LANGUAGES = ["en", "de", "fr-CH", "ar", "he", "zh-Hant", "english", "en_US", "xx-yy", "", "EN-uk", "und"]
_FAILED = [Outcome.TRUNCATED, Outcome.REFUSED, Outcome.ERRORED, Outcome.EXPIRED, Outcome.BLOCKED]

Part = Callable[[random.Random], str]


def words(chance: random.Random, most: int = 14) -> str:
    """Return some words, now and then with the characters that markup is made of."""
    return " ".join(chance.choice(_WORDS) for _ in range(chance.randint(1, most)))


def _heading(chance: random.Random) -> str:
    level = chance.randint(1, 6)
    inner = chance.choice(
        [words(chance, 5), "", "<b></b>", f"<p>{words(chance, 4)}</p>", "<br>", "<img alt=x>"]
    )
    end = chance.choice([level, level, chance.randint(1, 6)])
    return f"<h{level} id=s{chance.randint(1, 4)}>{inner}</h{end}>"


def _paragraph(chance: random.Random) -> str:
    pieces = [words(chance)]
    for _ in range(chance.randint(0, 4)):
        pieces.append(chance.choice(_INLINE)(chance))
    end = chance.choice(["</p>", "</p>", "", "</div>", "</p></p>"])
    return f"<p{chance.choice(_NOISE)}>{' '.join(pieces)}{end}"


def _link(chance: random.Random) -> str:
    target = chance.choice(
        [
            "https://example.org/a?b=1&c=2",
            "https://example.org/a b|c",
            "http://[bad",
            "http://",
            "www.example.org",
            "#nowhere",
            "#s1",
            "mailto:a@example.org",
            "javascript:alert(1)",
            "/local path/x.html",
            "",
            "https://example.org/100%",
            "HTTPS://EXAMPLE.ORG/Ünïcode",
        ]
    )
    inner = chance.choice([words(chance, 3), "", "<a href='#s2'>inner</a>", "<h3>block</h3>", "<img alt=''>"])
    return f'<a href="{target}" title=x>{inner}</a>'


def _emphasis(chance: random.Random) -> str:
    tag = chance.choice(listed("b i u em strong mark small s code kbd sub sup del q font center tt"))
    return f"<{tag}>{words(chance, 3)}{chance.choice([f'</{tag}>', '', '</i></b>'])}"


def _note(chance: random.Random) -> str:
    key = chance.choice(listed("1 2 3 * †"))
    return f'<sup data-note="{key}">{key}</sup>'


def _foreign(chance: random.Random) -> str:
    language, direction = chance.choice(_LANGUAGES), chance.choice(["rtl", "left"])
    return f'<span lang="{language}" dir="{direction}">{words(chance, 3)}</span>'


def _formula(chance: random.Random) -> str:
    latex = chance.choice(
        [
            r"\frac{a}{b}",
            r"\frac{a",
            r"\sum_{i=0}^{n} x_i^2 = \int_0^\infty e^{-x^2} dx + \alpha\beta\gamma\delta",
            r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}",
            r"\text{if } x < 0",
            r"\unknown{x}",
            "",
            r"a & b",
            r"\sqrt[3]{x}\overline{AB}\vec{v}\binom{n}{k}",
        ]
    ).replace("&", "&amp;")
    return f'<span data-math="{chance.choice(["inline", "block", "x"])}">{latex}</span>'


def _odd(chance: random.Random) -> str:
    return chance.choice(
        [
            "<br><br>",
            "<br>• one<br>• two<br>• three<br>",
            "\x01\x0b\x7f",
            "&nbsp;&bogus;&#0;&#x1F600;&amp",
            "<!-- note -->",
            "<input type=checkbox checked> yes <input value='Bob'>",
            "<script>alert(1)</script>",
            "<style>p{}</style>",
            "<svg><text>s</text></svg>",
            "<math><mi>x</mi><annotation-xml><p>y</p></annotation-xml></math>",
            "<span data-unclear>[unclear]</span>",
            "</article>",
            "<time>yesterday</time>",
            "<time datetime='soon'>then</time>",
            "<abbr title='x'>X</abbr><wbr><bdo dir=rtl>abc</bdo><ruby>漢<rt>kan</rt></ruby>",
            "<custom-tag>words</custom-tag>",
            "<span id='s1'>again</span><span id='s1'>and again</span><span id='a b'>spaced</span>",
        ]
    )


_INLINE: list[Part] = [_link, _emphasis, _note, _foreign, _formula, _odd]
_NOISE = ["", "", ' class="x"', ' style="color:red"', ' align="center"', ' onclick="alert(1)"',
          ' role="note"',
          ' data-continues="prev"', ' data-continues="next"', ' aria-label="x"', " id=s3"]  # fmt: skip


def _list(chance: random.Random) -> str:
    tag = chance.choice(["ul", "ol", "dl"])
    items = []
    for _ in range(chance.randint(0, 5)):
        inner = chance.choice([words(chance, 6), _paragraph(chance), "", f"<ul><li>{words(chance, 3)}</ul>"])
        items.append(
            chance.choice(
                [
                    f"<li>{inner}</li>",
                    f"<li value=x>{inner}",
                    f"<p>{inner}</p>",
                    inner,
                    f"<dt>{inner}<dd>{inner}",
                ]
            )
        )
    start = chance.choice(["", " start=4", " start=iv", " type=a", " reversed", ' data-continues="both"'])
    return f"<{tag}{start}>{''.join(items)}{chance.choice([f'</{tag}>', ''])}"


def _table(chance: random.Random) -> str:
    columns = chance.randint(1, 9)
    rows = []
    for row in range(chance.randint(0, 6)):
        cells = []
        for _ in range(chance.choice([columns, columns, columns - 1, columns + 2])):
            tag = "th" if row == 0 and chance.random() < 0.7 else chance.choice(["td", "td", "td", "th"])
            attributes = chance.choice(
                ["", "", "", " colspan=2", " rowspan=3", " colspan=0", " rowspan=9", ' scope="col"',
                 ' scope="x"',
                 ' headers="s1 nope"', " id=s2", ' colspan="many"', " colspan=99999999"]
            )  # fmt: skip
            inner = chance.choice(
                [words(chance, 3), words(chance, 3), "", _paragraph(chance), "<h4>h</h4>", "1,024"]
            )
            cells.append(f"<{tag}{attributes}>{inner}</{tag}>")
        rows.append(f"<tr>{''.join(cells)}</tr>" if chance.random() < 0.9 else words(chance, 3))
    caption = chance.choice(
        ["", f"<caption>{words(chance, 5)}</caption>", "<caption></caption>", "<caption><p>c</p>"]
    )
    body = "".join(rows)
    if chance.random() < 0.4 and rows:
        body = f"<thead>{rows[0]}</thead><tbody>{''.join(rows[1:])}</tbody>"
    if chance.random() < 0.2:
        body += caption
    else:
        body = caption + body
    marks = chance.choice(["", ' data-continues="prev"', ' data-continues="next"', ' border=1 width="100%"'])
    return f"<table{marks}>{body}{chance.choice(['</table>', '</table>', ''])}"


def _figure(chance: random.Random) -> str:
    box = chance.choice(["100 100 900 500", "0 0 0 0", "x y", "", "-5 20 4000 1e9", "900 900 100 100"])
    kind = chance.choice(["photo", "decorative", "chart", "", "diagram"])
    alt = chance.choice(
        [f' alt="{words(chance, 5).replace(chr(34), "")}"', "", ' alt=""', ' alt="image1.png"']
    )
    caption = chance.choice(["", f"<figcaption>{words(chance, 6)}</figcaption>", "<figcaption></figcaption>"])
    image = f'<img{alt} src="https://evil.example/x.png">'
    return f'<figure data-bbox="{box}" data-kind="{kind}">{image}{caption}</figure>'


def _block(chance: random.Random) -> str:
    tag = chance.choice(
        listed("div section aside blockquote pre address article main nav header footer form")
    )
    inner = "".join(chance.choice(_BLOCKS[:4])(chance) for _ in range(chance.randint(0, 2)))
    return f"<{tag}>{inner or words(chance)}{chance.choice([f'</{tag}>', ''])}"


def _furniture(chance: random.Random) -> str:
    tag = chance.choice(["header", "footer"])
    return f'<{tag} data-role="running"><p>Annual report {chance.randint(1, 9)}</p></{tag}>'


def _notes(chance: random.Random) -> str:
    notes = "".join(
        f'<p data-note="{n}">{n} {words(chance, 6)}</p>' for n in ("1", "2", "*")[: chance.randint(0, 3)]
    )
    return f'<section data-role="footnotes">{notes}</section>'


_BLOCKS: list[Part] = [
    _paragraph, _paragraph, _list, _table, _heading, _heading, _figure, _block, _furniture, _notes, _odd,
]  # fmt: skip


def answer(chance: random.Random, number: int) -> str:
    """Return one broken answer for page `number`."""
    body = "\n".join(chance.choice(_BLOCKS)(chance) for _ in range(chance.randint(0, 9)))
    claimed = number if chance.random() < 0.97 else number + 1
    head = (
        f'<article data-bd="1" data-page="{claimed}" data-lang="{chance.choice(_LANGUAGES)}" '
        f'data-kind="{chance.choice(["text", "table", "toc", "blank", "x"])}" '
        f'data-starts="{chance.choice(["new", "continues"])}" '
        f'data-ends="{chance.choice(["complete", "continues"])}">'
    )
    whole = f"{head}{body}</article>"
    return chance.choices(
        [
            whole,
            f"```html\n{whole}\n```",
            f"Here it is:\n{whole}\nDone.",
            whole[: len(whole) // 2],
            "I'm sorry, I can't.",
        ],
        [14, 2, 2, 1, 1],
    )[0]


def document(seed: int) -> tuple[DocumentMaterial, list[PageMaterial]]:
    """Return one document of one to six pages."""
    chance = random.Random(seed)
    count = chance.randint(1, 6)
    pages = []
    for number in range(1, count + 1):
        is_failed = chance.random() < 0.12
        layer = TextLayer(words(chance, 60), trusted=True, links=("https://example.org/x",))
        pages.append(
            PageMaterial(
                number,
                chance.choice([str(number), "iv", "A-3", "<b>", ""]),
                chance.choice(_FAILED) if is_failed else Outcome.OK,
                None if is_failed else answer(chance, number),
                "a cause with <markup> & \x1b[31mcontrols" if is_failed else "",
                layer if chance.random() < 0.6 else None,
            )
        )
    material = DocumentMaterial(
        chance.choice(["report.pdf", "<script>.pdf", "数据 2025.pdf", "a\x07b.pdf"]),
        f"{seed:064x}",
        count,
        title=chance.choice(["", "report.pdf", "A & B <i>", words(chance, 4)]),
        language=chance.choice(_LANGUAGES),
        outline=(OutlineEntry(1, words(chance, 3), 1),) if chance.random() < 0.3 else (),
        job="j-1",
        recipe="pdf-to-html",
    )
    return material, pages


def documents(count: int) -> Iterator[tuple[int, DocumentMaterial, list[PageMaterial]]]:
    """Yield that many documents with their seeds."""
    for seed in range(count):
        yield seed, *document(seed)
