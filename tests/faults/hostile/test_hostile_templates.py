"""Export templates that want out: out of the sandbox, out of memory, out of time. Each costs its own task."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from batchdeck.errors import BatchDeckError, UsageError
from batchdeck.html.render import render
from batchdeck.operations.workers import WorkerFailed, Workers
from tests.unit.html_out.hand import assembly

CANARY = "canary-in-the-environment"
ESCAPES = (
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__['os'].environ }}",
    "{{ joiner.__init__.__globals__ }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''|attr('__class__')|attr('__mro__') }}",
    "{{ ['']|map(attribute='__class__')|list }}",
    "{{ [document]|map(attribute='__class__')|list }}",
    "{{ [document]|groupby('__class__') }}",
    "{{ '{0.__class__.__mro__}'.format(document) }}",
    "{{ '{0.__init__.__globals__}'.format(pages) }}",
    "{{ '{x.__class__}'.format_map({'x': document}) }}",
    "{{ ('{0.__class__}'|e).format(document) }}",
    "{{ pages.__class__.__init__.__globals__ }}",
    "{{ pages[0].html.__class__ }}",
    "{{ pages|first|attr('__reduce_ex__')(2) }}",
    "{{ document.__getattribute__('__class__') }}",
    "{% for key in self.__dict__ %}{{ key }}{% endfor %}",
    "{{ (pages.__iter__()).gi_frame.f_globals }}",
    "{{ caller.__globals__ if caller is defined else ''.__doc__.__class__ }}",
    "{% include '/proc/self/environ' %}",
    "{% include '../../../../../../proc/self/environ' %}",
    "{% import 'os' as os %}{{ os.environ }}",
    "{% extends '/etc/passwd' %}",
    "{{ document.pop('title') }}",
    "{{ pages.append(1) }}",
    "{% set document.title = 'changed' %}",
    "{{ toc.clear() }}",
)
HOGS = (
    "{{ '%9999999999d'|format(1) }}",
    "{{ 'x'|center(9999999999) }}",
    "{% set n = namespace(x='xxxx') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}{{ n.x }}",
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
)
"""What no sandbox stops: a worker's memory and its time do."""


def fill_in(path: str) -> str:
    return render(assembly("<h1>Title</h1><p>page</p>"), Path(path)).html


@pytest.mark.parametrize("text", ESCAPES)
def test_no_template_gets_out_of_its_sandbox(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY", CANARY)
    path = tmp_path / "own.html.jinja"
    path.write_text(f"before {text} after")
    try:
        html = fill_in(str(path))
    except UsageError as error:
        html = error.message
        assert "own.html" in html
    for found in (CANARY, "<class", "&lt;class", "root:", "uid=", "<module", "0x7f"):
        assert found not in html


async def test_hungry_templates_cost_their_own_task(tmp_path: Path) -> None:
    workers = Workers(1, memory_bytes=600 << 20)
    try:
        for number, text in enumerate(HOGS):
            path = tmp_path / f"own-{number}.html.jinja"
            path.write_text(text)
            with pytest.raises(BatchDeckError) as caught:
                await workers.run(fill_in, str(path), seconds=2)
            assert isinstance(caught.value, UsageError | WorkerFailed)
        sound = tmp_path / "sound.html.jinja"
        sound.write_text("{{ document.title }}")
        assert await workers.run(partial(fill_in), str(sound)) == "Title"
    finally:
        await workers.close()
