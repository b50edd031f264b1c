"""The commands about recipes: list, show, check, and make one of one's own."""

from __future__ import annotations

from typing import Annotated

import typer

from batchdeck.cli.app import app
from batchdeck.cli.options import Json
from batchdeck.cli.output import print_json, print_table
from batchdeck.cli.session import Session, narrate
from batchdeck.domain.text import show

recipes = typer.Typer(
    help="List, show, check and make recipes: what to ask, and what a good answer looks like.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(recipes, name="recipes")

Name = Annotated[str, typer.Argument(help="A recipe's name, or its folder.", metavar="NAME")]


@recipes.callback(invoke_without_command=True)
def recipes_root(context: typer.Context, json: Json = False) -> None:
    """Without a command, list them."""
    if context.invoked_subcommand is None:
        _list(context, as_json=json)


@recipes.command("list")
def list_all(context: typer.Context, json: Json = False) -> None:
    """List the recipes: the shipped ones and your own."""
    _list(context, as_json=json)


def _list(context: typer.Context, *, as_json: bool) -> None:
    async def command() -> int:
        from batchdeck.deck import known_recipes

        found = known_recipes()
        if as_json:
            rows = [
                {
                    "name": r.name,
                    "title": r.title,
                    "model": r.model or None,
                    "max_tokens": r.max_tokens if r.model else None,
                    "sources": list(r.sources),
                    "contract": r.contract,
                    "export": r.export,
                    "shipped": r.is_shipped,
                }
                for r in found
            ]
            print_json({"recipes": rows})
        else:
            cells = [
                (
                    r.name,
                    r.title,
                    ", ".join(r.sources),
                    r.contract,
                    r.model,
                    "shipped" if r.is_shipped else "yours",
                )
                for r in found
            ]
            print_table(("NAME", "WHAT IT DOES", "READS", "ANSWERS", "MODEL", "WHOSE"), cells)
        return 0

    session: Session = context.obj
    session.run_bare(command)


@recipes.command("show")
def show_one(context: typer.Context, name: Name, json: Json = False) -> None:
    """Show the files of a recipe."""

    async def command() -> int:
        from batchdeck.deck import recipe_files, recipe_folder

        files, folder = recipe_files(name), recipe_folder(name)
        if json:
            print_json({"name": folder.name, "folder": folder, "files": files})
            return 0
        narrate(str(folder))
        for file, text in files.items():
            typer.echo(f"── {show(file, 80)} ──\n{show(text.rstrip(), newlines=True)}\n")
        return 0

    session: Session = context.obj
    session.run_bare(command)


@recipes.command("check")
def check(context: typer.Context, name: Name, json: Json = False) -> None:
    """Check a recipe: every complaint names the file and the key."""

    async def command() -> int:
        from batchdeck.deck import check_recipe

        recipe = check_recipe(name)
        if json:
            print_json({"name": recipe.name, "ok": True})
        else:
            reads, answers = ", ".join(recipe.sources), recipe.contract
            narrate(f"✓ {recipe.name} reads {reads} and wants {answers}. Nothing is wrong with it.")
        return 0

    session: Session = context.obj
    session.run_bare(command)


@recipes.command("new")
def new(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits and dashes.", metavar="NAME")],
    like: Annotated[str, typer.Option("--like", help="The recipe to begin with.")] = "tickets",
    json: Json = False,
) -> None:
    """Make a recipe of your own, as a copy of another one, in your configuration folder."""

    async def command() -> int:
        from batchdeck.deck import new_recipe, recipe_folder

        recipe = new_recipe(name, like=like)
        folder = recipe_folder(recipe.reference)
        if json:
            print_json({"name": recipe.name, "folder": folder})
        else:
            typer.echo(str(folder))
            narrate(f"Change its files, then: batchdeck recipes check {recipe.name}")
        return 0

    session: Session = context.obj
    session.run_bare(command)
