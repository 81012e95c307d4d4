"""The `relhub` command: reads the command line, calls a service, says how it went."""

import asyncio
import contextlib
import gc
import json
import sys
from pathlib import Path
from typing import Annotated

import orjson
import structlog
import typer

from relhub import __version__, cli_log
from relhub.cli_access import access
from relhub.cli_keys import keys
from relhub.cli_officials import officials
from relhub.cli_rotate import add_rotate
from relhub.config.keys import open_to_others
from relhub.config.settings import Settings
from relhub.errors import ConfigurationError, RelhubError
from relhub.logs import set_up_logging
from relhub.opening import opened, with_hub
from relhub.services.check_ready import check_ready
from relhub.services.hub import Hub

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="""
    relhub: one record per relation (citizen or company), from the systems of all departments, over REST, within its purpose.

    `relhub run` starts everything with a simulated municipality. An installation uses `migrate`, `serve` and `worker`, with settings
    in the environment (RELHUB_DATABASE_URL, RELHUB_SOURCES_DIR, RELHUB_ACCESS_RULES, RELHUB_CONSUMERS, RELHUB_KEYS_FILE):
    see docs/configuration.md.
    """,
)
app.add_typer(access, name="access")
app.add_typer(cli_log.app, name="log")
app.add_typer(keys, name="keys")
app.add_typer(officials, name="officials")


def main() -> None:
    """The entry point. An error raised on purpose is one line and exit code 1; a bug keeps its traceback."""
    try:
        app()
    except RelhubError as error:
        sys.exit(f"relhub: {error}")
    except OSError as error:
        sys.exit(f"relhub: {error.strerror or error}{f': {error.filename}' if error.filename else ''}")
    except KeyboardInterrupt:
        sys.exit(130)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _all(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")] = False,
) -> None:
    set_up_logging()


@app.command()
def run(
    port: Annotated[int, typer.Option(help="Where to serve, on 127.0.0.1.")] = 8000,
    relations: Annotated[int, typer.Option(help="How many relations the simulated municipality has.")] = 400,
    fault: Annotated[list[str] | None, typer.Option(help="As with `relhub demo`.")] = None,
    directory: Annotated[Path, typer.Option(help="Where the database and the simulated municipality are kept.")] = Path(".relhub"),
) -> None:
    """Everything at once, to try: PostgreSQL, a simulated municipality, a pull, and the API.

    Prints the address, a token per demo consumer and three requests to paste; writes the same to ready.json. Ends with Ctrl-C.
    With RELHUB_DATABASE_URL it uses that PostgreSQL instead of its own.
    """
    try:
        from relhub.run import run_all
    except ModuleNotFoundError as error:
        raise ConfigurationError(f"relhub run needs {error.name}; install relhub with its extra: pip install 'relhub[demo]'") from None

    asyncio.run(run_all(directory, port, relations, _faults(fault)))


@app.command()
def demo(
    directory: Annotated[Path, typer.Option(help="Where the prepared municipality is kept.")] = Path(".relhub/town"),
    relations: Annotated[int, typer.Option(help="How many relations it has.")] = 400,
    seed: Annotated[int, typer.Option(help="Another number, another municipality.")] = 1,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="Let a system misbehave: `enforcement=down|slow|500|429|garbage|truncated|loop`. May be repeated."),
    ] = None,
    permits_port: Annotated[int, typer.Option(help="0: any free one.")] = 8101,
    enforcement_port: Annotated[int, typer.Option(help="0: any free one.")] = 8102,
    projects_port: Annotated[int, typer.Option(help="0: any free one.")] = 8103,
) -> None:
    """Serve the simulated municipality: three HTTP systems on loopback, with invented people and companies.

    *permits* speaks ZGW, *enforcement* plain JSON with an API key, *projects* OAuth2 and another JSON. Prints their addresses as JSON.
    """
    from relhub.demo import prepare_town, serve_town

    ports = {"permits": permits_port, "enforcement": enforcement_port, "projects": projects_port}
    town = prepare_town(directory, relations, seed)
    asyncio.run(serve_town(town, ports, _faults(fault), lambda urls: typer.echo(orjson.dumps(dict(urls)).decode())))


def _faults(given: list[str] | None) -> dict[str, str]:
    from relhub.demo import SYSTEMS, parse_fault

    faults: dict[str, str] = {}
    for text in given or []:
        system, _, fault = text.partition("=")
        try:
            parse_fault(fault)
        except ValueError as error:
            raise typer.BadParameter(f"{text}: {error}") from None
        if system not in SYSTEMS:
            raise typer.BadParameter(f"{text}: there is no system {system}; there are {', '.join(SYSTEMS)}")
        faults[system] = fault
    return faults


@app.command()
def serve() -> None:
    """Serve the API on RELHUB_HOST and RELHUB_PORT (127.0.0.1:8000), until SIGTERM: requests in flight are finished first."""
    import uvicorn

    from relhub.api.internal import ApiServer
    from relhub.main import create_app

    settings = _checked_settings()
    app = create_app(settings)
    gc.freeze()  # what is there now stays …
    gc.set_threshold(20_000, 50, 100)  # … and a request leaves nothing that has to be looked for each time: a tenth of its cost
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,  # whom to believe about the caller is a setting of ours
        timeout_graceful_shutdown=round(settings.drain_timeout),
    )
    server = ApiServer(config)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(3)


