"""A simulated municipality: three HTTP systems on loopback, with invented people and companies."""

from relhub.demo.credentials import DEMO_SECRETS
from relhub.demo.faults import parse_fault
from relhub.demo.serving import SYSTEMS, RunningTown, running_town, serve_town
from relhub.demo.town import appearances, prepare_town, truth

__all__ = ["DEMO_SECRETS", "SYSTEMS", "RunningTown", "appearances", "parse_fault", "prepare_town", "running_town", "serve_town", "truth"]
