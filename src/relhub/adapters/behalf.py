"""On whose behalf this task asks a source: set when a question is admitted, nobody in a pull."""

from contextvars import ContextVar

from relhub.domain.behalf import Behalf

on_behalf_of: ContextVar[Behalf | None] = ContextVar("on_behalf_of", default=None)
