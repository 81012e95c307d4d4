"""A pull as it is shown to whoever started it: a bar per source on a terminal, log lines otherwise."""

from collections.abc import Sequence
from functools import partial

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from relhub.errors import PullRefused, SourceError
from relhub.services.hub import Hub
from relhub.services.pull_source import pull_source


async def pull_shown(hub: Hub, names: Sequence[str], *, accept_loss: bool = False) -> int:
    """Pulls these sources one after the other; returns how many failed, each with one line that says why."""
    console = Console(stderr=True)
    failed = 0
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as bar:
        for name in names:
            task = bar.add_task(f"pull {name}", total=None)
            try:
                report = await pull_source(hub, name, partial(_show, bar, task), accept_loss=accept_loss)
                bar.update(task, total=report.documents or 1, completed=report.documents or 1)
            except (SourceError, PullRefused) as error:
                failed += 1
                console.print(
                    f"relhub: {error}", style="red" if console.is_terminal else None, markup=False, highlight=False, soft_wrap=True
                )
    return failed


def _show(bar: Progress, task: TaskID, done: int, expected: int | None) -> None:
    bar.update(task, completed=done, total=expected)
