"""Whether every file of the configuration can be read, one by one, and nothing was set in vain."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from relhub.adapters.registry import open_adapter
from relhub.config.access_rules import check_consumers, load_access_rules
from relhub.config.alerts import check_alert_rules, load_alert_rules
from relhub.config.consumers import load_consumers
from relhub.config.keys import open_to_others
from relhub.config.settings import Settings
from relhub.config.sources import SourceConfig, load_source
from relhub.domain.access import Consumer
from relhub.errors import RelhubError
from relhub.services.diagnosis import Diagnosis

_MEND = "Mend it; docs/configuration.md says what it should be."


def check_environment(environment: Mapping[str, str], named_by_sources: Iterable[str] = ()) -> list[Diagnosis]:
    """Variables that begin with RELHUB_ and mean nothing: a typing error is otherwise taken without a word."""
    known = {f"RELHUB_{name.upper()}" for name in Settings.model_fields}
    unknown = sorted(name for name in environment if name.startswith("RELHUB_") and name not in known | set(named_by_sources))
    return [
        Diagnosis("wrong", f"The environment variable {name} is set, and relhub knows none of that name.", _suggest(name, known))
        for name in unknown
    ]


def _suggest(name: str, known: Iterable[str]) -> str:
    if name.startswith("RELHUB_SERVICE_") or "_TCP" in name:
        return "Kubernetes makes these for a Service named relhub: set enableServiceLinks: false, or give it another name."
    close = difflib.get_close_matches(name, known, 1)
    return f"Is {close[0]} meant? Otherwise remove it." if close else "Remove it, or see docs/configuration.md for its name."


async def check_files(settings: Settings) -> tuple[list[Diagnosis], list[str]]:
    """What is wrong with the access rules, the consumers and each source file; and the variables that source files name."""
    found = [*_loads(load_access_rules, settings.access_rules), *_loads(load_consumers, settings.consumers)]
    if not found:
        found += _loads(lambda path: check_consumers(load_access_rules(path), _consumers(settings)), settings.access_rules)
    if settings.alerts:
        alone = _loads(load_alert_rules, settings.alerts)
        found += alone if alone or found else _loads(lambda path: _check_alerts(path, settings), settings.alerts)
    if not settings.sources_dir.is_dir():
        what = f"{settings.sources_dir}: no such directory; RELHUB_SOURCES_DIR names the one with the source files."
        return [*found, Diagnosis("wrong", what, "Make it, or mend the setting.")], []
    files = sorted(settings.sources_dir.glob("*.toml"))
    if not files:
        found.append(
            Diagnosis("note", f"{settings.sources_dir} has no source file, so nothing is pulled.", "docs/adapters.md says how one is made.")
        )
    names: list[str] = []
    for file in files:
        wrong = _loads(load_source, file)
        found += wrong or await _check_source(config := load_source(file))
        if not wrong:
            names += [secret.env for secret in _secrets(config) if secret.env]
    return found, names


def _consumers(settings: Settings) -> list[Consumer]:
    return [agreed.consumer for agreed in load_consumers(settings.consumers).by_name.values()]


def _check_alerts(path: Path, settings: Settings) -> None:
    check_alert_rules(load_alert_rules(path), load_access_rules(settings.access_rules))


def _loads(load: Callable[[Path], Any], path: Path) -> list[Diagnosis]:
    try:
        load(path)
    except RelhubError as error:
        return [Diagnosis("wrong", f"{error}.", _MEND)]
    return []


async def _check_source(config: SourceConfig) -> list[Diagnosis]:
    """Its adapter is there and opens: that reads its secret and its certificates. Nothing is asked of the source."""
    found = [
        Diagnosis("wrong", f"The file {file}, a secret of the source {config.name}, can be read or changed by others.", f"chmod 600 {file}")
        for file in _secret_files(config)
        if open_to_others(file)
    ]
    try:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(open_adapter(config))
    except RelhubError as error:
        found.append(Diagnosis("wrong", f"{config.name}: {str(error).removeprefix(f'{config.name}: ')}.", _MEND))
    return found


def _secrets(config: SourceConfig) -> list[Any]:
    secret = getattr(config.auth, "secret", None)
    return [secret] if secret is not None else []


def _secret_files(config: SourceConfig) -> list[Path]:
    files = [secret.file for secret in _secrets(config)] + [getattr(config.auth, "key", None)]
    return [file for file in files if file is not None]
