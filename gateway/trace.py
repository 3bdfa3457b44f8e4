"""The decisions taken on the way of one mail, in order, hits and misses.

A step is a code and its parameters; sentences are made when a person reads them, in
their language. A mail with thousands of recipients must not make a trace of that size,
so the number of steps and the length of a parameter are bounded.
"""

MOST_STEPS = 100
LONGEST_PARAMETER = 300


class Trace:
    """An ordered list of steps ``{"step": code, "hit": bool, "params": {...}}``."""

    def __init__(self):
        self.steps = []

    def hit(self, step, **params):
        self._add(step, True, params)

    def miss(self, step, **params):
        self._add(step, False, params)

    def _add(self, step, hit, params):
        taken = {"step": step, "hit": hit, "params": bounded(params)}
        # Core asks some questions twice for one mail; a person wants the answer once.
        if len(self.steps) < MOST_STEPS and taken not in self.steps:
            self.steps.append(taken)


def bounded(params):
    """Return parameters of a step or a reason as a database takes them.

    Texts are cut where a mail made them long, and without NUL and halves of characters, which
    no text and no JSON of PostgreSQL may have.
    """
    return {
        key: value if isinstance(value, (int, float, bool)) else _storable(str(value))
        for key, value in params.items()
    }


def _storable(text):
    beginning = text[:LONGEST_PARAMETER].replace("\0", "")
    return beginning.encode("utf-8", "replace").decode()
