"""Files whose structure loops, lies, nests without end, or wants to act: trees, tables, boxes, actions."""

from __future__ import annotations

import io
import zlib
from random import Random

import pikepdf

from tests.faults.hostile.raw import CATALOG, PAGE, WORDS, deflated, document, stream

HUGE = (b"-1", b"0", b"2147483647", b"4294967296", b"99999999999999999999", b"1e9", b"(x)", b"null", b"7 0 R")


def page_tree(chance: Random) -> bytes:
    """Page trees that loop, share their branches, go down for ever, or lie about what they hold."""
    kind = chance.randrange(6)
    if kind == 0:
        return document({2: b"<</Type/Pages/Count 2/Kids[3 0 R 2 0 R]>>"})
    if kind == 1:  # 2^30 pages, if every way is walked
        nodes = {
            20 + n: b"<</Type/Pages/Parent 2 0 R/Count %d/Kids[%d 0 R %d 0 R]>>"
            % (2 ** (30 - n), 21 + n, 21 + n)
            for n in range(29)
        }
        return document({2: b"<</Type/Pages/Count 1073741824/Kids[20 0 R]>>", **nodes, 49: PAGE})
    if kind == 2:
        depth = chance.choice((200, 3_000))
        nodes = {
            20 + n: b"<</Type/Pages/Parent %d 0 R/Count 1/Kids[%d 0 R]>>" % (19 + n, 21 + n)
            for n in range(depth)
        }
        return document({2: b"<</Type/Pages/Count 1/Kids[20 0 R]>>", **nodes, 20 + depth: PAGE})
    if kind == 3:
        return document({2: b"<</Type/Pages/Count %s/Kids[3 0 R]>>" % chance.choice(HUGE), 7: b"7 0 R"})
    if kind == 4:
        kids = b"".join(
            chance.choice((b"3 0 R ", b"99 0 R ", b"null ", b"5 0 R ", b"(x) ")) for _ in range(3_000)
        )
        return document({2: b"<</Type/Pages/Count 3000/Kids[%s]>>" % kids})
    parents = b"<</Type/Pages/Parent 2 0 R/Count 1/Kids[3 0 R]>>"
    return document({2: parents, 3: PAGE.replace(b"2 0 R", b"3 0 R")})


def cross_references(chance: Random) -> bytes:
    """Cross-reference tables and streams that point nowhere, at themselves, or at everything."""
    whole = document({})
    kind = chance.randrange(5)
    if kind == 0:
        at = whole.rindex(b"xref\n0")
        return whole.replace(b"/Root 1 0 R", b"/Root 1 0 R/Prev %d" % at)
    if kind == 1:
        start = whole.rindex(b"startxref")
        return whole[:start] + b"startxref\n%d\n%%%%EOF" % chance.choice((0, 9, 10**9, 10**18))
    if kind == 2:
        size = chance.choice((10_000_000, 2_147_483_647))
        return whole.replace(b"xref\n0 10", b"xref\n0 %d" % size).replace(b"/Size 10", b"/Size %d" % size)
    if kind == 3:
        width = chance.choice((b"[1 2 1]", b"[100 100 100]", b"[0 0 0]", b"[-1 9 1]", b"[1 8 8]"))
        index = chance.choice((b"", b"/Index[0 2147483647]", b"/Index[-5 9 -5 9]"))
        data = zlib.compress(chance.randbytes(5_000))
        table = b"<</Type/XRef/Size 9999999/Root 1 0 R/W%s%s/Filter/FlateDecode/Length %d>>" % (
            width,
            index,
            len(data),
        )
        head = document({}, tail=b"")
        return head + b"11 0 obj\n%sstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF" % (
            table,
            data,
            len(head),
        )
    return whole.replace(b" 00000 n", b" 00001 n").replace(b"0000000", b"0000009", chance.randint(1, 9))


def lengths(chance: Random) -> bytes:
    """Streams that claim other lengths than they have, and streams that never end."""
    claimed = chance.choice((*HUGE, b"4 0 R", b"1"))
    whole = document({4: stream(WORDS, length=claimed), 7: b"7 0 R"})
    return whole.replace(b"\nendstream", b"", 1) if chance.random() < 0.3 else whole


