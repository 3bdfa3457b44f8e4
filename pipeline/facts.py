"""What the rules are asked about: facts of a message and of one of its targets.

Each is found out when a rule first reads it. Rules of other addons may read more through ``env``.
"""

import socket
from datetime import date, datetime
from functools import cached_property

from odoo import fields, models
from odoo.tools import html2plaintext

from ..gateway.authentication import PASS, Identity
from ..gateway.automatic import Automatic
from ..policy.settings import LOOP_MINUTES, Setting
from ..rules.catchall import REPEATED
from ..rules.notice import LOOP_LIMIT
from .attempt import Attempt, Route, target_of

# The suffix of Message-Ids by which core recognizes its own notices
# (mail.tools.generate_tracking_message_id).
NOTICE_TAG = "-loop-detection-bounce-email"


class MessageFacts:
    """A message as a whole.

    :ivar bytes raw: the message
    :ivar bytes header: its header
    :ivar policies: the :class:`policy.snapshot.Policies` of the attempt
    :ivar bool is_quiet: no notifications are sent, because the message is imported
    :ivar bool is_sender_accepted: a user has accepted the unauthenticated sender
    """

    def __init__(self, env, attempt: Attempt) -> None:
        self.env = env
        self.attempt = attempt
        self.raw = attempt.mail.raw
        self.header = attempt.mail.header
        self.policies = attempt.found.policies
        self.is_quiet = attempt.mail.is_quiet
        self.is_sender_accepted = attempt.mail.is_sender_accepted

    @property
    def notice_suffix(self) -> str:
        """How the Message-Ids of this host's notices end."""
        return f"{NOTICE_TAG}@{socket.gethostname()}"

    def field(self, name: str) -> str:
        """Return the decoded text of a header field, the topmost of its name; empty for none."""
        return self.attempt.mail.field(name)

    @property
    def automatic(self) -> Automatic:
        """Who wrote the message."""
        return self.attempt.mail.automatic

    @property
    def sender(self) -> str:
        """Canonical address of the sender, empty if there is none."""
        return self.attempt.sender.address

    @property
    def rate_key(self) -> str:
        """Whose rate slots an authenticated message takes."""
        return self.attempt.sender.rate_key

    @property
    def identity(self) -> Identity | None:
        """Whom the message may act as; None if sender authentication is not configured."""
        return self.attempt.found.identity

    @property
    def sender_key(self) -> str:
        """Whose rate slots the message takes: a forged message does not take the sender's.

        Otherwise twenty forged messages would lock out the sender whom they name.
        """
        is_unauthenticated = self.identity is not None and self.identity.verdict.outcome != PASS
        return f"{self.rate_key} unproved" if is_unauthenticated else self.rate_key

    @property
    def finding(self) -> dict:
        """What is known of the sender, as parameters of a sentence."""
        return self.identity.finding

    @property
    def text(self) -> str:
        """Subject and text, as core has read them."""
        values = self.attempt.message_dict
        return f"{values.get('subject')}\0{html2plaintext(values.get('body') or '')}"


class TargetFacts(MessageFacts):
    """One route of a message.

    :ivar str name: see :func:`attempt.target_of`
    :ivar alias: the ``mail.alias``, or an empty recordset
    :ivar domain: the ``mail.alias.domain`` of the recipient, or an empty recordset
    :ivar bool is_reply: whether it goes into an existing conversation
    :ivar bool makes_record: whether it creates a new record
    :ivar reply: the ``Reply`` of the message as it was judged, or None
    """

    def __init__(self, env, attempt: Attempt, message_dict: dict, route: Route) -> None:
        super().__init__(env, attempt)
        _model, thread_id, _values, _user_id, alias = route
        self.name = target_of(route, attempt.mail.server_id)
        self.alias = alias or env["mail.alias"]
        self.domain = domain_of(env, attempt, self.alias)
        # Core has removed the parent from what an alias posts on its own record.
        self.is_reply = bool(thread_id) and (
            thread_id != self.alias.alias_force_thread_id or bool(message_dict.get("parent_id"))
        )
        self.makes_record = not thread_id
        self.reply = attempt.found.replies.get(self.name)

    @property
    def alias_name(self) -> str:
        return self.alias.display_name

    @property
    def today(self) -> date:
        return self.env.cr.now().date()

    def setting(self, name: str) -> Setting:
        """Return the value and the origin of a policy in force here."""
        return self.policies.setting(name, self.alias, self.domain)

    @cached_property
    def identity_policy(self) -> Setting:
        """How to handle the sender here."""
        authentication = self.env["mail.postmaster.authentication"]
        return authentication._consequence(self.attempt, self.alias, self.domain)

    @property
    def is_sender_withheld(self) -> bool:
        """Whether a message that is accepted here does not act as its sender."""
        authentication = self.env["mail.postmaster.authentication"]
        return authentication._withholds(self.attempt, self.alias, self.domain)

    @property
    def is_sender_exempt(self) -> bool:
        """Whether the messages of this sender are not counted."""
        return self.env["mail.gateway.allowed"]._allows(self.sender)


class NoticeFacts(MessageFacts):
    """A message whose sender core is about to notify.

    :ivar str about: code of the reason that the notice is about
    :ivar window: minutes within which it is sent once, or None
    """

    def __init__(self, env, attempt: Attempt) -> None:
        super().__init__(env, attempt)
        self.about = attempt.notice.about or "other"
        self.window = attempt.notice.window

    @property
    def is_confirmed_database(self) -> bool:
        return self.env["mail.postmaster.policy"]._is_confirmed_database()

    @property
    def is_sender_doubted(self) -> bool:
        """Whether the notice may reach a person who did not write the message."""
        authentication = self.env["mail.postmaster.authentication"]
        return bool(self.identity and authentication._doubts(self.attempt))

    @property
    def is_repeated_to_catchall(self) -> bool:
        reason = self.attempt.ledger.reason
        return bool(reason and reason.code == REPEATED)

    @property
    def sent_at(self) -> datetime | None:
        return fields.Datetime.to_datetime(self.attempt.message_dict.get("date"))

    @property
    def now(self) -> datetime:
        return self.env.cr.now()

    @property
    def notice_address(self) -> str:
        return self.attempt.sender.notice_address

    @property
    def is_own_address(self) -> bool:
        """Whether the notice would come back to this database."""
        return bool(self.env["mail.alias.domain"]._find_aliases([self.notice_address]))

    @property
    def is_limit_told(self) -> bool:
        """Whether the sender was told that the limit is reached, within the period of a limit."""
        window = self.window or self.policies.number(LOOP_MINUTES)
        quota = self.env["mail.postmaster.quota"]
        return quota._is_reserved(f"answer:{LOOP_LIMIT}", window, self.notice_address)


def domain_of(env, attempt: Attempt, alias) -> models.BaseModel:
    """Return the alias domain whose policies apply to an alias, or to none."""
    addressing = attempt.found.addressing
    return (
        alias.alias_domain_id
        or env["mail.alias.domain"].browse(addressing.domain_ids if addressing else ())[:1]
    )
