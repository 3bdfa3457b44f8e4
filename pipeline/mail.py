"""A stored message and how it was submitted: what an attempt starts from and does not change."""

from dataclasses import dataclass, field
from functools import cached_property

from ..gateway.automatic import Automatic, classify
from ..gateway.envelope import decode_field, read_fields
from ..gateway.fingerprint import split_header
from ..gateway.reports import Report, read_report
from .submission import STORED, Submission


@dataclass(frozen=True)
class Mail:
    """One message of the log, for one attempt.

    :ivar id: of the ``mail.postmaster.message``
    :ivar key: see :func:`gateway.fingerprint.mail_key`
    :ivar recipients: those in the log, separated by commas
    :ivar failures: how often the message had failed before this attempt
    :ivar is_known: an earlier attempt or a copy of this message has claimed a target
    :ivar is_released: a user has released the message, which overrides what core would check again
    :ivar is_joined: the attempt runs in the caller's transaction and shares its outcome
    :ivar is_callers: a Python caller in the middle of a transaction, who gets core's exceptions and
    return values

    The others: see :class:`~.submission.Submission`.
    """

    id: int
    key: str
    digest: str
    recipients: str
    raw: bytes = field(repr=False)
    failures: int = 0
    is_known: bool = False
    is_released: bool = False
    is_joined: bool = False
    is_callers: bool = False
    is_last: bool = False
    is_quiet: bool = False
    is_sender_accepted: bool = False
    can_refuse: bool = False
    server_id: int | None = None
    addressed_to: list[str] | None = None
    accepted_targets: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        row: dict,
        submission: Submission,
        is_joined: bool,
        is_known: bool = False,
        failures: int = 0,
    ) -> "Mail":
        """Return the mail of a row of the log.

        :param row: id, mail_key, digest, recipients, released
        :param submission: what contained it
        """
        return cls(
            id=row["id"],
            key=row["mail_key"],
            digest=row["digest"],
            recipients=row["recipients"] or "",
            raw=submission.raw,
            failures=failures,
            is_known=is_known,
            is_released=bool(row.get("released")),
            is_joined=is_joined,
            is_callers=is_joined and submission.source != STORED,
            is_last=submission.is_last,
            is_quiet=submission.is_quiet,
            is_sender_accepted=submission.is_sender_accepted,
            can_refuse=submission.can_refuse,
            server_id=submission.server_id,
            addressed_to=submission.addressed_to,
            accepted_targets=submission.accepted_targets,
        )

    @cached_property
    def header(self) -> bytes:
        return split_header(self.raw)[0]

    @cached_property
    def automatic(self) -> Automatic:
        """Who wrote the message."""
        return classify(self.header)

    @cached_property
    def report(self) -> Report | None:
        """What the message reports about another one."""
        return read_report(self.raw)

    def field(self, name: str) -> str:
        """Return the decoded text of a header field, the topmost of its name; empty for none."""
        values = read_fields(self.header, decode_field).get(name.lower(), [])
        return next(iter(values), "")
