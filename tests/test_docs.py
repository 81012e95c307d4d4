"""What the documents say can be looked up: tests that they name are there, and so are the files that they link to."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]


def test_every_test_that_a_document_names_is_there() -> None:
    there = {name for file in ROOT.glob("tests/**/test_*.py") for name in re.findall(r"def (test_\w+)\(", file.read_text())}
    named = {name for file in DOCUMENTS for name in re.findall(r"`(test_\w+)`", file.read_text())}
    assert named
    assert named - there == set()


def test_every_file_that_a_document_links_to_is_there() -> None:
    linked = ((file, to) for file in DOCUMENTS for to in re.findall(r"\]\(([\w./-]+)[^)\s]*\)", file.read_text()))
    missing = [(file.name, to) for file, to in linked if to not in ("http", "https", "mailto") and not (file.parent / to).exists()]
    assert missing == []
