"""What follows from a token: within what was agreed for the consumer. The examples are those of docs/consumers.md."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.issuers import CONSUMER, RSA_1, Door, Issuer, issuer_table, issuing, settings_in
from tests.processes import ROOT

from relhub.errors import NotAllowed, NotAuthenticated

EXAMPLES = {
    name: example
    for example in re.findall(r"```toml\n(.*?)```", (ROOT / "docs/consumers.md").read_text(), re.DOTALL)
    if (name := example.splitlines()[0].removeprefix("# ")) in ("Keycloak", "Entra ID")
}


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[Issuer]:
    async with issuing() as running:
        yield running


def documented(name: str, issuer: Issuer, folder: Path) -> Door:
    """By the example of this name, with the tests' issuer in the place of its address."""
    text = re.sub(r'issuer = "https://[^"]+"', f'issuer = "{issuer.url}"', EXAMPLES[name])
    return Door(settings_in(folder, text))


def test_both_examples_are_there_and_can_be_loaded_as_they_stand(tmp_path: Path) -> None:
    assert set(EXAMPLES) == {"Keycloak", "Entra ID"}
    for text in EXAMPLES.values():
        Door(settings_in(tmp_path, text))
    first = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/consumers.md").read_text(), re.DOTALL)[0]
    Door(settings_in(tmp_path, first))


KEYCLOAK: dict[str, Any] = {
    "aud": ["urn:relhub", "account"], "azp": "vergunningen-app", "typ": "Bearer", "sub": "6b1f3e9c-1", "sid": "x", "acr": "1",
    "realm_access": {"roles": ["offline_access", "case-handler"]}, "scope": "openid relhub", "preferred_username": "j.jansen", "nbf": None,
    "department": "Toezicht", "jti": "onrtac:8b0f5c6e",
}  # fmt: skip
KEYCLOAK_SERVICE: dict[str, Any] = {
    **KEYCLOAK, "preferred_username": "service-account-vergunningen-app", "client_id": "vergunningen-app", "clientHost": "10.0.0.1",
    "department": None,
}  # fmt: skip


async def test_keycloak_an_official(issuer: Issuer, tmp_path: Path) -> None:
    who = await documented("Keycloak", issuer, tmp_path).opens(issuer.token(**KEYCLOAK))
    assert (who.consumer.name, who.official, who.consumer.department) == ("permits-desk", "j.jansen", "Toezicht")
    assert who.consumer.roles == {"case-handler"}


async def test_keycloak_a_service_account(issuer: Issuer, tmp_path: Path) -> None:
    who = await documented("Keycloak", issuer, tmp_path).opens(issuer.token(**KEYCLOAK_SERVICE))
    assert (who.consumer.name, who.official, who.consumer.department) == ("permits-desk", "", "Vergunningen")


async def test_keycloak_an_id_token_is_refused(issuer: Issuer, tmp_path: Path) -> None:
    door = documented("Keycloak", issuer, tmp_path)
    wrongs: list[dict[str, Any]] = [{"header": {"typ": "JWT"}}, {"typ": "ID"}, {"aud": "vergunningen-app"}]
    for wrong in wrongs:
        with pytest.raises(NotAuthenticated):
            await door.opens(issuer.token(**{**KEYCLOAK, **wrong}))


_ENTRA_GROUP = "bbbbbbbb-0000-0000-0000-00000000000"
ENTRA: dict[str, Any] = {
    "aud": "aaaaaaaa-0000-0000-0000-000000000001", "azp": "cccccccc-0000-0000-0000-000000000001", "azpacr": "1", "ver": "2.0",
    "oid": "7d1c", "sub": "pairwise", "tid": "1111", "uti": "AbCdEf", "jti": None, "preferred_username": "j.jansen@voorbeeld.example",
    "scp": "access", "idtyp": "user", "roles": ["team-leader", "administrator"], "groups": [f"{_ENTRA_GROUP}2", "dddd"],
}  # fmt: skip
ENTRA_APPLICATION: dict[str, Any] = {
    name: value
    for name, value in {**ENTRA, "idtyp": "app", "oid": "9f", "sub": "9f"}.items()
    if name not in ("scp", "preferred_username", "groups")
}
ENTRA_HEADER: dict[str, Any] = {"typ": "JWT", "x5t": "abc"}


