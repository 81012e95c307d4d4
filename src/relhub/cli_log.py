"""`relhub log`: whether the consultation log is as it was sealed, and what goes out of it when its retention is over."""

import asyncio
import re
from datetime import UTC, date, datetime
from time import monotonic
from typing import Annotated

import typer

from relhub.config.settings import Settings
from relhub.opening import opened, with_hub
from relhub.services.drop_log import drop_month
from relhub.services.hub import Hub
from relhub.services.verify_log import Checked, verify_log

app = typer.Typer(no_args_is_help=True, help="The consultation log: verify it, and take a month out of it when its retention is over.")
_DAY = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]


@app.command()
def verify(
    since: Annotated[datetime | None, typer.Option("--from", formats=_DAY, help="Only what was asked from this moment on (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option("--to", formats=_DAY, help="Only what was asked before this moment (UTC).")] = None,
    known: Annotated[
        str, typer.Option(metavar="NUMBER:MAC", help="A seal as the log stream had it (`log sealed`): the chain must have it.")
    ] = "",
) -> None:
    """Check that every row is as it was sealed: none changed, missing or inserted. The chain of seals is always checked as a whole.

    Exit code 1 when anything is wrong.
    """
    started = monotonic()
    checked = with_hub(lambda hub: verify_log(hub, _utc(since), _utc(until), _seal(known)))
    _tell(checked, monotonic() - started)
    if checked.count:
        raise typer.Exit(1)


@app.command()
def drop(month: Annotated[str, typer.Argument(help="The month, as 2019-03.")]) -> None:
    """Take a whole month out of the log, as RELHUB_DATABASE_OWNER_URL. Its seals stay, and say that it went."""
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise typer.BadParameter("a month looks like 2019-03") from None
    settings = Settings.load()

    async def go(hub: Hub) -> int:
        return await drop_month(hub, first, datetime.now(UTC))

    as_owner = settings.model_copy(update={"database_url": settings.database_owner_url})
    typer.echo(f"{asyncio.run(opened(as_owner, go))} rows of {month} went out of the log; their seals stay.")


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None


def _seal(text: str) -> tuple[int, str] | None:
    if not text:
        return None
    if not (match := re.fullmatch(r"(\d{1,18}):([0-9a-f]{64})", text)):
        raise typer.BadParameter("a seal looks like 1234:5e88…, with 64 hexadecimal digits", param_hint="--known")
    return int(match[1]), match[2]


def _tell(checked: Checked, seconds: float) -> None:
    typer.echo(f"{checked.seals} seals, {checked.rows} rows, {checked.rows / max(seconds, 0.001):.0f} rows per second.")
    if checked.last:
        typer.echo(f"The last seal is {checked.last.number}:{checked.last.mac.hex()}, of {checked.last.made_at:%Y-%m-%d %H:%M:%S} UTC.")
    for month, number in sorted(checked.dropped.items()):
        typer.echo(f"{month:%Y-%m} was taken out of the log (seal {number}).")
    if checked.unsealed:
        typer.echo(f"{checked.unsealed} rows are not sealed yet: a worker does that every minute.")
    for wrong in checked.wrong:
        typer.echo(f"WRONG  {wrong}")
    if checked.count > len(checked.wrong):
        typer.echo(f"… and {checked.count - len(checked.wrong)} more.")
    typer.echo("Nothing is wrong." if not checked.count else f"{checked.count} things are wrong.")
