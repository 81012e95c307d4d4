"""Pages as answers: rendered on the server, in one language, with nothing in them that runs or comes from elsewhere."""

import hashlib
from functools import partial
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader
from starlette.responses import HTMLResponse, Response

from relhub.console.problems import Said
from relhub.console.visit import Visit
from relhub.console.words import LANGUAGES, WORDS, Words


def _environment(words: Words) -> Environment:
    """Templates in this language."""
    made = Environment(loader=PackageLoader("relhub.console"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    made.globals |= {"t": words, "code": words.code, "languages": LANGUAGES}
    made.filters |= {"day": words.day, "moment": words.moment}
    made.filters |= {sort: partial(words.code, sort) for sort in ("role", "link")}
    return made


_ENVIRONMENTS: Final = {language: _environment(words) for language, words in WORDS.items()}
_STYLES: Final = b"".join((files("relhub.console") / "static" / name).read_bytes() for name in ("nl-design-system.css", "console.css"))
STYLES_NAME: Final = f"{hashlib.sha256(_STYLES).hexdigest()[:16]}.css"
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",  # so that a browser says with a form where it is from
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Robots-Tag": "noindex",
}


def page(visit: Visit, template: str, status: int = 200, **shown: Any) -> Response:
    """The page; `shown`: what the template needs beside who visits."""
    text = (
        _ENVIRONMENTS[visit.words.language]
        .get_template(f"{template}.html")
        .render(
            base=visit.console.path,
            styles=f"{visit.console.path}/static/{STYLES_NAME}",
            here=shown.pop("here", visit.console.path + visit.request.url.path.partition("/console")[2]),
            session=visit.session,
            csrf=visit.csrf,
            work_id=visit.work_id,
            records=visit.records,
            work=visit.session.works.get(visit.work_id) if visit.session else None,
            **shown,
        )
    )
    return HTMLResponse(text, status)


def problem(visit: Visit, status: int, kind: str, told: Said | None = None) -> Response:
    """What is the matter and what helps; `kind`: of the console's own."""
    words = visit.words
    told = told or Said(words(f"problem.{kind}.title"), words(f"problem.{kind}.text"))
    return page(visit, "problem", status, problem=told, here=visit.console.path)


def dressed(visit: Visit, response: Response) -> Response:
    """The answer with the headers of a page, and with the cookies that are to be set."""
    for name, value in _HEADERS.items():
        response.headers[name] = value
    for cookie, (value, seconds) in visit.cookies.items():
        response.set_cookie(cookie, value, max_age=seconds, path="/", secure=visit.console.secure, httponly=True, samesite="lax")
    return response


def styles() -> Response:
    """Its name follows from what is in it, so that it can be kept for ever."""
    return Response(_STYLES, media_type="text/css", headers={"Cache-Control": "public, max-age=31536000, immutable"})
