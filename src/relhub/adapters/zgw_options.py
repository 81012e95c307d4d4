"""The tables of a `zgw_zaken` source file. Unknown keys are refused."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from relhub.config.sources import SourceConfig
from relhub.config.toml import explain
from relhub.domain.record import Capacity
from relhub.errors import ConfigurationError


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Apis(_Strict):
    """Where the APIs are below base_url, and how they are asked."""

    zaken: Annotated[str, Field(pattern=r"^/")] = "/zaken/api/v1"
    catalogi: Annotated[str, Field(pattern=r"^/")] = "/catalogi/api/v1"
    besluiten: Annotated[str, Field(pattern=r"^(/.*)?$")] = "/besluiten/api/v1"  # "": there is none
    page_size: Annotated[int, Field(ge=1, le=500)] = 100
    properties: bool = True  # zaakeigenschappen cost one request per new or changed zaak
    nnp_id: Literal["rsin", "kvk"] = "rsin"  # what this installation writes in innNnpId
    link: str = ""  # deep link, with {identificatie} or {uuid}


class CaseKind(_Strict):
    kind: str
    capacity: Capacity


class ZgwOptions(_Strict):
    zgw: Apis = Apis()
    case_kinds: dict[str, CaseKind]
    roles: dict[str, str] = {}  # by the omschrijving of the roltype; goes before the general meaning
    parts: dict[str, str] = {}  # the same, for officials


def read_options(config: SourceConfig) -> ZgwOptions:
    """The adapter's own tables. Raises ConfigurationError naming file and key."""
    try:
        return ZgwOptions.model_validate(config.options)
    except ValidationError as error:
        raise ConfigurationError(f"{config.path}: {explain(error)}") from None
