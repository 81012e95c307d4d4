"""What is not asked through the API and is logged all the same: what a steward decides, and what is done on the command line."""

import getpass
import os
from datetime import UTC, datetime

from relhub.services.hub import Hub
from relhub.storage.log import Look

COMMAND_LINE = "command line"


def own_look(hub: Hub, operation: str, *, official: str = "", application: str = "relhub") -> Look:
    """A row of now; without an official it is of the user of this process."""
    return Look(
        datetime.now(UTC),
        os.urandom(16).hex(),
        COMMAND_LINE,
        application,
        "",
        "",
        official or _user(),
        "",
        "none",
        hub.access.rules.version,
        operation,
        register_uri=hub.own_activity,
        span_id=os.urandom(8).hex(),
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may have a user without a name
        return f"uid {os.getuid()}"
