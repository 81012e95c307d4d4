"""relhub: one consolidated, explainable, purpose-bound record per relation."""

__version__ = "0.1.0"
