"""What access costs: the view with a key and with an access token, a decision, and a change of the rules while views go on."""

import asyncio
import contextlib
import http.server
import secrets
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import asyncpg
import httpx2
import orjson
from joserfc import jwt
from joserfc.jwk import RSAKey

from bench import bare
from bench.figures import ROUNDS, Figure, alternating, ratio
from bench.load import NotMeasured, wrk
from bench.stage import Stage, opened
from bench.view import a_median_relation, headers_for
from relhub.config.settings import Settings
from relhub.domain.access import AccessRules, Activity, profile_of
from relhub.domain.compartments import CONFIDENTIALITIES, Compartment, Level, Opening
from relhub.domain.record import CAPACITIES
from relhub.services.issue_key import issue_key
from relhub.services.pull_source import pull_all

CASES, RULES = 1_000, 200
_CONSUMER = """
[[issuer]]
name = "bench"
issuer = "{issuer}"
audience = ["urn:relhub"]
jwks_uri = "{issuer}/jwks"
[[consumer]]
name = "by-token"
issuer = "bench"
client_id = "vergunningen"
application = "vergunningen"
organisation = "Gemeente Voorbeeld"
department = "Vergunningen"
activities = ["permit-handling"]
may_name_official = true
rate_limit = "1000000/minute"
[[consumer]]
name = "by-key"
application = "vergunningen"
organisation = "Gemeente Voorbeeld"
department = "Vergunningen"
activities = ["permit-handling"]
may_name_official = true
rate_limit = "1000000/minute"
"""


async def measure_access(stage: Stage) -> list[Figure]:
    """The same view as of `view`, with an API key and with an RS256 token; and views while the rules change."""
    url = await stage.database("access")
    signing = RSAKey.generate_key(2048, {"kid": "bench"})
    with _issuer(signing) as issuer:
        consumers = stage.folder / "consumers.toml"
        consumers.write_text(_CONSUMER.replace("{issuer}", issuer))
        rules = stage.folder / "access-rules.toml"
        async with stage.town(400) as urls:
            given = stage.settings(url, urls)
            rules.write_bytes(given.access_rules.read_bytes())
            settings = given.model_copy(update={"consumers": consumers, "access_rules": rules})
            async with opened(settings) as hub:
                await pull_all(hub)
                key, _ = await issue_key(hub, "by-key", 1, "bench")
        connection = await asyncpg.connect(url)
        try:
            return await _measure(stage, settings, connection, key, _token(signing, issuer)) + [_decision()]
        finally:
            await connection.close()


async def _measure(stage: Stage, settings: Settings, connection: asyncpg.Connection, key: str, token: str) -> list[Figure]:
    relation_id, case = await a_median_relation(connection)
    await connection.execute("VACUUM ANALYZE")
    sent = [headers_for(case) | {"Authorization": f"Bearer {given}"} for given in (key, token)]
    async with stage.serving(settings) as ours, stage.bare(settings.database_url) as theirs:
        path = f"/v1/relations/{relation_id}"
        async with httpx2.AsyncClient(trust_env=False) as client:
            answers = [await client.get(ours + path, headers=headers) for headers in sent]
        if {answer.status_code for answer in answers} != {200}:
            raise NotMeasured(f"the views answer {[answer.text for answer in answers]}")
        await connection.execute(bare.TABLES)
        await connection.execute("INSERT INTO bench_document VALUES ($1, $2)", relation_id, answers[0].content)
        for base, headers in ((ours, sent[0]), (ours, sent[1]), (theirs, sent[0])):
            await wrk(base + path, headers, 2)
        by_key, by_token, plain = await alternating(
            lambda: wrk(ours + path, sent[0]), lambda: wrk(ours + path, sent[1]), lambda: wrk(theirs + path, sent[0])
        )
        changing = await _change_rules(settings.access_rules, ours + path, sent[0])
    return [
        Figure("view with an API key: requests per second, as a part of the bare handler's", ratio(by_key[0], plain[0]), 0.42),
        Figure("view with an RS256 token: requests per second, as a part of the bare handler's", ratio(by_token[0], plain[0]), 0.36),
        *changing,
    ]


