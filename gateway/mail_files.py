"""The messages in files: mbox, Maildir and folders of .eml files, in order of their dates.

A reply must come after the message it replies to, and few programs write them in that order.

Files are never changed, and messages that the user has deleted are skipped (the flag T of
Maildir, the status of Mozilla). Drafts are not messages yet.
"""

import os
import re
from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

from .envelope import read_envelope

MAIL_SUFFIXES = (".eml", ".mbox")
# The part of a header that is searched for the date.
_HEADER_BYTES = 64 << 10
_CHUNK = 8 << 20
# A separator has a time and a year, which a sentence that begins with "From" hardly has (the
# mutt(1) rule). Since 2024 Thunderbird writes neither, but only the bare "From". A separator is
# at the beginning or after an empty line (mbox(5)).
_SEPARATOR = re.compile(
    rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From "
    rb"(?:(?=[^\r\n]{0,1000}\b(?:19|20)\d\d\b)[^\r\n]{0,500}\d{1,2}:\d{2}[^\r\n]{0,500})?\r?\n",
)
# How far a match may extend past the end of a chunk.
_LONGEST_SEPARATOR = 1100
# mbox(5), mboxrd: one quote character is removed.
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_HEADER_END = re.compile(rb"\n\r?\n")
_MOZILLA_STATUS = re.compile(rb"^X-Mozilla-Status:[ \t]*([0-9a-fA-F]{4})", re.MULTILINE)
_MOZILLA_EXPUNGED = 0x0008
_MAILDIR_FOLDERS = ("cur", "new")
_THROWN_AWAY = set("TD")


class MailFile(NamedTuple):
    """The location of a message.

    :param date: date of its header or of the file, in naive UTC
    :param path: the file
    :param offset: first byte of the message
    :param size: in bytes, or None for up to the end of the file
    :param is_in_mbox: whether an empty line follows and lines with "From" are quoted
    :param error: the :class:`OSError` that prevented reading the file, or None
    """

    date: datetime
    path: Path
    offset: int = 0
    size: int | None = None
    is_in_mbox: bool = False
    error: OSError | None = None

    # This reads a file and overrides no method of Odoo.
    def read(self) -> bytes:  # pylint: disable=method-required-super
        """Return the bytes of the message.

        :raises OSError: if the file cannot be read
        """
        if self.error:
            raise self.error
        with self.path.open("rb") as stream:
            stream.seek(self.offset)
            raw = stream.read() if self.size is None else stream.read(self.size)
        return _unquoted(raw) if self.is_in_mbox else raw


def _unquoted(raw):
    for ending, empty_line in ((b"\n\r\n", b"\r\n"), (b"\n\n", b"\n")):
        if raw.endswith(ending):
            raw = raw[: -len(empty_line)]
            break
    return _QUOTED_FROM.sub(rb"\1", raw)


def find_mails(paths: Iterable[str | Path]) -> list[MailFile]:
    """Return the :class:`MailFile` of each message, oldest first.

    :param paths: files and folders; folders are walked. An unreadable file in a folder is listed
        like a message and raises when it is read.
    :raises OSError: if one of the paths does not exist or cannot be read
    """
    found = []
    for path in map(Path, paths):
        for file in _files(path):
            try:
                found += list(_mails_of(file))
            except OSError as error:
                if file == path:
                    raise
                # Mail programs rename the files of a Maildir during the walk.
                found.append(MailFile(_modified(file.parent), file, error=error))
    return sorted(found, key=lambda mail: (mail.date, mail.path, mail.offset))


def _files(path):
    """Yield the mail files in a folder, or the file itself."""
    if not path.is_dir():
        yield path
        return
    # Symbolic links to folders are not followed: they may form a cycle.
    for folder, _folders, names in os.walk(path, onerror=_raise):
        for name in names:
            file = Path(folder, name)
            # A file that has vanished is recorded; reading a pipe would never end.
            if (os.path.isfile(file) or not os.path.exists(file)) and _is_mail(file):
                yield file


def _is_mail(path):
    if path.parent.name in _MAILDIR_FOLDERS:
        # Maildir: "unique:2,FLAGS".
        _unique, flagged, flags = path.name.rpartition(":2,")
        return not flagged or not _THROWN_AWAY & set(flags)
    try:
        return path.suffix.lower() in MAIL_SUFFIXES or _is_mbox(path)
    except OSError:
        # It may be an mbox.
        return True


def _raise(error):
    raise error


def _is_mbox(path):
    """Return whether a file begins as an mbox; those of mail programs have no suffix."""
    with path.open("rb") as stream:
        return bool(_SEPARATOR.match(stream.read(_LONGEST_SEPARATOR)))


def _mails_of(path):
    if _is_mbox(path):
        yield from _mails_of_mbox(path)
        return
    with path.open("rb") as stream:
        yield MailFile(_date(stream.read(_HEADER_BYTES), path), path)


def _mails_of_mbox(path):
    bounds = list(_separators(path))
    size = path.stat().st_size
    ends = [begin for begin, _end in bounds[1:]] + [size]
    with path.open("rb") as stream:
        for (_begin, start), end in zip(bounds, ends, strict=True):
            stream.seek(start)
            header = stream.read(min(_HEADER_BYTES, end - start))
            header_end = _HEADER_END.search(header)
            status = _MOZILLA_STATUS.search(
                header,
                0,
                header_end.start() if header_end else len(header),
            )
            if status and int(status[1], 16) & _MOZILLA_EXPUNGED:
                continue
            yield MailFile(_date(header, path), path, start, end - start, is_in_mbox=True)


def _separators(path):
    """Yield start and end of each separator of an mbox, reading it in windows."""
    with path.open("rb") as stream:
        offset, done, rest = 0, 0, b""
        while chunk := stream.read(_CHUNK):
            window = rest + chunk
            # A match that starts later may be incomplete.
            sure = len(window) - (_LONGEST_SEPARATOR if len(chunk) == _CHUNK else 0)
            for match in _SEPARATOR.finditer(window):
                # Only the first window begins at the start of the file.
                is_new = offset + match.start() >= done and (match.start() or not offset)
                if is_new and match.start() < sure:
                    yield offset + match.start(), offset + match.end()
            done = offset + sure
            # Includes the empty line before a separator, which identifies it.
            kept = max(sure - 4, 0)
            offset, rest = offset + kept, window[kept:]


def _date(header, path):
    date = read_envelope(header).date
    if date:
        return date
    return _modified(path)


def _modified(path):
    modified = datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
    return modified.replace(tzinfo=None, microsecond=0)
