"""What the rules are asked about: facts of a message and of one of its targets.

Each is found out when a rule first reads it. Rules of other addons may read more through ``env``.
"""

import socket
from datetime import date, datetime
from functools import cached_property

from odoo import fields, models
from odoo.tools import html2plaintext

from ..context_keys import ATTEMPT
from ..gateway import fingerprint
from ..gateway.address_list import first_address
from ..gateway.authentication import PASS, Identity
from ..gateway.automatic import Automatic
from ..gateway.envelope import parse_date
from ..gateway.forwarding import is_trusted
from ..gateway.own_mail import Marks, read_marks
from ..gateway.same_mailbox import mailbox
from ..policy.settings import Setting
from ..rules.catchall import REPEATED
from ..rules.notice import LOOP_LIMIT, OTHER, limit_window
from .addressing import read_forwarders
from .attempt import ANYWHERE, Attempt, Route, target_of

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
    :cvar str counted_part: what of the message takes rate slots separately; empty for the whole
    """

    counted_part = ""

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
        """Whom the message may act as; None if nothing is known about its sender."""
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

    @cached_property
    def text(self) -> str:
        """Subject and text, as core has read them, and the digests of the attachments."""
        values = self.attempt.message_dict
        contents = [attached[1] for attached in values.get("attachments") or ()]
        digests = [
            fingerprint.text_digest(content if isinstance(content, bytes) else str(content))
            for content in contents
            # The original of a message is attached on request, and differs each time.
            if content is not self.raw
        ]
        body = html2plaintext(values.get("body") or "")
        return "\0".join([str(values.get("subject")), body, *digests])

    @property
    def is_report(self) -> bool:
        """Whether the message is a report about another one."""
        return self.attempt.mail.report is not None

    @cached_property
    def own_marks(self) -> Marks:
        """What the header says about Odoo."""
        return read_marks(self.header)

    @property
    def own_addresses(self) -> set[str]:
        """Those of the addresses in From and Return-Path that only this database sends from."""
        named = {*self.own_marks.senders, self.own_marks.return_path} - {""}
        # Memoized for the attempt: core searches them too.
        env = self.env(context={**self.env.context, ATTEMPT: self.attempt})
        if found := named & _sending_addresses(env, named):
            # People write from the address of a company, whatever else it is used for.
            companies = self.env["res.company"].search([("email", "!=", False)])
            found -= {first_address(company.email) for company in companies}
        return found

    @cached_property
    def _own_referenced(self):
        """The messages of this database that the marks name."""
        marks = self.own_marks
        ids = [*marks.original_ids, *([marks.last_reference] if marks.objects else [])]
        messages = self.env["mail.message"]
        return messages.search([("message_id", "in", ids)]) if ids else messages

    @property
    def is_of_another_database(self) -> bool:
        """Whether another Odoo has sent the message: its last reference is to itself."""
        marks = self.own_marks
        known = self._own_referenced.mapped("message_id")
        return bool(marks.objects and marks.last_reference) and marks.last_reference not in known

    @property
    def own_reference(self) -> str:
        """The header field that names one of our messages as this one; empty if there is none."""
        marks = self.own_marks
        for message in self._own_referenced:
            if (message.model, message.res_id) in marks.objects:
                return f"X-Odoo-Objects: {message.model}-{message.res_id}"
            if message.message_id in marks.original_ids and message.message_type != "email":
                return f"Original Message-Id: {message.message_id}"
        return ""


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
    def namesake(self) -> str:
        """The sender of another message with this Message-Id that was delivered here, or empty."""
        namesakes = self.attempt.found.namesakes or {}
        return namesakes.get(self.name) or namesakes.get(ANYWHERE, "")

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
    def sender_key(self) -> str:
        key = super().sender_key
        return f"{self.form_user} via {key}" if self.form_user else key

    @cached_property
    def form_user(self) -> str:
        """Canonical address in Reply-To, if the message comes from a listed form; else empty.

        A form whose message is forged does not count: its limit stays. Nor does the address get the
        rights or take the rate slots of the person, because anyone can enter it in the form.
        """
        scopes = (self.alias, self.domain)
        listed = any(
            is_trusted(self.sender, read_forwarders(scope.postmaster_form_senders or ""))
            for scope in scopes
            if self.sender and scope
        )
        if not listed or self.is_sender_withheld:
            return ""
        return first_address(self.field("Reply-To"))

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
        self.about = attempt.notice.about or OTHER
        # Each notice counts: one message may cause several.
        self.counted_part = self.about
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
    def is_sender_authenticated(self) -> bool:
        """Whether the notice goes to the person who wrote the message, or to that domain."""
        authentication = self.env["mail.postmaster.authentication"]
        return authentication._is_authenticated(self.attempt, self.notice_address)

    @property
    def is_repeated_to_catchall(self) -> bool:
        reason = self.attempt.ledger.reason
        return bool(reason and reason.code == REPEATED)

    @property
    def sent_at(self) -> datetime | None:
        if self.attempt.message_dict is None:
            # Another addon notifies the sender before core has read the message.
            return parse_date(self.attempt.mail.field("Date"))
        return fields.Datetime.to_datetime(self.attempt.message_dict.get("date"))

    @property
    def now(self) -> datetime:
        return self.env.cr.now()

    @property
    def notice_address(self) -> str:
        return self.attempt.sender.notice_address

    @property
    def notice_mailbox(self) -> str:
        """The mailbox of that address, by whose spellings a person is counted once."""
        return mailbox(self.notice_address)

    @property
    def is_own_address(self) -> bool:
        """Whether the notice would come back to this database."""
        return bool(self.env["mail.alias.domain"]._find_aliases([self.notice_address]))

    @property
    def is_limit_told(self) -> bool:
        """Whether the sender was told that the limit is reached, within the period of a limit."""
        quota = self.env["mail.postmaster.quota"]
        return quota._is_reserved(f"answer:{LOOP_LIMIT}", limit_window(self), self.notice_mailbox)


def _sending_addresses(env, named):
    """Return the addresses of notifications and bounces of all alias domains.

    Compared in lower case: thousands of domains are read for each message.

    :param named: the canonical addresses that are looked for
    """
    names = {address.rpartition("@")[2] for address in named}
    found = set()
    for domain in env["mail.alias.domain"].search([]) if named else ():
        name = (domain.name or "").lower()
        default_from = (domain.default_from or "").lower()
        if "@" in default_from:
            found.add(default_from)
        elif name in names and default_from:
            found.add(f"{default_from}@{name}")
        if name in names and domain.bounce_alias:
            found.add(f"{domain.bounce_alias.lower()}@{name}")
    return found


def domain_of(env, attempt: Attempt, alias) -> models.BaseModel:
    """Return the alias domain whose policies apply to an alias, or to none."""
    addressing = attempt.found.addressing
    return (
        alias.alias_domain_id
        or env["mail.alias.domain"].browse(addressing.domain_ids if addressing else ())[:1]
    )