async def _change_rules(rules: Path, url: str, headers: dict[str, str]) -> list[Figure]:
    """How soon a change is in force, and what it does to the views meanwhile: in each round as many changes as fit, against none."""

    async def while_they_change() -> tuple[float, float]:
        changing = asyncio.create_task(_keep_changing(rules))
        try:
            return await wrk(url, headers)
        finally:
            changing.cancel()
            await asyncio.gather(changing, return_exceptions=True)

    changed, quiet = await alternating(while_they_change, lambda: wrk(url, headers))
    soonest = [await _seconds_until_in_force(rules, url, headers) for _ in range(ROUNDS)]
    return [
        Figure(
            "views while the rules change every second: p99, as a multiple of that without", ratio(changed[1], quiet[1]), 2.0, most=True
        ),
        Figure("a change of the rules: in force after", max(soonest), 2.0, "s", most=True),
    ]


async def _keep_changing(rules: Path) -> None:
    while True:
        _write(rules, rules.read_text().split("\n# changed")[0] + f"\n# changed {secrets.token_hex(8)}\n")
        await asyncio.sleep(1)


async def _seconds_until_in_force(rules: Path, url: str, headers: dict[str, str]) -> float:
    """The first refusal is by rules under which this activity is for a role that nobody has."""
    before = rules.read_text()
    async with httpx2.AsyncClient(trust_env=False, headers=headers) as client:
        _write(rules, before.replace('id = "permit-handling"', 'id = "permit-handling"\nroles = ["nobody-has-this"]', 1))
        started = time.perf_counter()
        await _until(client, url, allowed=False)
        taken = time.perf_counter() - started
        _write(rules, before)
        await _until(client, url, allowed=True)
    return taken


async def _until(client: httpx2.AsyncClient, url: str, *, allowed: bool) -> None:
    while True:
        if ((await client.get(url)).status_code == 200) is allowed:
            return
        await asyncio.sleep(0.02)


def _write(file: Path, text: str) -> None:
    half = file.with_suffix(".half")
    half.write_text(text)
    half.replace(file)


def _decision() -> Figure:
    """Deciding on a thousand cases, each of a compartment of its own, under two hundred rules of which the last ones fit."""
    openings = tuple(
        Opening(Level.full, frozenset({CAPACITIES[n % 7]}), frozenset({f"kind-{n + 500}"}), confidentiality="geheim") for n in range(RULES)
    )
    activity = Activity("a", "u", "p", "l", frozenset({"none"}), openings)
    cases = [Compartment(n, f"source-{n % 5}", "us", CAPACITIES[n % 7], f"kind-{n}", CONFIDENTIALITIES[n % 8]) for n in range(CASES)]
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        profile_of(AccessRules("v", "c", {}), activity, "us", cases, CASES, {})
        taken.append((time.perf_counter() - started) * 1000)
    return Figure(f"deciding on {CASES} cases under {RULES} rules, nothing kept from before", median(taken), 5.0, "ms", most=True)


def _token(signing: RSAKey, issuer: str) -> str:
    now = int(time.time())
    claims = {"iss": issuer, "aud": "urn:relhub", "azp": "vergunningen", "exp": now + 3600, "iat": now, "jti": secrets.token_hex(16)}
    return jwt.encode({"alg": "RS256", "kid": "bench", "typ": "at+jwt"}, claims | {"client_id": "vergunningen"}, signing)


@contextlib.contextmanager
def _issuer(signing: RSAKey) -> Iterator[str]:
    keys = orjson.dumps({"keys": [signing.as_dict(private=False) | {"use": "sig", "alg": "RS256"}]})

    class Keys(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(keys)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