def object_streams(chance: Random) -> bytes:
    """Object streams that hold hundreds of thousands of objects, or say so, or hold themselves."""
    count = chance.choice((5, 100_000))
    numbers = b" ".join(b"%d %d" % (100 + n, 3 * n) for n in range(count))
    objects = b"<<>>" * 2 + b"[] " * count
    first = chance.choice((b"%d" % (len(numbers) + 1), b"-1", b"2147483647"))
    claimed = chance.choice((b"%d" % count, b"2147483647", b"-1"))
    extends = chance.choice((b"", b"/Extends 7 0 R"))
    entries = b"/Type/ObjStm/N %s/First %s%s" % (claimed, first, extends)
    return document({7: deflated(numbers + b" " + objects, entries)})


def many_objects(chance: Random) -> bytes:
    """A file of very many tiny objects, with or without a table."""
    count = chance.choice((20_000, 150_000))
    body = b"".join(b"%d 0 obj\n<</A %d 0 R>>\nendobj\n" % (n, n + 1) for n in range(20, 20 + count))
    return document({}, tail=body + b"trailer<</Root 1 0 R>>\n%%EOF")


def nesting(chance: Random) -> bytes:
    """Arrays, dictionaries, strings and states within one another, tens of thousands deep."""
    depth = chance.choice((300, 20_000, 200_000))
    opened, closed = chance.choice(((b"[", b"]"), (b"<</A", b">>"), (b"(", b")"), (b"[<</A", b">>]")))
    deep = opened * depth + closed * (depth if chance.random() < 0.7 else 0)
    where = chance.randrange(3)
    if where == 0:
        return document({1: CATALOG.replace(b">>", b"/Deep " + deep + b">>")})
    if where == 1:
        return document({4: deflated(deep + b" TJ " + WORDS)})
    state = chance.choice((b"q ", b"BT ", b"/P BMC ", b"/P <</M" + b"[" * 50 + b"]" * 50 + b">> BDC "))
    return document({4: deflated(state * depth + WORDS)})


def trees_of_names(chance: Random) -> bytes:
    """Outlines, labels, names, form fields and threads that lead back to themselves."""
    catalogs = (
        (
            b"/Outlines 6 0 R",
            b"<</First 7 0 R/Last 7 0 R/Count 2000000000>>",
            b"<</Title(x)/Next 7 0 R/First 6 0 R>>",
        ),
        (
            b"/Outlines 6 0 R",
            b"<</First 7 0 R>>",
            b"<</Title<FEFFD800>/First 7 0 R/A<</S/GoTo/D[3 0 R/Fit]>>>>",
        ),
        (
            b"/PageLabels 6 0 R",
            b"<</Kids[6 0 R 7 0 R]>>",
            b"<</Nums[0<</S/r/St 2000000000>>0<</S/A/St 99999999>>]>>",
        ),
        (b"/Names<</EmbeddedFiles 6 0 R/Dests 6 0 R>>", b"<</Kids[7 0 R 6 0 R]>>", b"<</Kids[6 0 R 6 0 R]>>"),
        (
            b"/AcroForm<</Fields[6 0 R]>>",
            b"<</Kids[7 0 R 6 0 R]/Parent 7 0 R>>",
            b"<</Kids[6 0 R]/Parent 6 0 R>>",
        ),
        (b"/StructTreeRoot 6 0 R", b"<</K[7 0 R 6 0 R]/ParentTree 6 0 R>>", b"<</K 6 0 R/P 7 0 R/Pg 3 0 R>>"),
        (b"/OCProperties<</OCGs[6 0 R]/D<</Order[6 0 R]>>>>", b"[6 0 R 7 0 R]", b"[6 0 R]"),
    )
    entry, sixth, seventh = chance.choice(catalogs)
    return document({1: CATALOG.replace(b">>", entry + b">>"), 6: sixth, 7: seventh})


def boxes(chance: Random) -> bytes:
    """Pages of no size, of absurd sizes, and turned by absurd angles."""
    edges = (b"0", b"nan", b"inf", b"1e308", b"-1e308", b"1000000000000", b"-5", b"0.0000001", b"(x)", b"612")
    box = b" ".join(chance.choice(edges) for _ in range(chance.choice((4, 4, 4, 3, 400))))
    turned = chance.choice((b"90", b"45", b"10000000000", b"(x)", b"-90", b"1e300"))
    unit = chance.choice((b"", b"/UserUnit 1000000000", b"/UserUnit -1", b"/UserUnit nan"))
    page = PAGE.replace(
        b"/MediaBox[0 0 612 792]", b"/MediaBox[%s]/CropBox[%s]/Rotate %s%s" % (box, box, turned, unit)
    )
    return document({3: page})


