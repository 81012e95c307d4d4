"""A browser without a screen: follows the console's links and fills in its forms, as they stand on the page."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI
from tests.towns import settings_for

from relhub.main import create_app
from relhub.services.hub import Hub

ORIGIN = "http://relhub"
VOID = {"meta", "br", "link", "img", "input", "hr"}


@dataclass
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    text: str = ""


class Page(HTMLParser):
    """What a page has: elements with their attributes, text, forms; every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.forms: list[Form] = []
        self.said: list[str] = []
        self._open: list[str] = []
        self._choosing = ""
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given = {name: value or "" for name, value in attrs}
        self.elements.append((tag, given))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "form":
            self.forms.append(Form(given["action"]))
        elif tag in ("input", "textarea", "select") and self.forms and "name" in given:
            self._field(tag, given)
        elif tag == "option" and ("selected" in given or not self.forms[-1].fields[self._choosing]):
            self.forms[-1].fields[self._choosing] = given["value"]

    def _field(self, tag: str, given: dict[str, str]) -> None:
        if given.get("type") != "radio" or "checked" in given:
            self.forms[-1].fields[given["name"]] = given.get("value", "")
        self._choosing = "" if tag == "input" else given["name"]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self._open or self._open[-1] not in ("style", "title"):
            self.said.append(data)
        if "form" in self._open:
            self.forms[-1].text += data
        if self._open and self._open[-1] == "textarea":
            self.forms[-1].fields[self._choosing] += data.removeprefix("\n")

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.said).split())

    def form(self, ending: str, holding: str = "") -> Form:
        found = [form for form in self.forms if re.search(f"{ending}$", form.action) and holding in f"{form.fields} {form.text}"]
        assert found, f"no form {ending} with {holding} on this page: {self.text[:500]}"
        return found[0]

    def links(self) -> Iterator[str]:
        return (given["href"] for tag, given in self.elements if tag == "a" and "href" in given)


class Browser:
    def __init__(self, app: FastAPI, client: httpx2.AsyncClient) -> None:
        self.app, self.client = app, client
        self.response = httpx2.Response(200)
        self.page = Page("")

    async def open(self, path: str) -> Page:
        return await self._see(await self.client.get(path))

    async def send(self, form: Form, **fields: str) -> Page:
        return await self._see(
            await self.client.post(form.action, data={**form.fields, **fields}, headers={"Origin": str(self.client.base_url).rstrip("/")})
        )

    async def _see(self, response: httpx2.Response) -> Page:
        self.response = response
        self.page = Page(response.text)
        return self.page

    @property
    def path(self) -> str:
        return self.response.url.path

    async def sign_in(self, person: str, official: str = "j.jansen") -> Page:
        await self.open("/console/sign-in")
        form = self.page.form("/sign-in/demo", f"'person': '{person}'")
        return await self.send(form, **({"official": official} if "official" in form.fields else {}))

    async def work(self, activity: str, occasion: str = "none", number: str = "", source: str = "permits") -> Page:
        await self.open("/console")
        return await self.send(self.page.form("/work", f"'activity': '{activity}'"), occasion=occasion, number=number, source=source)

    async def see_applicant(self) -> Page:
        """The view of the applicant of the case that is worked on."""
        await self.send(self.page.form("/find", "'by': 'occasion'"))
        if "/cases/" in self.path:
            link = next(link for link in self.page.links() if "/relations/" in link)
            await self.open(link)
        return self.page

    @property
    def work_id(self) -> str:
        return self.path.split("/")[2]


@asynccontextmanager
async def browsing(hub: Hub, sources_dir: Path, **settings: Any) -> AsyncIterator[Browser]:
    given = {"console_url": ORIGIN, "console_demo": True, **settings}
    app = create_app(settings_for("postgresql://postgres@127.0.0.1:1/never-used", sources_dir).model_copy(update=given))
    app.state.hub = hub
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url=given["console_url"], follow_redirects=True) as client:
        yield Browser(app, client)