@app.command()
def worker() -> None:
    """Pull the sources when they are due (the `schedule` of their files) and when somebody asks, until SIGTERM.

    Start as many as you like, on as many machines: each source is pulled by one at a time, and when that one dies another goes on
    within ten seconds. After SIGTERM a pull in progress stops after its page, and another worker goes on with it.
    """
    from relhub.worker import work

    asyncio.run(work(_checked_settings()))


@app.command()
def quarantine(source: Annotated[str, typer.Argument(help="The name of a source.")]) -> None:
    """List what could not be read strictly, by the source's own numbers, so that it can be mended there."""
    from relhub.services.list_quarantine import set_aside_of

    for row in with_hub(lambda hub: set_aside_of(hub, source)):
        typer.echo(f"{row.at:%Y-%m-%d %H:%M}  {row.set_key}: {row.reason}")


@app.command()
def migrate(
    write: Annotated[str, typer.Option(help="For developers: write a migration with this title for what changed in storage/tables.")] = "",
) -> None:
    """Bring the database to this version, as RELHUB_DATABASE_OWNER_URL, and give the user of RELHUB_DATABASE_URL its rights."""
    from relhub.storage import migrate as migrations

    if write:
        from relhub.run import write_migration

        typer.echo(asyncio.run(write_migration(write)))
        return
    settings = Settings.load()
    revision = asyncio.run(migrations.migrate(settings.database_owner_url, settings.database_url))
    typer.echo(f"The database is at revision {revision}.")


@app.command()
def pull(
    source: Annotated[str, typer.Argument(help="The name of a source; all of them when left out.")] = "",
    accept_loss: Annotated[bool, typer.Option(help="Accept that the source lost more than its file expects.")] = False,
) -> None:
    """Pull what the sources know, each from where its last pull got to. Exit code 1 when one of them failed, which stops no other."""
    from relhub.progress import pull_shown

    async def go(hub: Hub) -> int:
        names = sorted(hub.sources) if not source else [source]
        if source and source not in hub.sources:
            raise ConfigurationError(f"there is no source {source}; there are {', '.join(sorted(hub.sources))}")
        return await pull_shown(hub, names, accept_loss=accept_loss)

    if with_hub(go):
        raise typer.Exit(1)


@app.command()
def sources() -> None:
    """Show how each source is doing."""
    from relhub.services.list_sources import describe_sources

    for row in with_hub(describe_sources):
        typer.echo(f"{row['source']} ({row['adapter']}): {row['state']}")
        typer.echo(f"  last success {row['lastSuccessAt'] or 'never'}; {row['cases']} cases, {row['quarantined']} in quarantine")
        if row["unavailableSince"]:
            typer.echo(f"  has not answered since {row['unavailableSince']}")
        if row["lastError"]:
            typer.echo(f"  last error: {row['lastError']}")


@app.command()
def rebuild() -> None:
    """Throw away everything that is computed, and compute it again from the facts. Until it ends all stays as it was."""
    from relhub.services.rebuild import rebuild as recompute

    typer.echo(f"Computed again from {with_hub(recompute)} party records.")


@app.command()
def purge(dry_run: Annotated[bool, typer.Option(help="Change nothing; say what would go.")] = False) -> None:
    """Remove what is over time (`[[retention]]` of the source files, and what sources say themselves), and all that came from it.

    `relhub worker` does the same once a day. May be broken off at any moment and started again.
    """
    from relhub.services.make_export import KnownConsumers
    from relhub.services.purge import purge as remove

    consumers = KnownConsumers(Settings.load().consumers)
    purged = with_hub(lambda hub: remove(hub, consumers, dry_run=dry_run))
    for line in purged.lines():
        typer.echo(line)
    if not purged.lines():
        typer.echo("Nothing is over time.")
    elif dry_run:
        typer.echo("Nothing was changed.")


@app.command()
def doctor(
    log: Annotated[list[Path] | None, typer.Option(help="A log file to look through as well. May be repeated.")] = None,
) -> None:
    """Examine a running installation, and say what is wrong and what to do. Exit code 1 when something is.

    Looks for citizen service numbers in clear in every table, in what PostgreSQL keeps beside them, in the metrics and in log files; at what the
    database user may do with the consultation log, at the keys, the database, the files of the configuration, and settings that mean nothing.
    Changes nothing.
    """
    from relhub.doctor import as_text, examine_all

    examined = asyncio.run(examine_all(log or []))
    typer.echo(as_text(examined))
    if not examined.is_well:
        raise typer.Exit(1)


@app.command()
def openapi(
    check: Annotated[bool, typer.Option(help="Write nothing; exit code 1 when the file is not what the code says.")] = False,
    output: Annotated[Path, typer.Option(help="The file.")] = Path("openapi/relhub.json"),
) -> None:
    """Write the OpenAPI document, or check that the committed one is right."""
    from relhub.main import openapi_document

    document = (json.dumps(openapi_document(), indent=2, ensure_ascii=False) + "\n").encode()
    if not check:
        output.write_bytes(document)
    elif not output.exists() or output.read_bytes() != document:
        raise ConfigurationError(f"{output} is not what the code says; run make openapi and commit it")


def _checked_settings() -> Settings:
    """The settings, with a database that can be used. Raises ConfigurationError or DatabaseUnusable."""
    settings = Settings.load()
    set_up_logging(settings.log_level)
    if settings.keys_file is not None and open_to_others(settings.keys_file):
        structlog.get_logger(__name__).warning("others can read the keys file: chmod 600", file=str(settings.keys_file))
    asyncio.run(opened(settings, check_ready))
    return settings


add_rotate(keys, with_hub)


if __name__ == "__main__":
    main()
