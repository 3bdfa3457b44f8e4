"""The participants of a conversation that a message quotes, and replies from non-participants."""

from dataclasses import dataclass
from typing import NamedTuple

from odoo import api, models, tools
from odoo.exceptions import MissingError
from odoo.tools import escape_psql
from odoo.tools.mail import unfold_references

from ..gateway import participants, same_mailbox
from ..gateway.authentication import FAIL
from ..gateway.authentication.domains import domain_of
from ..gateway.treatments import ACCEPT, NOTE, PARK
from ..policy.settings import PROVIDERS, REPLIES, REPLIES_PRIVATE, REPLY_RULES, Setting
from .addressing import read_domains

CHANNEL = "discuss.channel"

# As many references as core reads, the last ones (message_route).
MOST_REFERENCES = 32
# Participants of one conversation similar to the sender. The most similar come first.
MOST_PARTICIPANTS = 300

# All facts about a conversation that a sender's right to reply depends on.
#
# An internal message that arrived by email was not accepted from a participant, or replies to such
# a note: its author does not become a participant by being in it.
#
# Ids as arrays: PostgreSQL then uses the indexes, however many notifications there are.
FACTS = """
    WITH message AS NOT MATERIALIZED (
        SELECT message.id, message.message_id, message.message_type, message.author_id,
            message.email_from, message.incoming_email_to, message.incoming_email_cc,
            message.outgoing_email_to, message.record_alias_domain_id,
            message.message_type <> 'auto_comment' AND (
                COALESCE(message.is_internal, false) OR COALESCE(subtype.internal, false)
            ) AS is_note
        FROM mail_message AS message
        LEFT JOIN mail_message_subtype AS subtype ON subtype.id = message.subtype_id
        WHERE message.model = %(model)s AND message.res_id = %(res_id)s
    ), quoted AS (
        SELECT * FROM message WHERE message_id = ANY(%(references)s)
    ), spoken AS (
        SELECT DISTINCT author_id, email_from FROM message
        WHERE NOT (is_note AND message_type = 'email')
    ), sent AS (
        SELECT * FROM quoted WHERE NOT (is_note AND message_type = 'email')
    ), person AS (
        SELECT 'recipient' AS role, res_partner_id AS partner_id
        FROM mail_notification WHERE mail_message_id = ANY(ARRAY(SELECT id FROM sent))
        UNION SELECT 'recipient', res_partner_id
        FROM mail_message_res_partner_rel WHERE mail_message_id = ANY(ARRAY(SELECT id FROM sent))
        UNION SELECT 'recipient', addressee.res_partner_id
        FROM mail_mail AS mail
        JOIN mail_mail_res_partner_rel AS addressee ON addressee.mail_mail_id = mail.id
        WHERE mail.mail_message_id = ANY(ARRAY(SELECT id FROM sent))
        UNION SELECT 'author', author_id FROM spoken
        UNION SELECT 'follower', partner_id
        FROM mail_followers WHERE res_model = %(model)s AND res_id = %(res_id)s
        UNION SELECT 'contact', unnest(%(contact_ids)s::int[])
    ), found AS (
        SELECT person.role, partner.email AS text, EXISTS (
                SELECT 1 FROM res_users AS users
                WHERE users.partner_id = partner.id AND users.active AND NOT users.share
            ) AS is_internal
        FROM person JOIN res_partner AS partner ON partner.id = person.partner_id
        UNION ALL SELECT 'recipient', mail_email_address, false
        FROM mail_notification WHERE mail_message_id = ANY(ARRAY(SELECT id FROM sent))
        UNION ALL SELECT 'recipient', unnest(ARRAY[
            incoming_email_to, incoming_email_cc, outgoing_email_to
        ]), false FROM sent
        UNION ALL SELECT 'recipient', unnest(ARRAY[mail.email_to, mail.email_cc]), false
        FROM mail_mail AS mail WHERE mail.mail_message_id = ANY(ARRAY(SELECT id FROM sent))
        UNION ALL SELECT 'author', email_from, false FROM spoken
    ), near AS (
        SELECT role, text, is_internal FROM (
            SELECT DISTINCT role, text, is_internal,
                translate(lower(text), %(ignored)s, '') AS blurred
            FROM found
        ) AS spelled
        WHERE blurred LIKE ANY(%(patterns)s::text[])
        ORDER BY NOT blurred LIKE ANY(%(spellings)s::text[]) LIMIT %(most)s
    ), record_alias AS (
        SELECT id, alias_contact FROM mail_alias WHERE alias_model_id = %(model_id)s
            AND alias_force_thread_id = %(res_id)s AND alias_force_thread_id > 0
        UNION SELECT id, alias_contact FROM mail_alias WHERE alias_model_id = %(model_id)s
            AND (alias_parent_thread_id, alias_parent_model_id) IN (
                SELECT * FROM unnest(%(owner_ids)s::int[], %(owner_model_ids)s::int[])
            )
    )
    SELECT
        (SELECT json_agg(json_build_array(role, text, is_internal)) FROM near) AS participants,
        (
            SELECT json_agg(json_build_array(id, alias_contact) ORDER BY id) FROM record_alias
        ) AS aliases,
        EXISTS (
            SELECT 1 FROM res_users AS users JOIN res_partner AS partner
                ON partner.id = users.partner_id
            WHERE users.active AND NOT users.share AND partner.email_normalized = %(sender)s
        ) AS is_internal_user,
        EXISTS (
            SELECT 1 FROM quoted WHERE is_note
                AND (id = %(parent_id)s OR id = (SELECT max(id) FROM quoted))
        ) AS quotes_note,
        EXISTS (SELECT 1 FROM quoted WHERE id = %(parent_id)s) AS has_parent,
        (SELECT record_alias_domain_id FROM quoted ORDER BY id DESC LIMIT 1) AS domain_id
"""


