"""`relhub officials`: the directory of officials, from a file and from what sources say."""

from pathlib import Path
from typing import Annotated

import typer

from relhub.config.officials_file import as_csv, read_officials
from relhub.opening import with_hub
from relhub.services.hub import Hub
from relhub.services.import_officials import Imported, import_officials, organisation_named, unlisted_officials

officials = typer.Typer(
    no_args_is_help=True, help="The directory of officials: how to reach them, under which accounts sources know them, who takes over."
)
_Organisation = Annotated[str, typer.Option(help="Whose officials; not needed where the access rules have one organisation.")]


@officials.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A CSV file (UTF-8) with the columns of docs/officials.md.")],
    organisation: _Organisation = "",
    whole: Annotated[bool, typer.Option(help="The file is the whole directory: who is not in it goes.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Change nothing; say what would change.")] = False,
) -> None:
    """Take in a file: whom it names is as it says, all others stay. Exit code 1 when a row was set aside; the rest is taken in all the same."""

    async def go(hub: Hub) -> Imported:
        whose = organisation_named(hub, organisation)
        return await import_officials(hub, whose, read_officials(file, whose), whole=whole, dry_run=dry_run)

    imported = with_hub(go)
    for row in imported.aside:
        typer.echo(f"SET ASIDE line {row.line}: {row.reason}", err=True)
    typer.echo(", ".join(imported.counts()))
    if dry_run:
        typer.echo("Nothing was changed.")
    if imported.aside:
        raise typer.Exit(1)


@officials.command()
def missing(organisation: _Organisation = "") -> None:
    """Print, as such a file, the officials whom open cases name and the directory does not have: fill in `account`, and import it."""

    async def go(hub: Hub) -> list[str]:
        return list(as_csv(await unlisted_officials(hub, organisation_named(hub, organisation))))

    for line in with_hub(go):
        typer.echo(line)
