"""Through how many files one plain message goes, and how often from one file to another.

A call counts as a move if the function that was called last, of this addon and outside gateway/,
is in another file.
"""

import sys
from collections import Counter
from pathlib import Path

from mails import mail

from environment.places import ROOT

from . import databases

OURS = databases.Database(databases.OURS)
MOST_SHOWN = 12


class Moves:
    """Notes calls while it is the profiler of this thread."""

    def __init__(self):
        self.files = Counter()
        self.moves = Counter()
        self._last = None
        self._known = {}

    def __call__(self, frame, event, _argument):
        if event != "call":
            return
        name = self._file(frame.f_code.co_filename)
        if name:
            self.files[name] += 1
            if name != self._last:
                self.moves[self._last, name] += 1
            self._last = name

    def _file(self, path):
        """Return the path of a file of this addon in its folder; None for others and gateway/."""
        if path not in self._known:
            resolved = Path(path).resolve()
            is_ours = resolved.is_relative_to(ROOT) and ".odoo" not in resolved.parts
            name = str(resolved.relative_to(ROOT)) if is_ours else None
            is_left_out = not name or name.startswith(("gateway/", "dev/"))
            self._known[path] = None if is_left_out else name
        return self._known[path]

    def between_folders(self):
        """Return how many of the moves lead into another folder."""
        return sum(
            times
            for (source, target), times in self.moves.items()
            if source and folder(source) != folder(target)
        )


def folder(name):
    """Return the folder of a file, "." for the root."""
    return str(Path(name).parent)


def main():
    databases.prepare()
    for subject in ("Warm", "Traced"):
        moves = Moves()
        with databases.environment(OURS.name) as env:
            sys.setprofile(moves)
            try:
                env["mail.thread"].message_process(False, mail(subject=subject))
            finally:
                sys.setprofile(None)
    for name, calls in moves.files.most_common(MOST_SHOWN):
        print(f"{calls:6} calls  {name}")
    for (source, target), times in moves.moves.most_common(MOST_SHOWN):
        print(f"{times:6} moves  {source} to {target}")
    print(f"{len(moves.files)} files, {moves.moves.total()} moves")
    print(f"from folder to folder: {moves.between_folders()} moves")
    for name, count in Counter(map(folder, moves.files)).most_common():
        print(f"{count:6} files  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
