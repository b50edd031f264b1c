"""The command that shows the dashboard in a browser."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batchdeck.cli.app import app
from batchdeck.cli.options import Json
from batchdeck.cli.output import print_json_line
from batchdeck.cli.session import Session, narrate
from batchdeck.deck import Deck
from batchdeck.errors import UsageError

if TYPE_CHECKING:
    from batchdeck.web.listening import Serving
    from batchdeck.web.options import ServeOptions

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_EPILOG = (
    "From another machine: ssh -N -L 8642:127.0.0.1:8642 SERVER, or with --unix-socket: "
    "ssh -N -L 8642:/path/to/socket SERVER; then open the link that was printed. docs/web.md says more."
)


@app.command(epilog=_EPILOG)
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 for any free one.")] = 8642,
    unix_socket: Annotated[
        Path | None, typer.Option("--unix-socket", help="Listen on this socket file (mode 0600) instead.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Let the browser change the deck and spend money.")
    ] = False,
    max_sessions: Annotated[
        int, typer.Option("--max-sessions", min=1, max=100, help="How many dashboards at once.")
    ] = 4,
    idle_minutes: Annotated[
        float, typer.Option("--idle-minutes", min=0.01, help="Close what nobody touches for so long.")
    ] = 60.0,
    prefix: Annotated[
        str, typer.Option("--prefix", help="Path under which a proxy shows it, like /services/deck.")
    ] = "",
    origin: Annotated[
        list[str] | None,
        typer.Option("--origin", help="Address of a proxy in front, like https://hub.example.org."),
    ] = None,
    trust_proxy: Annotated[
        bool,
        typer.Option(
            "--trust-proxy",
            help="Believe X-Forwarded-Prefix and -Proto: only where every request is a proxy's.",
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Show the dashboard in a browser: read-only, on this machine alone, by a link that works once."""
    session: Session = context.obj

    async def command() -> int:
        from batchdeck.web.options import ServeOptions, read_origin, read_prefix

        options = ServeOptions(
            host=host,
            port=port,
            unix_socket=unix_socket.expanduser().absolute() if unix_socket is not None else None,
            write=write,
            max_sessions=max_sessions,
            idle_seconds=idle_minutes * 60,
            prefix=read_prefix(prefix),
            origins=tuple(read_origin(text) for text in origin or ()),
            trust_proxy=trust_proxy,
        )
        return await _serve(session, options, json=json)

    if write and session.read_only:
        raise typer.BadParameter("--write and --read-only exclude each other.")
    session.run_bare(command)


async def _serve(session: Session, options: ServeOptions, *, json: bool) -> int:
    try:
        from batchdeck.web.listening import serve as serve_web
    except ModuleNotFoundError as missing:
        raise UsageError(
            f"The browser needs libraries that are not installed ({missing.name}).",
            hint="Run: pip install 'batchdeck[web]'",
        ) from None
    from batchdeck.web.child import DashboardCommand

    _warn(options)
    is_first = True

    def announce(serving: Serving) -> None:
        nonlocal is_first
        if json:
            print_json_line({"links": serving.links, "port": serving.port, "write": options.write})
        else:
            narrate("Open this link; it works once:" if is_first else "The link was used. One more browser:")
            for link in serving.links:
                typer.echo(link)
        if is_first:
            narrate(_tunnel(options, serving))
        is_first = False

    async with Deck.open(
        session.deck,
        sandbox=session.sandbox,
        base_url=session.base_url,
        profile=session.profile,
        read_only=True,
    ) as deck:
        dashboards = DashboardCommand(
            deck=deck.path,
            write=options.write,
            calls_api=options.write and not deck.is_sandbox,
            sandbox=session.sandbox,
            base_url=session.base_url,
            profile=session.profile,
        )
        # Being told to stop is how a server ends well.
        with contextlib.suppress(asyncio.CancelledError):
            await serve_web(deck, dashboards, options, announce=announce)
    narrate("Stopped, and every dashboard with it.")
    return 0


def _warn(options: ServeOptions) -> None:
    if options.unix_socket is None and options.host not in _LOOPBACK:
        narrate(
            f"! {options.host} can be reached by others, without encryption: whoever listens on the way "
            "can take a session over. A tunnel (ssh -L) to 127.0.0.1 is safer."
        )
    if options.write:
        narrate("! --write: whoever opens the link can spend money and delete batches.")


def _tunnel(options: ServeOptions, serving: Serving) -> str:
    here = socket.gethostname()
    if serving.port is None:
        return f"From another machine first: ssh -N -L {options.port}:{options.unix_socket} {here}"
    return (
        f"From another machine first: ssh -N -L {serving.port}:127.0.0.1:{serving.port} {here}\n"
        "Ctrl-C ends the server and every dashboard."
    )