class Record(NamedTuple):
    """What the record of a conversation says about its participants.

    :param contact_ids: of partners
    :param contact_texts: texts with addresses
    :param owners: of ``(model id, record id)``: the record itself and what it belongs to
    """

    contact_ids: list
    contact_texts: list
    owners: list


@dataclass
class Reply:
    """A reply in a conversation, as it was judged.

    :param target: see :func:`attempt.target_of`
    :param standing: a :class:`gateway.participants.Standing`, None if it is not ours to decide
    :param is_private: of a reply without a reason, or with one that depends on it
    :param policy: a :class:`Setting` for one without a reason, else None
    :param alias_ids: aliases of the record, the oldest first
    :param is_restricted: whether none of these may be open to everyone
    :param has_parent: the parent message of the reply is in this conversation
    """

    target: str
    standing: participants.Standing | None
    is_private: bool
    policy: Setting | None
    alias_ids: list
    is_restricted: bool
    has_parent: bool


class MailPostmasterReply(models.AbstractModel):
    """The right to reply. Another addon that keeps records private overrides ``_is_hidden``."""

    _name = "mail.postmaster.reply"
    _description = "Right to reply in conversations"

    @api.model
    def _is_on(self):
        """Return whether anything but core decides about replies."""
        policies = self.env["mail.postmaster.policy"]._in_force()
        return (
            policies.choice(REPLIES) != ACCEPT
            or policies.choice(REPLIES_PRIVATE) != ACCEPT
            or self._keeps_rules()
            or self._has_scoped_policy()
        )

    @api.model
    def _keeps_rules(self):
        """Return whether the rules of a record's alias apply wherever a reply was sent."""
        return self.env["mail.postmaster.policy"]._in_force().choice(REPLY_RULES) == "record"

    @tools.ormcache()
    def _has_scoped_policy(self):
        return any(
            self.env[model].search_count([("reply_policy", "!=", False)], limit=1)
            for model in ("mail.alias", "mail.alias.domain")
        )

    @api.model
    def _judge(self, attempt, message_dict, model, res_id):
        """Return the :class:`Reply` for a reply, or None if there is no such record.

        This takes two statements; further queries concern only a reply without a reason.
        """
        if model not in self.env or self.env[model]._abstract:
            # The application is no longer installed: core's decision applies.
            return None
        record = self.env[model].browse(res_id)
        try:
            about = self._about(record)
        except MissingError:
            return None
        sender = attempt.sender.address
        row = self._facts(record, about, message_dict, sender)
        reply = self._unjudged(record, row)
        # Mailing lists have members and rules of their own, which their alias checks.
        if self._is_thread(record):
            self._judge_sender(attempt, reply, record, about, row)
        return reply

    def _unjudged(self, record, row):
        aliases = row["aliases"] or []
        is_open = any(contact == "everyone" for _alias_id, contact in aliases)
        return Reply(
            f"thread:{record._name},{record.id}",
            None,
            False,
            None,
            [alias_id for alias_id, _contact in aliases],
            bool(aliases) and not (is_open and self._is_thread(record)),
            row["has_parent"],
        )

    def _is_thread(self, record):
        return isinstance(record, self.env.registry["mail.thread"])

    def _judge_sender(self, attempt, reply, record, about, row):
        """Record the sender's standing in a :class:`Reply`, and the policy on non-participants."""
        sender = attempt.sender.address
        facts = self._with_users(attempt, self._read(attempt, row, about, sender))
        standing = participants.standing(facts)
        is_private = (not standing.reason or standing.is_for_open) and (
            row["quotes_note"] or self._is_hidden(record)
        )
        reply.is_private = is_private
        reply.standing = standing.in_private() if is_private else standing
        if not reply.standing.reason:
            policy = self._policy(attempt, reply, row["domain_id"])
            if policy.value == NOTE and not self._has_notes(record):
                policy = Setting(PARK, policy.origin)
            reply.policy = policy
        self._trace(attempt, reply, sender)

    def _with_users(self, attempt, facts):
        """Return facts with the users of the sender's domain, if the standing depends on them."""
        domain = participants.asked_domain(facts)
        if not domain:
            return facts
        facts = facts._replace(users=self._users(domain))
        if why_not := participants.doubt(facts):
            attempt.ledger.miss(f"reply_{why_not}", domain=domain)
        return facts

    def _has_notes(self, record):
        """Return whether notes are only for internal users: members of a channel see all of it."""
        return record._name != CHANNEL

    def _trace(self, attempt, reply, sender):
        if reason := reply.standing.reason:
            attempt.ledger.hit(f"reply_{reason}", sender=sender)
        else:
            attempt.ledger.miss(
                f"reply_{reply.standing.why_not}",
                sender=sender,
                policy=reply.policy.value,
                origin=reply.policy.origin,
            )
        if reply.is_private:
            attempt.ledger.hit("reply_private")

    # --- facts ---------------------------------------------------------------------------

    def _about(self, record):
        """Return the :class:`Record` of a conversation: one statement, which saves core one later.

        :raises MissingError: when it is gone
        """
        recipients = record._message_add_default_recipients()[record.id]
        contacts = recipients["partners"]
        if record._name == CHANNEL:
            # Participants of a channel are members of it, not followers.
            contacts |= record.channel_partner_ids
        model_id = self.env["ir.model"]._get_id
        owners = [(model_id(record._name), record.id)] + [
            (model_id(record._fields[name].comodel_name), record[name].id)
            for name in self._owner_fields(record._name)
            if record[name]
        ]
        texts = [*recipients["email_to_lst"], *recipients["email_cc_lst"]]
        return Record(contacts.ids, texts, owners)

    @tools.ormcache("model")
    def _owner_fields(self, model):
        """Return the fields that link a record to an owner with an alias: a project, a team."""
        return tuple(
            name
            for name, field in self.env[model]._fields.items()
            if field.type == "many2one"
            and field.store
            and field.comodel_name in self.env
            and (alias := self.env[field.comodel_name]._fields.get("alias_id"))
            and alias.comodel_name == "mail.alias"
        )

    def _facts(self, record, about, message_dict, sender):
        quoted = unfold_references(message_dict["references"] or message_dict["in_reply_to"])
        self.env.flush_all()
        self.env.cr.execute(
            FACTS,
            {
                "model": record._name,
                "res_id": record.id,
                "sender": sender,
                "model_id": self.env["ir.model"]._get_id(record._name),
                "references": [
                    *(reference.strip() for reference in quoted[-MOST_REFERENCES:]),
                    message_dict["in_reply_to"],
                ],
                "parent_id": message_dict.get("parent_id") or 0,
                "contact_ids": about.contact_ids,
                "ignored": same_mailbox.IGNORED,
                "patterns": self._patterns(sender),
                "spellings": _containing(same_mailbox.spellings(sender)),
                "most": MOST_PARTICIPANTS,
                "owner_model_ids": [model_id for model_id, _record_id in about.owners],
                "owner_ids": [record_id for _model_id, record_id in about.owners],
            },
        )
        return self.env.cr.dictfetchone()

    def _patterns(self, sender):
        """Return patterns of LIKE for the texts in which an address may matter."""
        return _containing(participants.needles(sender, self._providers()) if sender else ())

    def _read(self, attempt, row, about, sender):
        """Return the :class:`gateway.participants.Facts`."""
        rows = row["participants"] or []
        # The addresses of an organization whose users reply here are easy to guess.
        own = [domain_of(text) for _role, text, is_internal in rows if is_internal]
        own += [home.name for home in self.env["mail.postmaster.addressing"]._domains()]
        return participants.Facts(
            sender,
            participants.read_participants(
                [
                    *((role, text) for role, text, _is_internal in rows),
                    *((participants.CONTACT, text) for text in about.contact_texts),
                ]
            ),
            row["is_internal_user"],
            frozenset(filter(None, own)),
            self._providers(),
            self._outcome(attempt),
        )

    def _outcome(self, attempt):
        """Return the sender authentication outcome, None if nothing is configured.

        A message that may not act as its sender does not join a conversation as that sender either,
        even if nothing has failed: no verdict although one of our users would have one, or a sender
        other than the one that was checked.
        """
        if attempt.found.identity is None:
            return None
        is_doubted = self.env["mail.postmaster.authentication"]._doubts(attempt)
        return FAIL if is_doubted else attempt.found.identity.verdict.outcome

    def _providers(self):
        return frozenset(
            read_domains(self.env["mail.postmaster.policy"]._in_force().text(PROVIDERS)) or ()
        )

    # --- policies -----------------------------------------------------------------------------

    def _policy(self, attempt, reply, domain_id):
        """Return the :class:`Setting` for a reply without a reason.

        For a private conversation the database's own applies, unless that is to accept.
        """
        if reply.is_private and (value := attempt.found.policies.choice(REPLIES_PRIVATE)) != ACCEPT:
            return Setting(value, "database")
        alias = self.env["mail.alias"].browse(reply.alias_ids[:1])
        domain_ids = attempt.found.addressing.domain_ids if attempt.found.addressing else ()
        domain = self.env["mail.alias.domain"].browse(
            alias.alias_domain_id.id or domain_id or domain_ids[:1]
        )
        return attempt.found.policies.setting("reply_policy", alias, domain)


def _containing(texts):
    """Return patterns of LIKE for texts that contain one of these."""
    return [f"%{escape_psql(text)}%" for text in texts]
