"""One case by itself, described for the OpenAPI document."""

from pydantic import Field

from relhub.api.answer_cases import CaseItem
from relhub.api.answers import OtherParty


class CaseView(CaseItem):
    """A case (zaak) or another matter, as far as `level` allows, with its parties."""

    parties: list[OtherParty] = Field(
        title="Betrokkenen", description="Its parties in the order of the source, each with the relation that it is."
    )
    also_known_as: list["CaseView"] | None = Field(  # type: ignore[assignment]  # narrower than in a list of cases
        default=None,
        title="Ook bekend als",
        description="The same zaak as other systems know it, where your application may see that from `summary` on.",
    )
