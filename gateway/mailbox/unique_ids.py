"""Which messages of a POP3 mailbox are stored, although several of them may share a unique id.

RFC 1939 section 7 wants unique ids to differ. Servers that compute them from header fields give
one id to different messages, at the same time or one after the other. So an id alone never proves
that the bytes of a message are stored: only its digest does, and a message is deleted only if its
bytes were read and are known.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ..fingerprint import LONGEST_HEADER, split_header

# Fields that a server changes between two readings of the same message.
_FIELD_OF_SERVER = re.compile(
    rb"^(?:status|x-status|x-uidl?|x-mozilla-status2?)[ \t]*:[^\n]*\n?",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True)
class Kept:
    """What is remembered about a message of a POP3 mailbox.

    :param unique_id: its unique id
    :param digest: see :meth:`UniqueIds.digest`; empty if its bytes were never read
    :param is_due: whether it is stored, and is to be deleted now
    :param is_old: whether it was there before the addon, and is never deleted
    """

    unique_id: str
    digest: str
    is_due: bool = False
    is_old: bool = False


class UniqueIds:
    """The unique ids of one session, compared with what is remembered of earlier ones.

    :param ids: ``{message number: unique id}``
    :param kept: what is remembered of the same mailbox
    """

    def __init__(self, ids: Mapping[int, str | None], kept: Collection[Kept] = ()) -> None:
        self._ids = ids
        self._counts = Counter(ids.values())
        self._kept = {}
        for entry in kept:
            self._kept.setdefault(entry.unique_id, {})[entry.digest] = entry
        self._ids_of_old = {entry.unique_id for entry in kept if entry.is_old}
        self._ids_of_due = {entry.unique_id for entry in kept if entry.is_due}
        # {(unique id, digest): {number of a message that has them: how many have a lower one}}
        self._copies = {}

    @property
    def unknown(self) -> list[int]:
        """The numbers of messages of which at least one is not remembered."""
        return [
            number
            for number, unique_id in self._ids.items()
            if self._counts[unique_id] > len(self._kept.get(unique_id, ()))
        ]

    @property
    def due(self) -> list[int]:
        """The numbers of remembered messages of which at least one is to be deleted."""
        unknown = set(self.unknown)
        return [
            number
            for number in self._ids
            if number not in unknown
            and self.may_delete(number)
            and self._ids[number] in self._ids_of_due
        ]

    def may_delete(self, number: int) -> bool:
        """Return whether a message can be deleted once its bytes are stored."""
        return self._ids[number] not in self._ids_of_old

    def digest(self, number: int, digest: str) -> str:
        """Return the digest of a message: equal copies under one unique id get different ones.

        The messages of a session are to be asked for in ascending order of numbers.

        :param digest: of the message or of its header; empty if its bytes are not read
        """
        copies = self._copies.setdefault((self._ids[number], digest), {})
        earlier = copies.setdefault(number, len(copies))
        return f"{digest}#{earlier + 1}" if earlier else digest

    def is_kept(self, number: int, digest: str) -> bool:
        """Return whether the message with this digest was remembered before."""
        return digest in self._entries(number)

    def is_due(self, number: int, digest: str) -> bool:
        """Return whether the message with this digest is stored and is to be deleted now."""
        entry = self._entries(number).get(digest)
        return bool(entry and entry.is_due and self.may_delete(number))

    def _entries(self, number):
        return self._kept.get(self._ids[number], {})


class Digest:
    """The SHA-256 of a message, without fields that the server changes, from its parts in order."""

    def __init__(self) -> None:
        self._start = bytearray()
        self._hash = None

    def add(self, octets: bytes) -> None:
        if self._hash:
            self._hash.update(octets)
            return
        self._start += octets
        if len(self._start) >= LONGEST_HEADER:
            self._finish_header()

    def hexdigest(self) -> str:
        if not self._hash:
            self._finish_header()
        return self._hash.hexdigest()

    def _finish_header(self):
        header, body_start = split_header(bytes(self._start))
        self._hash = hashlib.sha256(_FIELD_OF_SERVER.sub(b"", header))
        self._hash.update(memoryview(self._start)[body_start:])


def digest_of(raw: bytes) -> str:
    """Return the :class:`Digest` of a message in hexadecimal."""
    digest = Digest()
    digest.add(raw)
    return digest.hexdigest()
