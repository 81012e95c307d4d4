"""Which adapters there are: the built-in ones, and those that installed packages bring (entry-point group `relhub.adapters`)."""

from collections.abc import Callable
from importlib.metadata import entry_points

from relhub.adapters import Adapter
from relhub.adapters.rest_json import RestJson
from relhub.adapters.zgw_zaken import ZgwZaken
from relhub.config.sources import SourceConfig
from relhub.errors import ConfigurationError

GROUP = "relhub.adapters"
_BUILT_IN: dict[str, Callable[[SourceConfig], Adapter]] = {"rest_json": RestJson, "zgw_zaken": ZgwZaken}


def open_adapter(config: SourceConfig) -> Adapter:
    """The adapter that the source file names, its tables checked; `async with` opens its connections. Raises ConfigurationError."""
    if config.adapter in _BUILT_IN:
        return _BUILT_IN[config.adapter](config)
    installed = {entry.name: entry for entry in entry_points(group=GROUP)}
    if config.adapter not in installed:
        known = ", ".join(sorted({*_BUILT_IN, *installed}))
        raise ConfigurationError(
            f"{config.path}: adapter: there is no {config.adapter!r}; choose one of {known}, or install the package that brings it"
        )
    make: Callable[[SourceConfig], Adapter] = installed[config.adapter].load()
    return make(config)
