"""The fuzz target: a mail of made-up bytes on its whole way through ``gateway``.

    python -m fuzzing.target FOLDER [options of libFuzzer] [folders of mails]

Only ``gateway`` is instrumented, so that new ways through our code count, and not those
through Python's. An exception does not end the run: each is kept once, by the place it came
from, with the mail that raised it. FOLDER gets these, and ``summary.json``.
"""

import hashlib
import json
import sys
import time
import traceback
import warnings
from pathlib import Path

import atheris

from environment import pure

with atheris.instrument_imports(include=["mail_postmaster.gateway"], enable_loader_override=False):
    whole_way = pure.load("tests.gateway.whole_way")

# Of the processor, for the pure way; a whole mail with its records has two seconds.
MOST_SECONDS = 1.0
WRITE_EVERY = 1000


class Unstorable(Exception):
    """A step answered with a text that no database takes."""


class Target:
    """Takes one mail after the other, and remembers what was worst.

    :param folder: where to write mails that failed, and the summary
    """

    def __init__(self, folder):
        self._folder = folder
        self._start = time.monotonic()
        self.executions = 0
        self.slowest = 0.0
        self.failures = {}

    def take(self, raw):
        """Send a mail on its way."""
        start = time.process_time()
        try:
            found = whole_way.unstorable(whole_way.whole_way(raw))
            if found:
                raise Unstorable(found[0])
        except Exception as error:  # noqa: BLE001  a fuzz target is there to see them all
            self._keep(raw, error)
        spent = time.process_time() - start
        if spent > self.slowest:
            self.slowest = spent
            if spent > MOST_SECONDS:
                self._keep(raw, TimeoutError(f"{spent:.1f} s"))
        self.executions += 1
        if self.executions % WRITE_EVERY == 0:
            self.write_summary()

    def _keep(self, raw, error):
        frames = traceback.extract_tb(error.__traceback__)
        places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[-3:]]
        place = f"{type(error).__name__} at {' > '.join(places)}"
        if place in self.failures:
            return
        self.failures[place] = str(error)[-300:]
        name = hashlib.sha256(raw).hexdigest()[:16]
        (self._folder / f"failed-{name}.eml").write_bytes(raw)
        print(f"\nFAILED {place}: {str(error)[-300:]!r}\n       failed-{name}.eml", flush=True)
        self.write_summary()

    def write_summary(self):
        seconds = time.monotonic() - self._start
        summary = {
            "executions": self.executions,
            "seconds": round(seconds),
            "executions_per_second": round(self.executions / max(seconds, 1)),
            "slowest_seconds": round(self.slowest, 3),
            "most_seconds": MOST_SECONDS,
            "failures": self.failures,
        }
        (self._folder / "summary.json").write_text(json.dumps(summary, indent=1) + "\n")


def main():
    # As Python's reader of dates and lxml's of HTML warn of odd input, a million times.
    warnings.simplefilter("ignore")
    target = Target(Path(sys.argv[1]))
    atheris.Setup([sys.argv[0], *sys.argv[2:]], target.take)
    atheris.Fuzz()


main()
