"""Files that are small on disk and grow when they are read: filters over filters, forms within forms."""

from __future__ import annotations

from random import Random

from tests.faults.hostile.raw import PAGE, WORDS, deflated, document, stream, zeros_deflated

FORM = b"/Type/XObject/Subtype/Form/BBox[0 0 612 792]"


def content_bomb(chance: Random) -> bytes:
    """Drawing instructions that inflate to tens or hundreds of megabytes."""
    path = chance.choice((b"0 0 m 1 1 l S\n", b"q Q\n", b"(x) Tj\n", b"% nothing\n", b"0 0 1 1 re f\n"))
    return document({4: deflated(path * (chance.choice((3, 30, 120)) * 1_000_000 // len(path)))})


def filter_tower(chance: Random) -> bytes:
    """A stream deflated two to five times: gigabytes in a few hundred bytes."""
    return document({4: zeros_deflated(chance.choice((50, 200)) * 1_000_000, times=chance.randint(2, 5))})


def odd_filters(chance: Random) -> bytes:
    """Filters that do not fit what they are put over, in any order and number."""
    names = (
        *(b"/LZWDecode", b"/RunLengthDecode", b"/ASCII85Decode", b"/ASCIIHexDecode", b"/FlateDecode"),
        *(b"/DCTDecode", b"/JPXDecode", b"/JBIG2Decode", b"/CCITTFaxDecode", b"/Crypt", b"/Nothing"),
    )
    chosen = b"".join(chance.choice(names) for _ in range(chance.choice((1, 2, 6, 400))))
    data = chance.choice(
        (chance.randbytes(4_000), b"\x81\x00" * 4_000, b"z" * 40_000, b"<~" + b"z" * 9_000 + b"~>")
    )
    parms = chance.choice((b"", b"/DecodeParms<</Predictor 15/Columns 1000000000/Colors 32>>"))
    return document({4: stream(data, b"/Filter[" + chosen + b"]" + parms)})


def picture_bomb(chance: Random) -> bytes:
    """A picture of many gigapixels in a few bytes."""
    side = chance.choice((20_000, 100_000, 2_000_000_000))
    space = chance.choice((b"/DeviceRGB", b"/DeviceGray", b"[/Indexed/DeviceRGB 255 <00>]", b"/DeviceCMYK"))
    entries = b"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent %d/ColorSpace%s" % (
        *(side, side),
        chance.choice((1, 8, 16)),
        space,
    )
    picture = deflated(b"\0" * chance.choice((10, 5_000_000)), entries)
    return document({4: stream(b"q 600 0 0 700 0 0 cm /X Do Q"), 5: picture})


def laughing_forms(chance: Random) -> bytes:
    """Forms that each draw the next one many times over."""
    depth, times = chance.choice(((8, 10), (20, 3), (3, 400), (40, 2)))
    objects = {4: stream(b"/X Do " * times)}
    for level in range(depth):
        inner = b"/Resources<</XObject<</X %d 0 R>>>>" % (21 + level) if level < depth - 1 else b""
        body = b"/X Do " * times if level < depth - 1 else b"0 0 m 9 9 l S"
        objects[20 + level] = stream(body, FORM + inner)
    page = PAGE.replace(b"/X 5 0 R", b"/X 20 0 R")
    return document({3: page, **objects})


def drawing_itself(chance: Random) -> bytes:
    """A form, a pattern, a soft mask or a glyph whose drawing needs itself."""
    kind = chance.randrange(4)
    if kind == 0:
        return document({5: stream(b"/X Do /X Do", FORM + b"/Resources<</XObject<</X 5 0 R>>>>")})
    if kind == 1:
        pattern = (
            b"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 1 1]/XStep 0.001/YStep 0.001"
        )
        page = PAGE.replace(b"/XObject", b"/Pattern<</P 6 0 R>>/XObject")
        body = b"/Pattern cs /P scn 0 0 600 700 re f"
        own = b"/Resources<</Pattern<</P 6 0 R>>>>"
        return document({3: page, 4: stream(body), 6: stream(body, pattern + own)})
    if kind == 2:
        page = PAGE.replace(b"/XObject", b"/ExtGState<</G 6 0 R>>/XObject")
        mask = FORM + b"/Group<</S/Transparency>>/Resources<</ExtGState<</G 6 0 R>>/XObject<</X 5 0 R>>>>"
        state = b"<</SMask<</S/Luminosity/G 5 0 R>>>>"
        return document({3: page, 4: stream(b"/G gs /X Do"), 5: stream(b"/G gs /X Do", mask), 6: state})
    font = (
        b"<</Type/Font/Subtype/Type3/FontBBox[0 0 9 9]/FontMatrix[1 0 0 1 0 0]/FirstChar 97/LastChar 97"
        b"/Widths[9]/Encoding<</Differences[97/a]>>/CharProcs<</a 7 0 R>>/Resources<</Font<</F 9 0 R>>>>>>"
    )
    return document({4: stream(b"BT /F 9 Tf (aaaa) Tj ET"), 7: stream(b"BT /F 9 Tf (aaaa) Tj ET"), 9: font})


def font_bomb(chance: Random) -> bytes:
    """Fonts that promise more characters, widths and mappings than there are."""
    ranges = b"".join(
        b"<%04x> <ffff> <0041>\n" % chance.randrange(65_536) for _ in range(chance.choice((1, 3_000)))
    )
    cmap = (
        b"1 begincodespacerange <00000000> <ffffffff> endcodespacerange 1 beginbfrange\n%sendbfrange" % ranges
    )
    widths = b"[0 [" + b"500 " * chance.choice((10, 300_000)) + b"] 1 2000000000 9]"
    font = (
        b"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/ToUnicode 6 0 R/DescendantFonts[7 0 R]>>"
    )
    below = b"<</Type/Font/Subtype/CIDFontType2/BaseFont/X/W%s/FontDescriptor 8 0 R/DW 1e300>>" % widths
    descriptor = b"<</Type/FontDescriptor/FontName/X/FontBBox[0 0 1e30 nan]/FontFile2 10 0 R>>"
    program = deflated(chance.randbytes(3_000), b"/Length1 %d" % chance.choice((3_000, 2_147_483_647)))
    shown = b"BT /F 12 Tf 72 700 Td <" + b"0041" * 2_000 + b"> Tj ET"
    return document({4: stream(shown), 6: deflated(cmap), 7: below, 8: descriptor, 9: font, 10: program})


def shading_bomb(chance: Random) -> bytes:
    """Shadings and functions that need themselves, or work without end."""
    function = chance.choice(
        (
            b"<</FunctionType 3/Domain[0 1]/Functions[7 0 R 7 0 R]/Bounds[0.5]/Encode[0 1 0 1]>>",
            stream(b"{" * 40_000 + b"}" * 40_000, b"/FunctionType 4/Domain[0 1]/Range[0 1 0 1 0 1]"),
            stream(b"\0" * 99, b"/FunctionType 0/Domain[0 1]/Range[0 1]/Size[2000000000]/BitsPerSample 32"),
        )
    )
    shading = b"<</ShadingType %d/ColorSpace/DeviceRGB/Function 7 0 R/Coords[0 0 1e-30 1e30 1e30 1e30]" % (
        chance.choice((1, 2, 3))
    )
    page = PAGE.replace(b"/XObject", b"/Shading<</S 6 0 R>>/XObject")
    return document(
        {3: page, 4: stream(b"/S sh " * 30 + WORDS), 6: shading + b"/Extend[true true]>>", 7: function}
    )


BOMBS = (
    content_bomb,
    filter_tower,
    odd_filters,
    picture_bomb,
    laughing_forms,
    drawing_itself,
    font_bomb,
    shading_bomb,
)