async def test_entra_an_official_whose_department_is_a_group(issuer: Issuer, tmp_path: Path) -> None:
    who = await documented("Entra ID", issuer, tmp_path).opens(issuer.token(RSA_1, ENTRA_HEADER, **ENTRA))
    assert (who.official, who.consumer.department, who.consumer.roles) == (
        "j.jansen@voorbeeld.example",
        "Toezicht",
        frozenset({"team-leader"}),
    )


async def test_entra_an_application(issuer: Issuer, tmp_path: Path) -> None:
    who = await documented("Entra ID", issuer, tmp_path).opens(issuer.token(RSA_1, ENTRA_HEADER, **ENTRA_APPLICATION))
    assert (who.official, who.consumer.department) == ("", "Vergunningen")


async def test_entra_an_official_without_groups_or_with_others_may_nothing(issuer: Issuer, tmp_path: Path) -> None:
    door = documented("Entra ID", issuer, tmp_path)
    for groups in ([], ["dddd"], None, "no-list", {"a": 1}):
        with pytest.raises(NotAllowed, match="names no department"):
            await door.opens(issuer.token(RSA_1, ENTRA_HEADER, **{**ENTRA, "groups": groups}))


ALL = 'official = "preferred_username"\ndepartment = "department"\nroles = "roles"\norganisation = "org"'


@pytest.mark.parametrize(
    ("said", "department"),
    [
        ({"department": "Advies"}, "Advies"),
        ({"department": ["Advies", "Elsewhere"]}, "Advies"),
        ({"department": ["Advies", "Toezicht", "Vergunningen"]}, "Vergunningen"),
    ],
)
async def test_a_token_chooses_among_the_departments_that_were_agreed(
    issuer: Issuer, tmp_path: Path, said: dict[str, Any], department: str
) -> None:
    door = Door(settings_in(tmp_path, issuer_table(issuer.url, claims=ALL) + CONSUMER))
    who = await door.opens(issuer.for_an_official(org="Gemeente Voorbeeld", **said))
    assert who.consumer.department == department


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"department": "Sociaal domein"}, "no department"),
        ({"department": ["Advies", "Toezicht"]}, "more than one department"),
        ({"department": "Advies", "org": "Gemeente Elders"}, "another organisation"),
    ],
)
async def test_a_token_never_widens_what_was_agreed(issuer: Issuer, tmp_path: Path, said: dict[str, Any], wrong: str) -> None:
    door = Door(settings_in(tmp_path, issuer_table(issuer.url, claims=ALL) + CONSUMER))
    with pytest.raises(NotAllowed, match=wrong):
        await door.opens(issuer.for_an_official(**{"org": "Gemeente Voorbeeld", **said}))


@pytest.mark.parametrize(
    ("roles", "held"),
    [(["case-handler", "administrator"], {"case-handler"}), ("team-leader", {"team-leader"}), ([], set()), (None, set()), ([1, {}], set())],
)
async def test_roles_are_those_that_both_the_file_and_the_token_have(issuer: Issuer, tmp_path: Path, roles: Any, held: set[str]) -> None:
    door = Door(settings_in(tmp_path, issuer_table(issuer.url, claims=ALL) + CONSUMER))
    who = await door.opens(issuer.for_an_official(org="Gemeente Voorbeeld", department="Advies", roles=roles))
    assert who.consumer.roles == held


async def test_what_an_issuer_does_not_say_the_file_says_alone(issuer: Issuer, tmp_path: Path) -> None:
    door = Door(settings_in(tmp_path, issuer_table(issuer.url) + CONSUMER))
    who = await door.opens(issuer.for_an_official(department="Advies", roles=["x"]))
    assert (who.consumer.department, who.consumer.roles) == ("Vergunningen", frozenset({"case-handler", "team-leader"}))
