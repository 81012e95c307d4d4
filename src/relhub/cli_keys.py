"""`relhub keys`: API keys for applications that have no OAuth 2.0."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from relhub.config.consumers import load_consumer_configs
from relhub.config.settings import Settings
from relhub.errors import ConfigurationError
from relhub.opening import with_hub
from relhub.services.issue_key import issue_key, issued_keys, revoke_key
from relhub.storage.api_keys import ApiKey

keys = typer.Typer(
    no_args_is_help=True,
    help="API keys for applications that have no OAuth 2.0 (create, list, revoke), and the keys that seal what is stored (rotate, pull-back).",
)


@keys.command()
def create(
    consumer: Annotated[str, typer.Argument(help="The `name` of a consumer in the consumers file.")],
    days: Annotated[int, typer.Option(min=1, max=731, help="For how long it may be used.")] = 365,
    note: Annotated[str, typer.Option(help="For whoever reads the list: where it is used, who asked for it.")] = "",
) -> None:
    """Make a key. Prints it on stdout, this once: only a keyed hash of it is kept."""
    known = sorted(config.name for config in load_consumer_configs(Settings.load().consumers))
    if consumer not in known:
        raise ConfigurationError(f"there is no consumer {consumer}; there are {', '.join(known)}")
    key, kept = with_hub(lambda hub: issue_key(hub, consumer, days, note))
    typer.echo(f"{kept.id} of {consumer}, until {kept.expires_at:%Y-%m-%d}. Put it in a vault: it is not shown again.", err=True)
    typer.echo(key)


@keys.command("list")
def list_(consumer: Annotated[str, typer.Option(help="Only those of this consumer.")] = "") -> None:
    """Show the keys, the newest first: of whom, until when, and the day they were last used."""
    for key in with_hub(lambda hub: issued_keys(hub, consumer)):
        used = f"last used {key.last_used_on}" if key.last_used_on else "never used"
        typer.echo(f"{key.id}  {key.consumer}: {_state(key)}; {used}{f'  ({key.note})' if key.note else ''}")


def _state(key: ApiKey) -> str:
    if key.revoked_at:
        return f"revoked {key.revoked_at:%Y-%m-%d %H:%M}"
    return f"{'expired' if key.expires_at <= datetime.now(UTC) else 'until'} {key.expires_at:%Y-%m-%d}"


@keys.command()
def revoke(key: Annotated[str, typer.Argument(help="Its id, as `relhub keys list` shows it.")]) -> None:
    """Take a key back. Two seconds later no process accepts it."""
    with_hub(lambda hub: revoke_key(hub, key))
    typer.echo(f"{key} is revoked.")
