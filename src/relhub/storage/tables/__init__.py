"""The tables, each once. F: a fact, kept. C: computed from facts, and thrown away and made again by `relhub rebuild`."""

from relhub.storage.tables import alerts, cases, log, officials, relations, service, sources, told, working
from relhub.storage.tables.base import metadata, not_a_partition

__all__ = ["alerts", "cases", "log", "metadata", "not_a_partition", "officials", "relations", "service", "sources", "told", "working"]
