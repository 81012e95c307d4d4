"""On whose behalf a source is asked, and how that is said to it (x-doelbinding, x-verwerking, x-gebruiker: each source its own)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from string import Formatter
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Behalf:
    """The question on account of which a source is asked."""

    activity: str
    register_uri: str
    purpose: str
    official: str
    application: str
    organisation: str
    department: str
    occasion: str
    trace_id: str

    def headers(self, templates: Mapping[str, str]) -> dict[str, str]:
        """Each template filled in; what a header can't hold is percent-encoded (UTF-8)."""
        values = asdict(self)
        return {name: quote(template.format(**values), safe=_PRINTABLE) for name, template in templates.items()}


_PRINTABLE = "".join(map(chr, range(32, 127)))


def check_template(template: str) -> str:
    """The same template. Raises ValueError when it is none, or names what there is not."""
    known = set(Behalf.__slots__)
    for _, name, form, conversion in Formatter().parse(template):
        if name is not None and (name not in known or form or conversion):
            raise ValueError(f"{{{name}}} is not one of {', '.join(sorted(known))}")
    return template
