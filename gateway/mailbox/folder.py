"""How far a folder has been read, and which of its messages are new.

A message is new by its UID (RFC 3501 section 2.3.1.1), whatever users do to its flags. UIDs
ascend and are never reused while the UIDVALIDITY of the folder stays the same.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from .imap import INBOX, since
from .numbers import LARGEST_UID

# How to handle messages that exist before the folder is read for the first time.
NOW, DATE, ALL = "now", "date", "all"
STARTS = (NOW, DATE, ALL)
# A folder with more messages than this, or with messages that have been read, is not imported
# until an administrator confirms it.
FEW = 100
# After a change of UIDVALIDITY, messages from the days before the last fetch are checked again.
# The log recognises them: it is never kept for a shorter time.
OVERLAP = timedelta(days=7)


@dataclass(frozen=True)
class Status:
    """What a server reports about a folder.

    :param uidvalidity: current UIDVALIDITY of the folder
    :param next_uid: the UID that the next message will get
    :param count: number of messages
    """

    uidvalidity: int
    next_uid: int
    count: int


@dataclass
class Folder:
    """How far a folder has been read.

    :param name: decoded name
    :param uidvalidity: at the last fetch, None if never read
    :param next_uid: messages with this UID or higher are new
    :param contact_uid: messages with this UID or higher arrived after the first contact
    :param since: day from which messages before the first contact are imported, None for all
    :param is_asking: whether an administrator has to choose how to handle existing messages
    :param last_success: day of the last fetch, or None
    :param id: id of its record, or None
    """

    name: str = INBOX
    uidvalidity: int | None = None
    next_uid: int = 1
    contact_uid: int = 1
    since: date | None = None
    is_asking: bool = False
    last_success: date | None = None
    id: int | None = None

    @property
    def is_known(self) -> bool:
        return self.uidvalidity is not None

    @property
    def is_importing(self) -> bool:
        """Whether messages from before the first contact are still to be imported."""
        return self.is_known and self.next_uid < self.contact_uid

    def meet(self, status: Status) -> bool:
        """Register the state of a folder; a new UIDVALIDITY invalidates all numbers.

        :return: whether the known numbers are still valid
        """
        if self.uidvalidity == status.uidvalidity:
            return True
        if self.is_known and not self.is_asking:
            if not self.is_importing:
                self.since = self.last_success and self.last_success - OVERLAP
        else:
            self.is_asking = True
        self.uidvalidity = status.uidvalidity
        self.next_uid, self.contact_uid = 1, status.next_uid
        return False

    def start(self, choice: str, date: date | None = None) -> None:
        """Start reading, as chosen by the administrator.

        :param choice: one of :data:`STARTS`
        :param date: first day, for ``date``
        """
        self.is_asking = False
        self.since = date if choice == DATE else None
        self.next_uid = self.contact_uid if choice == NOW else 1

    def pass_over(self, uid: int) -> None:
        """Mark messages up to this UID as no longer new."""
        self.next_uid = max(self.next_uid, uid + 1)

    def catch_up(self) -> None:
        """Record that all new messages were fetched; the newest existing one may be gone by now."""
        if self.is_importing and not self.is_asking:
            self.pass_over(self.contact_uid - 1)

    @property
    def criteria(self) -> str:
        """The search key for messages that may be new (RFC 3501 section 6.4.4).

        ``n:*`` always includes the last message, see :meth:`is_new`.
        """
        # After the last of all UIDs there is none, and a server may refuse its number.
        new = f"UID {min(self.next_uid, LARGEST_UID)}:*"
        if self.since and self.is_importing:
            return f"{new} OR UID {self.contact_uid}:* {since(self.since)}"
        return new

    def is_new(self, uid: int) -> bool:
        return uid >= self.next_uid
