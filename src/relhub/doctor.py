"""`relhub doctor`: what is examined from the command line, and how it is told."""

import os
from collections.abc import Sequence
from pathlib import Path

import httpx2

from relhub.config.settings import Settings
from relhub.errors import ConfigurationError
from relhub.services.check_configuration import check_environment
from relhub.services.diagnosis import Diagnosis
from relhub.services.examine import Examined, examine

_SECONDS = 10
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # where a process listens on every address it is asked on its own


async def examine_all(logs: Sequence[Path]) -> Examined:
    """The installation that the environment describes, its metrics included; settings that can't be read are a diagnosis too."""
    try:
        settings = Settings.load()
    except ConfigurationError as error:
        wrong = Diagnosis("wrong", f"{error}.", "Set it; docs/configuration.md says how. Nothing else could be examined.")
        return Examined([*check_environment(os.environ), wrong])
    texts, unread = await _metrics(settings)
    examined = await examine(settings, os.environ, texts=texts, logs=logs)
    examined.diagnoses += unread
    return examined


async def _metrics(settings: Settings) -> tuple[dict[str, bytes], list[Diagnosis]]:
    if settings.internal_port is None:
        return {}, [
            Diagnosis("note", "No process serves metrics here (RELHUB_INTERNAL_PORT), so none were searched.", "Nothing, if that is meant.")
        ]
    host = _ANY_ADDRESS.get(settings.internal_host, settings.internal_host)
    url = f"http://{f'[{host}]' if ':' in host else host}:{settings.internal_port}/metrics"
    try:
        async with httpx2.AsyncClient(trust_env=False, timeout=_SECONDS) as client:
            answer = await client.get(url)
    except httpx2.TransportError:
        return {}, [Diagnosis("note", f"{url} does not answer, so no metrics were searched.", "Run relhub doctor where a process runs.")]
    return {f"the metrics ({url})": answer.content}, []


def as_text(examined: Examined) -> str:
    """For people: what is wrong first, each diagnosis with what to do, and a verdict."""
    ordered = sorted(examined.diagnoses, key=lambda diagnosis: diagnosis.level != "wrong")
    lines = [f"{diagnosis.level}: {diagnosis.what}\n  {diagnosis.do}" for diagnosis in ordered]
    wrong = sum(diagnosis.level == "wrong" for diagnosis in ordered)
    verdict = "nothing is wrong" if not wrong else f"{wrong} thing{'s' if wrong > 1 else ''} to mend"
    searched = f" ({examined.rows} rows were searched for {examined.numbers} numbers of people)" if examined.rows else ""
    return "\n".join([*lines, f"relhub doctor: {verdict}{searched}."])
