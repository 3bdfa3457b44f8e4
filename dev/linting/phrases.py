"""Phrases to avoid in texts that people read, counted for each file.

The words that replace them: *cannot*, *message*, the role or the action, *is not a*. "There is no"
and "is no longer" are plain English and are not counted.

Texts from before this check have many of them, so the record ``phrases.json`` says how many a
file may have. It is only ever lowered: its sum never rises, though text may move between files.
"""

import json
import re
from collections import Counter
from pathlib import PurePath

from environment import stage
from environment.places import ROOT
from environment.progress import Stop, say

from .reading import readable

RECORD = ROOT / "dev" / "linting" / "phrases.json"
# Samples, translations, which follow their sources, and texts that are about these phrases.
EXCLUDED = (
    "tests/data",
    "i18n",
    "dev/samples",
    "dev/linting/phrases.py",
    "dev/system/test_phrases.py",
)
# Two words are separated by blanks or the end of a line.
GAP = r"(?:[ \t]+|[ \t]*\n[ \t]*)"
PHRASES = (
    r"can not",
    r"somebody",
    r"nobody",
    r"whoever",
    r"mails",
    r"(?P<plain>there )?is no(?! longer)",
    r"bec(?:omes?|ame) of",
    r"go(?:es)? in circles",
    r"(?:is|are) said",
    r"for once",
)
# Not parts of names, addresses and paths.
PHRASE = re.compile(
    rf"(?<![\w@/.-])(?:{'|'.join(PHRASES)})(?![\w@/-]|\.\w)".replace(" ", GAP),
    re.IGNORECASE,
)


def find(text):
    """Return ``[(number of the line, phrase)]`` of a text."""
    return [
        (text.count("\n", 0, found.start()) + 1, " ".join(found[0].split()))
        for found in PHRASE.finditer(text)
        if not found["plain"]
    ]


def find_all():
    """Return ``{file: [(number of the line, phrase)]}`` of the tracked files that have some."""
    found = {}
    for name in sorted(stage.tracked()):
        if not any(PurePath(name).is_relative_to(path) for path in EXCLUDED):
            if places := find(_readable(name)):
                found[name] = places
    return found


def _readable(name):
    try:
        return readable(name, (ROOT / name).read_text("utf-8")) or ""
    except UnicodeDecodeError:
        # An image.
        return ""


def risen(found, record):
    """Return lines about the files that have more phrases than the record allows."""
    lines = []
    for name, places in found.items():
        allowed = record.get(name, 0)
        if len(places) > allowed:
            lines.append(f"{name}: {len(places)} phrases to avoid, recorded {allowed}:")
            lines += [f"  {name}:{number}: {phrase}" for number, phrase in places]
    return lines


def read_record():
    return json.loads(RECORD.read_text()) if RECORD.exists() else {}


def check():
    """Compare all texts with the record; return the exit status."""
    found, record = find_all(), read_record()
    lines = risen(found, record)
    if lines:
        say("\n".join(lines))
        say("Reword them. Where text has moved from another file: dev/phrases --record")
        return 1
    counts = Counter({name: len(places) for name, places in found.items()})
    say(f"{counts.total()} phrases to avoid in {len(counts)} files, none more than recorded.")
    if counts != record:
        say(f"The record has {sum(record.values())}. To lower it: dev/phrases --record")
    return 0


def lower():
    """Write today's counts.

    :raises Stop: if there are more phrases than before
    """
    counts = {name: len(places) for name, places in find_all().items()}
    before, now = sum(read_record().values()), sum(counts.values())
    if RECORD.exists() and now > before:
        raise Stop(f"There are {now} phrases to avoid, {before} are recorded: see dev/phrases.")
    RECORD.write_text(json.dumps(counts, indent=1, sort_keys=True) + "\n")
    say(f"{now} phrases are recorded, {before} were.")
    return 0
