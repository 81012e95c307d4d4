"""One request of a browser: who it is of, what it sends, and where it goes next."""

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from relhub.api.proxies import Proxies
from relhub.config.settings import Settings
from relhub.console.ask import Api
from relhub.console.words import LANGUAGES, WORDS, Words
from relhub.services.hub import Hub
from relhub.services.keep_session import Session, Work, change_session, find_session

_FORM: Final = "application/x-www-form-urlencoded"
_MOST_FIELDS: Final = 100
_LANGUAGE: Final = "relhub-console-language"
_YEAR: Final = 31_536_000  # seconds
_KEY: Final = re.compile(r"[A-Za-z0-9_-]{20,100}")


class Forged(Exception):  # these three are named after what is the matter
    """A form that was not sent from a page of the console that this browser got."""


class SignedOut(Exception):
    """Nobody is signed in, or no longer."""


class Gone(Exception):
    """There is no such page, or nothing that this official works on by that id."""


@dataclass(frozen=True)
class Console:
    """The console of one process."""

    app: FastAPI
    settings: Settings

    @cached_property
    def origin(self) -> str:
        parts = urlsplit(self.settings.console_url)
        return f"{parts.scheme}://{parts.netloc}"

    @cached_property
    def path(self) -> str:
        """Where it is, as browsers see it."""
        return urlsplit(self.settings.console_url).path.rstrip("/") + "/console"

    @property
    def secure(self) -> bool:
        return self.origin.startswith("https:")

    def cookie(self, name: str) -> str:
        """`__Host-`: a browser takes it from this very host only, over TLS."""
        return f"__Host-relhub-{name}" if self.secure else f"relhub-{name}"


@dataclass(slots=True)
class Visit:
    """`key`: of the session, as the cookie has it; `session`: None when nobody is signed in. `cookies`: to be set, for so many seconds."""

    console: Console
    request: Request
    words: Words = WORDS[LANGUAGES[0]]
    key: str = field(default="", repr=False)
    session: Session | None = None
    anonymous: str = field(default="", repr=False)  # by which a form is known that somebody sends who is not signed in yet
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    cookies: dict[str, tuple[str, int]] = field(default_factory=dict, repr=False)

    @property
    def hub(self) -> Hub:
        hub: Hub = self.console.app.state.hub
        return hub

    @property
    def address(self) -> str:
        """Where the request began, as far as proxies of ours say so."""
        proxies: Proxies = self.console.app.state.proxies
        peer = self.request.client.host if self.request.client else ""
        return proxies.read({"x-forwarded-for": self.request.headers.getlist("x-forwarded-for")}, peer)[0]

    @property
    def who(self) -> Session:
        """Raises SignedOut."""
        if self.session is None:
            raise SignedOut
        return self.session

    @property
    def csrf(self) -> str:
        return self.session.csrf if self.session else self.anonymous

    @property
    def work_id(self) -> str:
        return str(self.request.path_params.get("work", ""))

    @property
    def work(self) -> Work:
        """What the address says that the official works on. Raises Gone, SignedOut."""
        found = self.who.works.get(self.work_id)
        if found is None:
            raise Gone
        return found

    @property
    def records(self) -> frozenset[str]:
        """Which entries may be made for what the official works on."""
        work = self.session.works.get(self.work_id) if self.session else None
        activity = self.hub.access.rules.activities.get(work.activity) if work else None
        return frozenset(activity.records) if activity else frozenset()

    def api(self, work: Work | None = None) -> Api:
        """As this official asks it. Raises Gone, SignedOut."""
        return Api(self.console.app, self.request, self.who, work or self.work)

    def part(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def to(self, path: str) -> Response:
        """To another page of the console."""
        return RedirectResponse(self.console.path + path, 303)

    async def tell(self, notice: str) -> None:
        """In these words (a key of the catalogue) on the next page."""
        await change_session(self.hub, self.key, lambda session: setattr(session, "notice", notice))

    async def take_notice(self) -> str:
        """What was to be told; once."""
        if self.session is None or not self.session.notice:
            return ""
        await self.tell("")
        return self.session.notice


async def know(visit: Visit) -> None:
    """Who it is of, and what is sent. Raises Forged, SignedOut for a form of who no longer is signed in, DatabaseUnusable."""
    visit.words = WORDS[_language(visit)]
    visit.key = visit.request.cookies.get(visit.console.cookie("console"), "")
    if _KEY.fullmatch(visit.key):
        visit.session = await find_session(visit.hub, visit.key)
    if visit.session is None:
        _know_anonymous(visit)
    if visit.request.method == "POST":
        visit.form = await _sent(visit.request)
        _check_origin(visit)


def _language(visit: Visit) -> str:
    """As the address asks, and from then on; Dutch for who never asked."""
    asked = visit.request.query_params.get("language", "")
    if asked in LANGUAGES:
        visit.cookies[_LANGUAGE] = (asked, _YEAR)
        return asked
    kept = visit.request.cookies.get(_LANGUAGE, "")
    return kept if kept in LANGUAGES else LANGUAGES[0]


def _know_anonymous(visit: Visit) -> None:
    name = visit.console.cookie("console-form")
    visit.anonymous = visit.request.cookies.get(name, "")
    if not _KEY.fullmatch(visit.anonymous):
        visit.anonymous = secrets.token_urlsafe(24)
        visit.cookies[name] = (visit.anonymous, 3600)


async def _sent(request: Request) -> dict[str, str]:
    """The fields of a form, each once, without what is around their values."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise Forged
    try:
        fields = parse_qsl((await request.body()).decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:
        raise Forged from None
    return {name: value.replace("\r\n", "\n").strip() for name, value in fields}


def _check_origin(visit: Visit) -> None:
    """A form counts when the browser says that a page of ours sent it, and it has what only such a page knows."""
    sent_by, origin = visit.request.headers.get("sec-fetch-site", ""), visit.request.headers.get("origin", "")
    if sent_by not in ("", "same-origin") or origin not in ("", visit.console.origin):
        raise Forged
    if not hmac.compare_digest(visit.form.get("csrf", "").encode(), visit.csrf.encode()):
        raise Forged if visit.session else SignedOut
