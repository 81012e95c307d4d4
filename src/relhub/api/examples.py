"""Examples that are true for the demo: its cases and relations have the same numbers on every machine."""

from typing import Any, Final

RELATION: Final = "rel_00000000000000000000000000"

PROCESSING_ACTIVITY: Final = "permit-handling"
OCCASION: Final = "case:permits/V-2026-00001"
OFFICIAL: Final = "j.jansen"

LOOKUPS: Final[dict[str, Any]] = {
    "case": {"summary": "By case number (zaaknummer)", "value": {"case": "permits/V-2026-00001"}},
}
SEARCHES: Final[dict[str, Any]] = {
    "facts": {"summary": "By name and date of birth", "value": {"name": "Van den Berg", "birthDate": "1980-02-17"}},
}
