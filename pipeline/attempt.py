"""One attempt to process one message.

A plain object under one context key, created for each attempt. The overrides of core's decision
points find it there: the mail, which does not change; what was found out about it, each finding
once; and the ledger of what was decided. What belongs to the route or to the notice in hand lives
as long as that one.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum

from ..gateway import states
from ..gateway.envelope import split_addresses
from ..gateway.sender import Sender, sender_of
from ..rules.verdict import Reason
from .ledger import Ledger
from .mail import Mail

# In place of a target: another message with the Message-Id is known, and not where it is.
ANYWHERE = ""
# One of core's routes: (model, thread id, custom values, user id, alias). The alias is a
# ``mail.alias``, an empty recordset or None.
Route = tuple


class UnreadableMail(Exception):
    """Core cannot store the content of this message; the text names the reason."""


class Stage(IntEnum):
    """How far an attempt has come; each stage is reached once."""

    BEGUN = 0
    # Python's parser has split the message into parts.
    DIVIDED = 1
    # Core has read all of it.
    PARSED = 2
    # It was decided where the message goes, or that it goes nowhere.
    ROUTED = 3
    # The attempt has failed and is not repeated.
    GIVEN_UP = 4


class Findings:
    """What was found out about a message, each finding by one step, once.

    :ivar policies: the :class:`policy.snapshot.Policies` in force, read in the transaction of the
    attempt
    :ivar addressing: the :class:`Addressing`, unless core alone decides on recipients
    :ivar authentication: the :class:`gateway.authentication.Results`; None if sender authentication
    is not configured
    :ivar identity: the :class:`gateway.authentication.Identity` that the message may act as; None
    as above, unless the message may pose as one of our users
    :ivar namesakes: ``{target: sender}`` of another message with this Message-Id, or None
    :ivar senders_read: the canonical addresses that core takes as the sender
    :ivar claims_us: whether the message claims to come from one of our users
    :ivar reported: what the message reports about another one, see ``pipeline/reports.py``
    :ivar replies: ``{target: Reply}`` as it was judged in each conversation
    :ivar alias_domains_version: version of all alias domains, as this transaction sees them
    """

    policies = None
    addressing = None
    authentication = None
    identity = None
    namesakes = None
    senders_read = frozenset()
    claims_us = None
    reported = None
    replies = None
    alias_domains_version = None

    def __init__(self) -> None:
        self.replies = {}

    def __setattr__(self, name, value):
        if not hasattr(type(self), name):
            raise AttributeError(f"{name} is not a finding")
        if name in vars(self):
            raise AttributeError(f"{name} was found out before")
        object.__setattr__(self, name, value)


@dataclass(frozen=True)
class RouteInHand:
    """The route that core is processing.

    :ivar target: see :func:`target_of`
    :ivar treatment: how to treat the message there, see ``gateway/treatments.py``; or None
    :ivar withheld: the forms of the sender's address that no lookup may match; None if the message
    acts as its sender there
    :ivar mark: what to note about the sender beside the message, or None
    """

    target: str
    treatment: str | None = None
    withheld: frozenset[str] | None = None
    mark: dict | None = None


@dataclass(frozen=True)
class NoticeInHand:
    """The notice that core may send next.

    :ivar about: code of the reason that it is about; empty if it is not known
    :ivar window: minutes within which it is sent once, if not a day
    """

    about: str = ""
    window: int | None = None


def target_of(route: Route, server_id: int | None) -> str:
    """Return the text that identifies the target of a route.

    :param server_id: id of the incoming server whose fallback this may be, or None
    """
    model, thread_id, _values, _user_id, alias = route
    if thread_id:
        return f"thread:{model},{thread_id}"
    if alias:
        return f"alias:{alias.id}"
    return f"fallback:{model},{server_id or ''}"


class Attempt:
    """What is known and recorded during one attempt.

    :ivar mail: the :class:`~.mail.Mail`
    :ivar found: the :class:`Findings`
    :ivar ledger: the :class:`~.ledger.Ledger`
    :ivar stage: the :class:`Stage`
    :ivar message_dict: what core has read of the message, as it was last routed
    :ivar route: the :class:`RouteInHand`, or None
    :ivar notice: the :class:`NoticeInHand`
    :ivar is_applying_report: the chain of overrides is called again, for one more recipient of a
    report
    :ivar memo: results of repeated lookups, see ``shortcuts/memoize.py``
    """

    def __init__(self, mail: Mail) -> None:
        self.mail = mail
        self.found = Findings()
        self.ledger = Ledger()
        self.stage = Stage.BEGUN
        self.message_dict = None
        self.route = None
        self.notice = NoticeInHand()
        self.is_applying_report = False
        self.memo = {}
        # Core ignores a message whose Message-Id is known or (newer 19.0) locked by another
        # transaction. Until the message is routed, core sees an id that no other attempt has.
        self._private_suffix = f".{uuid.uuid4().hex}"
        self._is_call_expected = False
        self._is_entered = False
        self._is_parsing = False

    def expect_call(self) -> None:
        """Let the next call of ``message_process`` be that of this attempt."""
        self._is_call_expected = True

    def takes_call(self) -> bool:
        """Return True once for the expected call, before any override of another addon."""
        is_expected, self._is_call_expected = self._is_call_expected, False
        return is_expected

    def enter(self) -> bool:
        """Return True once: for the call that this attempt was made for, not for nested calls.

        Another addon may have parsed the message before.
        """
        first, self._is_entered = not self._is_entered, True
        return first

    @contextmanager
    def parsing(self) -> Iterator[bool]:
        """Parse a message within this block.

        Yield whether it is this message, and not one that is attached to it and that another addon
        parses meanwhile or later.
        """
        is_own = not self._is_parsing and self.stage < Stage.ROUTED
        self._is_parsing = self._is_parsing or is_own
        try:
            yield is_own
        finally:
            if is_own:
                self._is_parsing = False

    def reach(self, stage: Stage) -> bool:
        """Enter a stage; return whether the attempt had not come so far before."""
        is_new = self.stage < stage
        self.stage = max(self.stage, stage)
        return is_new

    @property
    def is_entered(self) -> bool:
        """Whether the overrides of other addons have passed the message on to core."""
        return self._is_entered

    @property
    def is_being_read(self) -> bool:
        """Whether core has the message and has not read all of it: an error concerns its form."""
        return self._is_entered and self.stage < Stage.PARSED

    @contextmanager
    def on_route(self, route: RouteInHand) -> Iterator[None]:
        """Process a route within this block."""
        self.route = route
        try:
            yield
        finally:
            self.route = None

    @property
    def treatment(self) -> str | None:
        """How the route in hand treats the message, or None."""
        return self.route and self.route.treatment

    @property
    def sender(self) -> Sender:
        """The sender, by the From field that the message is processed with."""
        # Another addon may notify the sender before core has read the message.
        values = self.message_dict or {"email_from": self.mail.field("From")}
        return sender_of(self.mail.header, values["email_from"] or "")

    @property
    def addresses(self) -> list[str] | tuple[str, ...]:
        """The recipients: by the evidence, or by the header if core alone decides."""
        if self.found.addressing:
            return self.found.addressing.recipients.addresses
        return split_addresses(self.mail.recipients)

    def hide_message_id(self, message_dict: dict) -> None:
        message_dict["message_id"] += self._private_suffix

    def show_message_id(self, message_dict: dict) -> None:
        message_dict["message_id"] = message_dict["message_id"].removesuffix(self._private_suffix)

    @property
    def verdict(self) -> Reason:
        """The outcome of the whole message, and why."""
        # An unknown outcome is not a decision: retry the message, then hold it for review.
        is_routed = self.stage >= Stage.ROUTED
        unknown = Reason(states.RETRY, "not_routed" if is_routed else "left_before_routing")
        return self.ledger.verdict or unknown
