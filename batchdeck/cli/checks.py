"""The commands that look things over or serve: validate, templates, sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from batchdeck.cli.app import app
from batchdeck.cli.options import Json
from batchdeck.cli.output import counted, print_json, print_table
from batchdeck.cli.session import Session, narrate


@app.command()
def validate(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="HTML files.", metavar="FILE...")],
    external: Annotated[
        bool, typer.Option("--external", help="Also run Nu and axe, where they are installed.")
    ] = False,
    json: Json = False,
) -> None:
    """Run the built-in checks on any HTML file."""

    async def command() -> int:
        from batchdeck.deck import validate_files

        validation = validate_files(files, external=external)
        results = validation.files
        for judge in validation.not_installed:
            narrate(judge)
        if json:
            print_json(
                {
                    "files": [
                        {
                            "file": file,
                            "errors": [
                                {"rule": f.rule, "message": f.message, "line": f.line} for f in findings
                            ],
                        }
                        for file, findings in results
                    ]
                }
            )
        else:
            rows = [(file, f.line or None, f.rule, f.message) for file, found in results for f in found]
            if rows:
                print_table(("FILE", "LINE", "RULE", "MESSAGE"), rows, right=(1,))
            narrate(f"{counted(len(rows), 'finding')} in {counted(len(files), 'file')}.")
        return 3 if any(findings for _, findings in results) else 0

    session: Session = context.obj
    session.run_bare(command)


@app.command()
def templates(json: Json = False) -> None:
    """List the export templates."""
    from batchdeck.deck import export_templates

    found = [(makes, t) for makes in ("documents", "records") for t in export_templates(makes)]
    if json:
        rows = [{"name": t.name, "of": of, "summary": t.summary, "folder": t.folder} for of, t in found]
        print_json({"templates": rows})
    else:
        cells = [(t.name, of, t.summary, t.folder) for of, t in found]
        print_table(("NAME", "OF", "WHAT IT MAKES", "FOLDER"), cells)


@app.command()
def sandbox(
    context: typer.Context,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 for any free one.")] = 8788,
    faults: Annotated[Path | None, typer.Option("--faults", help="Faults file (docs/sandbox.md).")] = None,
    state: Annotated[
        Path | None, typer.Option("--state", help="Folder of its state. [default: the deck's own]")
    ] = None,
    speed: Annotated[
        float | None, typer.Option("--speed", min=0.001, help="How much faster its clock runs.")
    ] = None,
    batch_seconds: Annotated[
        float, typer.Option("--batch-seconds", min=0, help="How long a batch takes.")
    ] = 4.0,
    key: Annotated[
        str | None, typer.Option("--key", help="API key to take. [default: one of its own]")
    ] = None,
) -> None:
    """Serve the Message Batches API from this machine, for this deck or for any other client."""
    from batchdeck.config import deck_home
    from batchdeck.sandbox.__main__ import main as serve

    session: Session = context.obj
    folder = state or deck_home(session.deck) / "sandbox"
    arguments = ["--state", str(folder), "--port", str(port), "--batch-seconds", str(batch_seconds)]
    arguments += ["--faults", str(faults)] if faults is not None else []
    arguments += ["--speed", str(speed)] if speed is not None else []
    arguments += ["--key", key] if key is not None else []
    narrate(f"Serving the Message Batches API from {folder}; Ctrl-C ends it. Its address and key:")
    raise typer.Exit(serve(arguments))
