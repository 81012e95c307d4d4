"""Which cases a processing activity opens, kept ready: the access rules in force, and the compartments that there are."""

from collections.abc import Mapping

from relhub.config.sources import SourceConfig
from relhub.domain.access import AccessRules, Activity, Profile, profile_of
from relhub.domain.compartments import OWN, Compartment, Scope, Sensitivity
from relhub.domain.record import Capacity
from relhub.storage.compartments import Key, compartments_after
from relhub.storage.database import Driver


class Access:
    """The rules of this moment (they may be replaced), and a profile per activity and organisation, made once."""

    def __init__(self, rules: AccessRules, sources: Mapping[str, SourceConfig], capacities: Mapping[str, frozenset[Capacity]]) -> None:
        self._sources = sources
        self._scopes = {name: Scope(config.organisation, capacities[name], config.sensitivities()) for name, config in sources.items()}
        self._compartments: list[Compartment] = []
        self._newest = 0
        self._profiles: dict[tuple[str, str], Profile] = {}
        self._rules = rules

    @property
    def rules(self) -> AccessRules:
        return self._rules

    def replace(self, rules: AccessRules) -> None:
        """From now on these rules are in force."""
        self._rules, self._profiles = rules, {}

    def profile(self, activity: Activity, organisation: str) -> Profile:
        """What this activity lets a consumer of this organisation see of the compartments that are known here."""
        found = self._profiles.get((activity.id, organisation))
        if found is None or found.activity is not activity:
            found = profile_of(self._rules, activity, organisation, self._compartments, self._newest, self._scopes)
            self._profiles[activity.id, organisation] = found
        return found

    async def renew(self, driver: Driver) -> None:
        """Takes in the compartments that are new since."""
        for id_, key in await compartments_after(driver, self._newest):
            self._newest = id_
            if known := self._compartment(id_, key):
                self._compartments.append(known)
            self._profiles = {}

    def _compartment(self, id_: int, key: Key) -> Compartment | None:
        """None for cases of a source that is no longer there: nobody sees those."""
        source, capacity, kind, confidentiality = key
        if source.startswith(OWN):  # what officials of that organisation record here
            return Compartment(id_, source, source.removeprefix(OWN), capacity, kind, confidentiality, Sensitivity())
        config = self._sources.get(source)
        if config is None:
            return None
        return Compartment(
            id_, source, config.organisation, capacity, kind, confidentiality or config.confidentiality, config.sensitivity(kind)
        )
