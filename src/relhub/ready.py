"""What `relhub run` says when it is ready: where, as whom, and three requests to paste."""

import shlex
from pathlib import Path
from typing import Any

import orjson

from relhub.config.access_rules import load_access_rules
from relhub.config.consumers import ConsumerConfig, load_consumer_configs
from relhub.config.settings import Settings
from relhub.demo import appearances

_OFFICIAL = "j.jansen"


def ready_block(settings: Settings, town: Path, bakery: str) -> dict[str, Any]:
    """The address, the demo's consumers with their tokens and headers, examples, and the relation that the story is about."""
    rules = load_access_rules(settings.access_rules)
    configs = load_consumer_configs(settings.consumers)
    consumers = [_consumer(config, rules.activities[config.example.activity].purpose) for config in configs if config.example]
    headers = {consumer["name"]: consumer["headers"] for consumer in consumers}
    url = f"http://{settings.host}:{settings.port}"
    return {
        "url": url,
        "docs": f"{url}/docs",
        "console": f"{url}/console",
        "consumers": consumers,
        "examples": _examples(headers, _kvk(town)),
        "story": bakery,
    }


def _consumer(config: ConsumerConfig, purpose: str) -> dict[str, Any]:
    assert config.example is not None
    assert config.token is not None
    headers = {
        "Authorization": f"Bearer {config.token}",
        "X-Processing-Activity": config.example.activity,
        "X-Occasion": config.example.occasion,
        **({"X-Official": _OFFICIAL} if config.may_name_official else {}),
    }
    return {
        "name": config.name,
        "department": config.department,
        "activity": config.example.activity,
        "purpose": purpose,
        "token": config.token,
        "headers": headers,
    }


def _kvk(town: Path) -> str:
    """The trade register number of the bakery, as its applicant's record in permits has it."""
    for appearance in appearances(town):
        if appearance["case"] == "V-2026-00002" and "kvk" in appearance["numbers"]:
            return str(appearance["numbers"]["kvk"])
    raise AssertionError("the simulated municipality has its bakery in V-2026-00002")


def _examples(headers: dict[str, dict[str, str]], kvk: str) -> list[dict[str, Any]]:
    json = {"Content-Type": "application/json"}
    lookup, bakery = "/v1/relations/_lookup", {"X-Occasion": "case:permits/V-2026-00002"}
    return [
        {
            "title": "The applicant of a permit, with everything the other departments know",
            "method": "POST",
            "path": lookup,
            "headers": headers["permits-desk"] | json,
            "body": {"case": "permits/V-2026-00001"},
        },
        {
            "title": "A company by its trade register number (KVK-nummer)",
            "method": "POST",
            "path": lookup,
            "headers": headers["permits-desk"] | bakery | json,
            "body": {"identifier": {"scheme": "kvk", "value": kvk}},
        },
        {
            "title": "Somebody on the phone, by name and birth date",
            "method": "POST",
            "path": "/v1/relations/_search",
            "headers": headers["contact-centre"] | json,
            "body": {"name": "van den Berg", "birthDate": "1980-02-17"},
        },
    ]


def write(file: Path, block: dict[str, Any]) -> None:
    """All of it or nothing: a script that waits for the file never reads half."""
    half = file.with_suffix(".tmp")
    half.write_bytes(orjson.dumps(block, option=orjson.OPT_INDENT_2))
    half.replace(file)


def as_text(block: dict[str, Any]) -> str:
    """The same for people."""
    lines = ["", f"relhub is ready: {block['docs']}", f"pages for officials: {block['console']}", ""]
    width = max(len(consumer["token"]) for consumer in block["consumers"])
    lines += [f"  {consumer['token']:<{width}}  {consumer['department']}: {consumer['activity']}" for consumer in block["consumers"]]
    for example in block["examples"]:
        lines += ["", f"# {example['title']}", as_curl(block["url"], example)]
    if block["story"]:
        lines += ["", f"The bakery of V-2026-00002 has a story: {block['url']}/v1/relations/{block['story']}"]
    return "\n".join([*lines, "", "Ctrl-C ends it."])


def as_curl(url: str, example: dict[str, Any]) -> str:
    """The request as one line for a shell."""
    headers = " ".join(f"-H {shlex.quote(f'{name}: {value}')}" for name, value in example["headers"].items())
    body = f" -d {shlex.quote(orjson.dumps(example['body']).decode())}" if example["body"] is not None else ""
    return f"curl -s -X {example['method']} {url}{example['path']} {headers}{body}"
