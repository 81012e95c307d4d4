"""Names of people and organisations: read from one line or from parts, and brought to a form in which they can be compared."""

import re
import string
from functools import lru_cache

from anyascii import anyascii

from relhub.domain.record import PersonName

PREFIXES = frozenset((
    "van", "de", "den", "der", "het", "'t", "'n", "'s", "in", "op", "aan", "bij", "te", "ten", "ter", "tot", "toe", "thoe", "uit", "uijt",
    "onder", "over", "voor", "d'", "du", "des", "da", "do", "dos", "das", "di", "del", "della", "dei", "von", "vom", "zu", "zum", "zur",
    "v.d.", "vd", "v/d",
))  # fmt: skip
# Written with a capital, part of the name itself.
_FAMILY_STARTS = frozenset({"el", "al", "ben", "bin", "ait", "abu", "ould", "le", "la", "les", "lo"})
_SALUTATIONS = frozenset({"dhr", "heer", "mevr", "mevrouw", "mw", "mej", "mevr/dhr", "hr"})
_TITLES = frozenset({"drs", "dr", "mr", "ir", "ing", "prof", "bc", "ds", "jhr", "jkvr"})
_POLITE = _SALUTATIONS | _TITLES
_TITLES_BEHIND = frozenset({"msc", "bsc", "llm", "mba", "phd"})
_NOT_ONE_PERSON = frozenset({"en", "fam", "familie", "erven", "e/v", "h/o", "stichting", "vereniging"})
_NOT_ONE_PERSON_BEHIND = frozenset({"c.s", "cs", "bv", "b.v", "nv", "n.v", "vof", "v.o.f"})  # before a name these are initials
_INITIALS = re.compile(r"(?:[^\W\d_][^\W\d_A-Z]{0,2}\.)+")
_BARE_INITIALS = re.compile(r"[A-Z]{1,4}")
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['’`.\-])*|'[tns]|['’][^\W\d_]+(?:-\S+)?")
_LETTERS = re.compile(r"[^\W\d_]+")
_HYPHENATED = re.compile(r".+-(" + "|".join(sorted(map(re.escape, PREFIXES), key=len, reverse=True)) + ")", re.IGNORECASE)

_VOWELS = frozenset("aeiouy")  # initials written together have none, or are too short
_STAND_INS = frozenset({"onbekend", "onbekende", "nvt", "nnb", "nb", "geen", "unknown", "none", "null", "test"})

_KEY = dict.fromkeys(range(128))
_KEY |= {ord(letter): letter.lower() for letter in string.ascii_letters + string.digits}
_KEY |= {ord(mark): " " for mark in " \t\n\r-/_+,;&"}


@lru_cache(maxsize=4096)  # the same names come back, and of one record they are compared, searched and hashed several times
def name_key(text: str) -> str:
    """The text for comparing: no accents, no capitals, no punctuation; a hyphen separates words as a space does."""
    return " ".join((text if text.isascii() else anyascii(text)).translate(_KEY).split())


def joined_key(*keys: str) -> str:
    """The `name_key` of texts with a space between them, from their own."""
    return " ".join(filter(None, keys))


def is_given_name(text: str) -> bool:
    """Whether this can be the given names of one person: a whole first name, and no initials or stand-in typed in their place."""
    words = text.split()
    return bool(words) and len(name_key(words[0])) > 2 and all(_is_whole(word) for word in words)


def is_family_name(text: str) -> bool:
    """Whether this can be somebody's family name, and no stand-in for one."""
    return len(name_key(text)) > 1 and name_key(text) not in _STAND_INS


def _is_whole(word: str) -> bool:
    key = name_key(word)
    return len(key) > 1 and not word.endswith(".") and not _VOWELS.isdisjoint(key) and key not in _STAND_INS


def person_name(text: str) -> PersonName:
    """Reads a name on one line: "Dhr. J.P. van den Berg", "Johannes Pieter van den Berg", "BERG, J. van den".

    Without a prefix the last word is the family name. A double name is not split. ValueError when it can't be read.
    """
    words, polite = _without_titles(text.replace("’", "'").replace("`", "'"))
    if "," in words[-1] or any(word.count(",") for word in words[:-1]):
        return _family_first(words)
    first, prefix, family = _split(words)
    if not first and not prefix and not polite:
        raise ValueError("is not a name that can be read: one word, and nothing says what it is")
    return _build(first, prefix, family, shouting=_shouts(words))


def name_parts(
    given: str = "", initials: str = "", prefix: str = "", family: str = "", partner_prefix: str = "", partner_family: str = ""
) -> PersonName | None:
    """A name from the parts a source gives, capitals and initials brought to one form; None when it gives none."""
    if not (given or initials or prefix or family or partner_family):
        return None
    return PersonName(
        sensible_case(given),
        initials_of(initials),
        _soft(prefix),
        sensible_case(family),
        _soft(partner_prefix),
        sensible_case(partner_family),
    )


def _soft(prefix: str) -> str:
    text = " ".join(prefix.split())
    return text.lower() if text.isupper() else text


def organisation_name(text: str) -> str:
    """The name as it is written: capitals may be an abbreviation. ValueError when it has no letter or digit."""
    text = " ".join(text.split())
    if not any(character.isalnum() for character in text):
        raise ValueError("is not a name: no letter in it")
    return text


def initials_of(text: str) -> str:
    """Initials as "J.P.": "JP", "j p" and "J. P." are the same."""
    if text.isupper() and "." not in text and " " not in text:
        return "".join(f"{letter}." for letter in text)
    return "".join(f"{part[0].upper()}{part[1:]}." for part in text.replace(".", " ").split())


def sensible_case(text: str) -> str:
    """What is all capitals becomes "Van der Meer-de Vries"; all else stays as it is written."""
    text = " ".join(text.split())
    if not text.isupper() or len(text) < 2:
        return text
    return _LETTERS.sub(lambda found: _capitalised(text, found), text)


def _capitalised(text: str, found: re.Match[str]) -> str:
    word = found[0].lower()
    quoted = text[max(0, found.start() - 1) : found.end()].lower()
    after_first = found.start() > 0
    if (after_first and (word in PREFIXES or quoted in PREFIXES)) or quoted in ("'t", "'n", "'s"):
        return word
    return "IJ" + word[2:] if word.startswith("ij") else word.capitalize()


def _shouts(words: list[str]) -> bool:
    long = [word for word in words if len(word.strip(".,'")) > 1 and not _INITIALS.fullmatch(word)]
    return bool(long) and all(word.isupper() for word in long)


def _without_titles(text: str) -> tuple[list[str], bool]:
    words = text.split()
    polite = False
    if len(words) > 1 and words[0].lower() == "de" and words[1].lower().rstrip(".") == "heer":
        words = words[1:]
    while (
        words
        and (plain := words[0].lower().rstrip(".")) in _POLITE
        and (words[0].endswith(".") or plain in ("heer", "mevrouw") or words[0].islower())
    ):
        polite = polite or plain in _SALUTATIONS
        words = words[1:]
    while words and words[-1].lower().rstrip(".") in _TITLES_BEHIND:
        words = words[:-1]
    if not words:
        raise ValueError("is not a name: nothing there")
    said = [word.lower().rstrip(".") for word in words]
    others = said[-1] in _NOT_ONE_PERSON_BEHIND or not _NOT_ONE_PERSON.isdisjoint(said)
    if others or not all(_WORD.fullmatch(word.rstrip(",")) or word.lower() in PREFIXES for word in words):
        raise ValueError("is not a name of one person that can be read")
    return words, polite


def _is_initials(word: str, *, shouting: bool) -> bool:
    return bool(_INITIALS.fullmatch(word)) or (not shouting and bool(_BARE_INITIALS.fullmatch(word)))


def _split(words: list[str]) -> tuple[list[str], list[str], list[str]]:
    """First names or initials, prefix, family name."""
    shouting = _shouts(words)
    start = 0
    while start < len(words) - 1 and _is_initials(words[start], shouting=shouting) and words[start].lower() not in PREFIXES:
        start += 1
    if not start:  # given names: the family name begins at the first prefix, or is the last word
        begins = (
            at
            for at, word in enumerate(words)
            if word.lower() in PREFIXES or (at and word.lower() in _FAMILY_STARTS) or _HYPHENATED.fullmatch(word)
        )
        start = next(begins, len(words) - 1)
    end = start
    while end < len(words) and words[end].lower() in PREFIXES:
        end += 1
    if end == len(words):
        raise ValueError("is not a name that can be read: no family name")
    return words[:start], words[start:end], words[end:]


def _family_first(words: list[str]) -> PersonName:
    """ "Berg, J. van den", "Van den Berg, Jan Pieter"."""
    before, _, after = " ".join(words).partition(",")
    rest = after.replace(",", " ").split()
    prefix, family = [], before.split()
    while len(family) > 1 and family[0].lower() in PREFIXES:
        prefix.append(family.pop(0))
    tail = len(rest)
    while tail and rest[tail - 1].lower() in PREFIXES:
        tail -= 1
    if not family or not rest or (prefix and tail < len(rest)) or any(word.lower() in PREFIXES for word in rest[:tail]):
        raise ValueError("is not a name that can be read: family name, first names prefix expected")
    return _build(rest[:tail], prefix or rest[tail:], family, shouting=_shouts(words))


def _build(first: list[str], prefix: list[str], family: list[str], *, shouting: bool) -> PersonName:
    initials = [word for word in first if _is_initials(word, shouting=shouting)]
    if initials and len(initials) < len(first):
        raise ValueError("is not a name that can be read: initials and names mixed")
    given = "" if initials else sensible_case(" ".join(first))
    surname = sensible_case(" ".join(family))
    return PersonName(given, initials_of(" ".join(initials)), " ".join(prefix).lower(), surname)
