"""The deck in a real kernel: what is shown, told, completed and stopped."""

from __future__ import annotations

import os
import time
from pathlib import Path

from .conftest import SECONDS, Kernel


def _is_running(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_deck_in_a_kernel(kernel: Kernel) -> None:
    """One kernel for all, for starting one takes seconds; each step goes on where the last one ended."""
    main_job_shows_itself(kernel)
    error_is_three_lines(kernel)
    interrupted_operation_comes_to_a_halt(kernel)
    magic_returns_objects(kernel)
    magic_is_completed(kernel)
    live_table_follows(kernel)
    dashboard_lives_and_dies_with_the_kernel(kernel)


def main_job_shows_itself(kernel: Kernel) -> None:
    planned = kernel.run("plan = deck.plan(await deck.scan(['papers']), name='<i>$x$</i>')\nplan")
    assert "Plan &lt;i&gt;$x$&lt;/i&gt;: 3 pages of 2 documents" in planned.html
    assert "<i>" not in planned.html
    assert "mathjax_ignore" in planned.html, "money would be set as mathematics"
    assert "damaged.pdf: It is damaged beyond repair" in planned.updates[-1]["text/html"]
    assert '<th scope="row">papers/accounts.pdf</th>' in planned.html
    sent = kernel.run("sent = await deck.submit(plan)\nsent")
    assert "Submitted 3 pages" in sent.html
    assert "Submitted 3 pages" in sent.text
    tracked = kernel.run("await deck.track(until_ended=True)")
    assert "archived: " in tracked.updates[-1]["text/html"]
    shown = kernel.run("deck")
    assert "Sandbox deck" in shown.html
    assert "<caption>Batches</caption>" in shown.html
    assert kernel.run("deck.pages(sent.job).to_frame()['outcome'].tolist()").text.count("'") == 6


def error_is_three_lines(kernel: Kernel) -> None:
    assert kernel.run("deck.job('nobody')").error[0] == "There is no such thing in this deck."
    assert len(kernel.run("deck.job('nobody')").error) <= 3


def interrupted_operation_comes_to_a_halt(kernel: Kernel) -> None:
    request = kernel.start("print('begun'); await deck.track()")
    kernel.finish(request, until=lambda ran: "begun" in ran.printed)
    kernel.interrupt()
    ran = kernel.finish(request)
    assert ran.error == ["Stopped. Nothing is lost: the same call goes on where this one was."]
    assert "poller" not in kernel.run("deck.polled_by() or 'nobody'").error
    assert "'nobody'" in kernel.run("deck.polled_by() or 'nobody'").text
    assert not kernel.run("await deck.track(once=True)").error


def magic_returns_objects(kernel: Kernel) -> None:
    assert not kernel.run("%load_ext batchdeck").error
    planned = kernel.run("planned = %batchdeck submit papers --pages 1 --name first --again\nplanned")
    assert "Nothing was sent" in planned.printed
    assert "Plan first: 2 pages of 2 documents" in planned.html
    assert kernel.run("len(deck.jobs())").text == "1"
    sent = kernel.run(
        "sent = %batchdeck submit papers --pages 1 --name first --again --yes\ntype(sent).__name__"
    )
    assert sent.text == "'Submitted'"
    assert kernel.run("deck.job('first').pages").text == "2", "the notebook's own deck knows of it at once"
    kernel.run("%batchdeck watch --until-ended")
    assert kernel.run("%batchdeck jobs").html.count('<th scope="row">') == 2
    assert kernel.run("%batchdeck retry --nope").error[:2] == [
        "That cannot be done this way.",
        "  No such option: --nope",
    ]
    refused = kernel.run("%batchdeck submit papers --again --fallback realtime --yes").error
    assert refused[1] == "  “submit” with fallback has nothing to return to a notebook."
    assert kernel.run("%batchdeck costs").html.count('<th scope="row">') == 3
    assert "Send failed pages again" in kernel.run("%batchdeck retry --help").printed


def magic_is_completed(kernel: Kernel) -> None:
    assert set(kernel.complete("%batchdeck re")) == {"reconcile", "recipes", "retry"}
    assert "first" in kernel.complete("%batchdeck export ")
    assert "--account-mended" in kernel.complete("%batchdeck retry first --acc")
    assert kernel.complete("%batchdeck retry first --outcome trunc") == ["truncated"]
    assert kernel.complete("%batchdeck scan pap") == ["papers/"]


def live_table_follows(kernel: Kernel) -> None:
    request = kernel.start("await deck.submit(deck.plan(await deck.scan(['papers']), again=True))")
    kernel.finish(request)
    begun = kernel.run("live = deck.live(seconds=0.1)")
    assert "1 open batch" in begun.outputs[0]["text/html"]
    ended = kernel.run("await live\nlive.is_over")
    assert ended.text.endswith("True")
    updates = [m for m in begun.messages + ended.messages if m["msg_type"] == "update_display_data"]
    assert "Nothing is open" in updates[-1]["content"]["data"]["text/html"]


def dashboard_lives_and_dies_with_the_kernel(kernel: Kernel) -> None:
    opened = kernel.run("dashboard = deck.dashboard()\ndashboard")
    (view,) = [output for output in opened.outputs if "application/vnd.jupyter.widget-view+json" in output]
    assert "In a terminal: batchdeck --deck" in view["text/plain"]
    comm = view["application/vnd.jupyter.widget-view+json"]["model_id"]
    assert kernel.run("print(dashboard.process_id)").printed == "None\n", "it begins when it is seen"
    kernel.tell_widget(comm, type="hello", view="one")
    kernel.tell_widget(comm, type="ready", view="one", columns=90, lines=24)
    assert "SANDBOX" in kernel.shown_by_widget(comm, "quit")
    kernel.tell_widget(comm, type="input", view="one", data="?")
    kernel.shown_by_widget(comm, "Keys of batches")
    kernel.tell_widget(comm, type="input", view="one", data="\x1b")
    kernel.tell_widget(comm, type="resize", view="one", columns=120, lines=30)
    kernel.tell_widget(comm, type="ready", view="again", columns=120, lines=30)
    kernel.shown_by_widget(comm, "quit")
    pid = int(kernel.run("dashboard.process_id").text)
    assert _is_running(pid)
    kernel.kill()
    deadline = time.monotonic() + SECONDS
    while _is_running(pid):
        assert time.monotonic() < deadline, "the dashboard outlived its kernel"
        os.sched_yield()