def actions(chance: Random) -> bytes:
    """Scripts, programs, forms to be sent, files attached: whatever a viewer could be made to do."""
    script = b"<</S/JavaScript/JS(app.launchURL\\('http://127.0.0.1:9/'\\);while\\(true\\){})>>"
    launch = b"<</S/Launch/F(/bin/sh)/Win<</F(cmd.exe)/P(/c calc)>>>>"
    send = b"<</S/SubmitForm/F(http://127.0.0.1:9/)/Flags 4>>"
    remote = b"<</S/GoToR/F(//127.0.0.1/share/x.pdf)/D[0/Fit]>>"
    chosen = [
        chance.choice((script, launch, send, remote, b"<</S/ImportData/F(/etc/passwd)>>")) for _ in range(4)
    ]
    catalog = CATALOG.replace(
        b">>", b"/OpenAction %s/AA<</WC %s>>/Names<</JavaScript<</Names[(x)%s]>>>>>>" % (*chosen[:2], script)
    )
    annotation = (
        b"<</Type/Annot/Subtype/%s/Rect[0 0 600 700]/A %s/AA<</E %s>>/MK<</CA(x)>>/FT/Btn/T(x)/FS 7 0 R>>"
        % (
            chance.choice((b"Link", b"Widget", b"Screen", b"FileAttachment", b"RichMedia", b"Movie")),
            *chosen[2:],
        )
    )
    page = PAGE.replace(
        b"/Contents",
        b"/AA<</O %s/C %s>>/Annots[%s]/Contents" % (*chosen[:2], b"6 0 R " * chance.choice((1, 9_000))),
    )
    attached = b"<</Type/Filespec/F(/etc/passwd)/UF(../../evil.sh)/EF<</F 8 0 R>>>>"
    return document(
        {1: catalog, 3: page, 6: annotation, 7: attached, 8: stream(b"#!/bin/sh\n", b"/Type/EmbeddedFile")}
    )


def external_files(chance: Random) -> bytes:
    """Streams, pictures and fonts that are said to lie in another file."""
    name = chance.choice(
        (b"(/etc/passwd)", b"(/dev/zero)", b"(http://127.0.0.1:9/x)", b"(file:///proc/self/environ)")
    )
    return document(
        {
            4: stream(WORDS, b"/F %s/FFilter/FlateDecode" % name),
            5: stream(
                b"x", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Ref<</F %s/Page 0>>/F %s" % (name, name)
            ),
        }
    )


def encryption(chance: Random) -> bytes:
    """Encrypted files: sound ones, ones with a password nobody has, and ones whose dictionary is nonsense."""
    if chance.random() < 0.4:
        out = io.BytesIO()
        with pikepdf.open(io.BytesIO(document({}))) as pdf:
            user = chance.choice(("", "", "sesame"))
            locks = (
                pikepdf.Encryption(owner="owner", user=user, R=6),
                pikepdf.Encryption(owner="owner", user=user, R=4),
                pikepdf.Encryption(owner="owner", user=user, R=3, aes=False, metadata=False),
                pikepdf.Encryption(owner="owner", user=user, R=2, aes=False, metadata=False),
            )
            pdf.save(out, encryption=chance.choice(locks))
        whole = bytearray(out.getvalue())
        if chance.random() < 0.5:
            at = whole.rfind(b"/Encrypt")
            for _ in range(3):
                whole[max(0, at - chance.randrange(1, 900))] = chance.randrange(256)
        return bytes(whole)
    number = chance.choice((b"0", b"1", b"2", b"4", b"5", b"9", b"-1", b"2147483647"))
    entries = b"/Filter/Standard/V %s/R %s/Length %s/P -1" % (
        number,
        chance.choice((b"2", b"4", b"6", b"99")),
        chance.choice(HUGE),
    )
    keys = b"/O<%s>/U<%s>" % (b"41" * chance.choice((0, 32, 48, 100_000)), b"41" * chance.choice((0, 32, 48)))
    filters = b"/CF<</StdCF<</CFM/%s/Length 99999>>>>/StmF/StdCF/StrF/StdCF" % chance.choice(
        (b"AESV2", b"AESV3", b"V2", b"None")
    )
    return document({7: b"<<%s%s%s>>" % (entries, keys, filters)}, trailer=b"/Encrypt 7 0 R/ID[<00><00>]")


LIES = (
    page_tree,
    cross_references,
    lengths,
    object_streams,
    many_objects,
    nesting,
    trees_of_names,
    boxes,
    actions,
    external_files,
    encryption,
)
