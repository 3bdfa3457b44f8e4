"""The decisions taken for one message in order, hits and misses.

A step is a code with parameters; the sentence is built when it is displayed, in the language of
the user. The trace of a message with thousands of recipients must stay small, so the number of
steps and the length of a parameter are limited.
"""

from collections.abc import Mapping
from typing import Any

MOST_STEPS = 100
LONGEST_PARAMETER = 300


class Trace:
    """An ordered list of steps ``{"step": code, "hit": bool, "params": {...}}``."""

    def __init__(self) -> None:
        self.steps: list[dict[str, Any]] = []

    def hit(self, step: str, **params: object) -> None:
        self.add(step, True, params)

    def miss(self, step: str, **params: object) -> None:
        self.add(step, False, params)

    def add(self, step: str, hit: bool, params: Mapping[str, object]) -> None:
        """Add a step, unless it is there already."""
        taken = {"step": step, "hit": hit, "params": bounded(params)}
        # Core asks some questions twice for one message; users want the answer once.
        if len(self.steps) < MOST_STEPS and taken not in self.steps:
            self.steps.append(taken)


def bounded(params: Mapping[str, object]) -> dict[str, str | int | float]:
    """Return parameters of a step or a reason in a form that a database accepts.

    Long texts are truncated, and NUL and lone surrogates, which PostgreSQL rejects in text and
    JSON, are removed.
    """
    return {
        key: value if isinstance(value, (int, float, bool)) else _storable(str(value))
        for key, value in params.items()
    }


def _storable(text):
    beginning = text[:LONGEST_PARAMETER].replace("\0", "")
    return beginning.encode("utf-8", "replace").decode()
