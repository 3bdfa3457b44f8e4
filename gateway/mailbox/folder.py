"""How far a folder was read, and which of its mails are new.

A mail is new by its UID (RFC 3501 section 2.3.1.1), whatever a person has done to its flags.
UIDs rise and are never given twice while the UIDVALIDITY of the folder stays.
"""

from dataclasses import dataclass
from datetime import timedelta

from .imap import INBOX, since

# What becomes of mail that is there before the folder is read for the first time.
NOW, DATE, ALL = "now", "date", "all"
STARTS = (NOW, DATE, ALL)
# A folder with more mail than this, or with mail that somebody has read, is not emptied
# into the database before somebody has said so.
FEW = 100
# After a change of UIDVALIDITY mail that came in the days before the last fetch is looked
# at again. The log knows it: no log is kept for less.
OVERLAP = timedelta(days=7)


@dataclass(frozen=True)
class Status:
    """What a server says of a folder.

    :param int uidvalidity: of the folder now
    :param int next_uid: the UID that the next mail will get
    :param int count: mails in it
    """

    uidvalidity: int
    next_uid: int
    count: int


@dataclass
class Folder:
    """How far a folder was read.

    :param str name: as a person reads it
    :param uidvalidity: at the last time, None when it was never read
    :param int next_uid: mails with this UID and above are new
    :param int contact_uid: mails with this UID and above came after the first contact
    :param since: :class:`datetime.date` from which mail of before the first contact is
        taken, None for all of it
    :param bool is_asking: somebody has to choose what becomes of the mail that is there
    :param last_success: :class:`datetime.date` of the last time, or None
    :param id: of its record, or None
    """

    name: str = INBOX
    uidvalidity: int | None = None
    next_uid: int = 1
    contact_uid: int = 1
    since: object = None
    is_asking: bool = False
    last_success: object = None
    id: object = None

    @property
    def is_known(self):
        return self.uidvalidity is not None

    @property
    def is_importing(self):
        """Whether mail of before the first contact is still to come."""
        return self.is_known and self.next_uid < self.contact_uid

    def meet(self, status):
        """Take note of a folder; a new UIDVALIDITY makes all numbers worthless.

        :return: whether the numbers known before are still good
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

    def start(self, choice, date=None):
        """Begin to read, as somebody has chosen.

        :param choice: one of :data:`STARTS`
        :param date: the first day, for ``date``
        """
        self.is_asking = False
        self.since = date if choice == DATE else None
        self.next_uid = self.contact_uid if choice == NOW else 1

    def pass_over(self, uid):
        """Say that no mail up to this UID is new any more."""
        self.next_uid = max(self.next_uid, uid + 1)

    def catch_up(self):
        """Say that everything new was fetched: the newest mail of before may be gone meanwhile."""
        if self.is_importing and not self.is_asking:
            self.pass_over(self.contact_uid - 1)

    @property
    def criteria(self):
        """The search key for what may be new (RFC 3501 section 6.4.4).

        ``n:*`` always names the last mail too, see :meth:`is_new`.
        """
        new = f"UID {self.next_uid}:*"
        if self.since and self.is_importing:
            return f"{new} OR UID {self.contact_uid}:* {since(self.since)}"
        return new

    def is_new(self, uid):
        return uid >= self.next_uid
