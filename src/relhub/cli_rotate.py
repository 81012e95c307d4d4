"""`relhub keys rotate` and `relhub keys pull-back`."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from relhub.services.hub import Hub
from relhub.services.rotate_seals import Rotated, SealsInUse, pull_back, rotate_seals, seals_in_use, to_do

WithHub = Callable[[Callable[[Hub], Coroutine[Any, Any, Any]]], Any]
_LOST = 'see "A lost key" in docs/operations.md'


def add_rotate(keys: typer.Typer, with_hub: WithHub) -> None:
    """These commands in the group `keys`; `with_hub`: runs something with an open hub."""

    @keys.command()
    def rotate(dry_run: Annotated[bool, typer.Option(help="Change nothing; say what would be done.")] = False) -> None:
        """Seal everything anew with the key that seals now, while everything goes on.

        May be broken off at any moment and started again; several may run at once. Says at the end which seals are still in use.
        Exit code 1 when values remain that no seal opens.
        """
        if not with_hub(_say if dry_run else _rotate):
            raise typer.Exit(1)

    @keys.command("pull-back")
    def pull_back_command() -> None:
        """For a seal that is lost for good: forget what only it could open, and let the next pulls read everything again."""
        lost = with_hub(pull_back)
        if lost:
            typer.echo(f"The next pull of each source reads everything again (seals that are lost: {_list(lost)}).")
        else:
            typer.echo("No seal is lost: nothing was changed.")


async def _say(hub: Hub) -> bool:
    found = await seals_in_use(hub.database)
    for column, counts in found.items():
        typer.echo(f"{column}: {to_do(hub, counts)} of {sum(counts.values())} values would be sealed anew with seal {hub.sealer.seal_with}")
    return _conclude(hub, found)


async def _rotate(hub: Hub) -> bool:
    console = Console(stderr=True)
    bars: dict[str, TaskID] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:

        def show(column: str, done: int, total: int) -> None:
            if column not in bars:
                bars[column] = bar.add_task(column)
            bar.update(bars[column], completed=done, total=total)

        rotated: Rotated = await rotate_seals(hub, show)
    typer.echo(f"{rotated.moved} values were sealed anew with seal {hub.sealer.seal_with}.")
    for column, number in rotated.damaged.items():
        typer.echo(
            f"{column}: {number} values are not what was sealed: they were changed, or moved, outside of relhub. They are as they were."
        )
    return _conclude(hub, rotated.in_use) and not rotated.damaged


def _conclude(hub: Hub, found: SealsInUse) -> bool:
    """Which seals are in use; False when one of them is lost."""
    in_use = {seal: sum(counts.get(seal, 0) for counts in found.values()) for counts in found.values() for seal in counts}
    for seal, number in sorted(in_use.items()):
        typer.echo(f"seal {seal}: {number} values{'' if seal in hub.sealer.seals else f', and it is not among the keys: {_LOST}'}")
    idle = {seal for seal in hub.sealer.seals - in_use.keys() if seal < hub.sealer.seal_with}  # a higher one is there for later
    if idle:
        typer.echo(f"No longer in use: seal {_list(idle)}. Take it out of the keys when no process and no backup needs it.")
    return in_use.keys() <= hub.sealer.seals


def _list(seals: set[int] | frozenset[int]) -> str:
    return ", ".join(map(str, sorted(seals)))
