"""The output of a script: one line per step, one sentence when it stops."""

import subprocess
import sys
import time
from contextlib import contextmanager


class Stop(Exception):
    """The script cannot continue; the text is a sentence for the user."""


def say(text):
    print(text, flush=True)


@contextmanager
def step(text):
    """Announce a step and report how long it took."""
    start = time.monotonic()
    say(f"-> {text} ...")
    yield
    say(f"   done in {time.monotonic() - start:.0f} s")


def run(command, hint="", **options):
    """Run a command quietly.

    :raises Stop: with the end of its output, if it fails or does not exist
    """
    try:
        result = subprocess.run(
            [str(part) for part in command],
            check=False,
            text=True,
            errors="replace",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **options,
        )
    except FileNotFoundError as missing:
        raise Stop(f"The command {missing.filename!r} is missing. {hint}".strip()) from None
    if result.returncode:
        tail = "\n".join(result.stdout.splitlines()[-15:])
        raise Stop(f"{' '.join(map(str, command))} failed:\n{tail}\n{hint}".rstrip())
    return result.stdout


def main(function):
    """Run a script's function: its result is the exit status, ``Stop`` prints its text."""
    try:
        sys.exit(function())
    except Stop as reason:
        say(f"\nStopped: {reason}")
        sys.exit(1)
    except KeyboardInterrupt:
        say("\nInterrupted.")
        sys.exit(130)
