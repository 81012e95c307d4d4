"""Writes src/relhub/console/static/nl-design-system.css: of the NL Design System what the console uses, and nothing else.

Run by `make console-styles`, with npm. Components of Utrecht and of NL Design System, and the tokens of its example theme: all EUPL-1.2.
(The tokens of Utrecht itself, and those of the Rijksoverheid, are not free.)
"""

import json
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

CONSOLE = Path(__file__).parents[1] / "src" / "relhub" / "console"
TOKENS = "@nl-design-system-unstable/voorbeeld-design-tokens@7.4.1"
COMPONENTS = {
    "@nl-design-system-candidate/button-css@1.1.0": "button.css",
    "@nl-design-system-candidate/data-badge-css@1.0.5": "data-badge.css",
    "@nl-design-system-candidate/heading-css@1.1.3": "heading.css",
    "@nl-design-system-candidate/link-css@2.0.3": "link.css",
    "@nl-design-system-candidate/paragraph-css@2.1.3": "paragraph.css",
    "@nl-design-system-candidate/skip-link-css@1.0.5": "skip-link.css",
    "@utrecht/alert-css@4.0.2": "index.css",
    "@utrecht/form-field-css@3.0.1": "index.css",
    "@utrecht/form-field-description-css@3.0.1": "index.css",
    "@utrecht/form-field-error-message-css@3.0.1": "index.css",
    "@utrecht/form-fieldset-css@3.0.1": "index.css",
    "@utrecht/form-label-css@3.0.1": "index.css",
    "@utrecht/select-css@3.0.1": "index.css",
    "@utrecht/textarea-css@4.0.1": "index.css",
    "@utrecht/textbox-css@4.0.1": "index.css",
}
NOTICE = """/*
 * @license EUPL-1.2
 * Made by tools/console_styles.py from: {packages}.
 * Copyright (c) 2020-2026 Frameless B.V.
 * Copyright (c) 2021-2026 Gemeente Utrecht
 * Copyright (c) 2021-2026 NL Design System Community
 * Changed: only the rules and tokens that the console uses are here.
 */
"""


def packed(package: str, file: str) -> str:
    """A file of dist/ of a package, as npm has it; its licence must be the EUPL."""
    with tempfile.TemporaryDirectory() as folder:
        name = subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()
        with tarfile.open(Path(folder) / name) as archive:
            about = json.loads(read(archive, "package/package.json"))
            assert about["license"] == "EUPL-1.2", f"{package}: {about['license']}"
            return read(archive, f"package/dist/{file}")


def read(archive: tarfile.TarFile, name: str) -> str:
    found = archive.extractfile(name)
    assert found is not None
    return found.read().decode()


def used_classes() -> set[str]:
    return {name for file in CONSOLE.glob("templates/*.html") for name in re.findall(r"(?:nl|utrecht)-[a-z0-9_-]+", file.read_text())}


def rules(css: str) -> Iterator[tuple[str, str]]:
    """(selector or at-rule, body) of what stands at the top."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    depth, start, head = 0, 0, ""
    for at, char in enumerate(css):
        if char == "{":
            if depth == 0:
                head, start = css[start:at].strip(), at + 1
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                yield head, css[start:at].strip()
                start = at + 1


def kept(css: str, used: set[str]) -> Iterator[str]:
    for head, body in rules(css):
        if head.startswith("@"):
            inner = "".join(kept(body, used)) if head.startswith("@media") else ""
            if inner:
                yield f"{head} {{\n{inner}}}\n"
            continue
        selectors = [one.strip() for one in re.split(r",(?![^(]*\))", head)]
        of_use = [one for one in selectors if set(re.findall(r"\.([A-Za-z][\w-]*)", re.sub(r":not\([^)]*\)", "", one))) <= used]
        of_use = [one for one in of_use if "." in one]
        if of_use and "data:" not in body:
            yield f"{', '.join(of_use)} {{ {' '.join(body.split())} }}\n"


def tokens(css: str, wanted: set[str]) -> str:
    """The tokens that are asked for, and those that these ask for."""
    theme = packed(TOKENS, "variables.css")
    known = dict(re.findall(r"(--[\w-]+):\s*([^;]+);", theme))
    waiting, found = set(wanted), {}
    while waiting:
        name = waiting.pop()
        if name in known and name not in found:
            found[name] = known[name]
            waiting |= set(re.findall(r"var\((--[\w-]+)", known[name]))
    lines = "".join(f"  {name}: {' '.join(value.split())};\n" for name, value in sorted(found.items()))
    return f":root {{\n{lines}}}\n"


def main() -> None:
    used = used_classes()
    parts = "".join("".join(kept(packed(package, file), used)) for package, file in COMPONENTS.items())
    own = (CONSOLE / "static" / "console.css").read_text()
    theme = tokens(parts, set(re.findall(r"var\((--[\w-]+)", parts + own)))
    notice = NOTICE.format(packages=", ".join([*COMPONENTS, TOKENS]).replace(", ", ",\n *   "))
    (CONSOLE / "static" / "nl-design-system.css").write_text(notice + theme + parts)


if __name__ == "__main__":
    main()
