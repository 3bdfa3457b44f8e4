"""Sender authentication: verdicts of trusted servers or of our own check, and what follows."""

import time

from odoo import api, models

from ..gateway import authentication, dns_answers
from ..gateway.addresses import display
from ..gateway.authentication import NONE, PASS, dkim_check, domains
from ..gateway.authentication.consequence import WITHHOLDING, consequence
from ..gateway.authentication.results import OWN
from ..gateway.fingerprint import split_header
from ..gateway.treatments import OFF, WITHHOLD
from ..policy.settings import (
    AUTHENTICATION_OWN,
    AUTHSERV,
    IDENTITY,
    IDENTITY_OWN,
    IDENTITY_UNCHECKED,
    Setting,
)
from ..words.authentication_sentences import ABSENT, WITHHELD, encode_oddities

# Seconds that the DNS queries for one message may take.
LONGEST_CHECK = 5
# The same while a caller's transaction is open, with locks that others wait for.
LONGEST_JOINED_CHECK = 2

# How many messages, and how many bytes of each, show which servers write results.
MOST_SAMPLES = 100
LONGEST_SAMPLE = 20_000

# One for each process; keys and policies of the senders that write often.
ANSWERS = dns_answers.Answers(dns_answers.look_up)

STEPS = {"pass": "authentication", "fail": "authentication_failed"}
OPEN_STEP = "authentication_open"


class MailPostmasterAuthentication(models.AbstractModel):
    _name = "mail.postmaster.authentication"
    _description = "Authentication of senders"

    # --- what was found -----------------------------------------------------------------

    @api.model
    def _is_in_force(self):
        """Return whether there is a trusted source of verdicts on senders."""
        return bool(self._trusted_ids() or self._checks_itself())

    @api.model
    def _trusted_ids(self):
        """Return the trusted authserv-ids; none for an invalid value written past the checks."""
        text = self.env["mail.postmaster.policy"]._in_force().text(AUTHSERV)
        try:
            return authentication.parse_trusted_ids(text)
        except authentication.BadServers:
            return ()

    @api.model
    def _checks_itself(self):
        """Return whether signatures are checked here: it is chosen, and the libraries are there."""
        choice = self.env["mail.postmaster.policy"]._in_force().choice(AUTHENTICATION_OWN)
        return choice != "off" and self._can_check()

    @api.model
    def _can_check(self):
        return dkim_check.is_available() and dns_answers.is_available()

    @api.model
    def _find(self, submission, row, joins):
        """Return the :class:`Results` for a message, or None if nothing is configured.

        Called before the attempt opens its transaction, because DNS may be slow. The results of our
        own check are kept, because keys change and the message does not; but not if DNS gave no
        response.

        :param dict row: of the message in the log; with the results of an earlier attempt
        :param bool joins: a caller's transaction is open and blocks others
        """
        if not self._is_in_force():
            return None
        header = split_header(submission.raw)[0]
        results = authentication.read_results(header, self._trusted_ids())
        if results.is_judged or not self._checks_itself():
            return results
        earlier = authentication.from_json(row.get("authentication_results"))
        if earlier and earlier.source == OWN and not earlier.is_incomplete:
            return earlier
        return self._check(submission.raw, LONGEST_JOINED_CHECK if joins else LONGEST_CHECK)

    @api.model
    def _check(self, raw, seconds):
        """Return the :class:`Results` of our own check of signatures and DMARC."""
        end = time.monotonic() + seconds
        return authentication.verify(
            raw,
            lambda name, kind: ANSWERS.ask(name, kind, end - time.monotonic()),
            lambda: time.monotonic() >= end,
        )

    @api.model
    def _is_unsettled(self):
        """Return whether the policies on senders lack anything that checks senders."""
        return self._reads_senders() and not self._is_in_force()

    @api.model
    def _unchecked_outcome(self):
        """Return how messages from outside in the name of one of us end while nothing checks them.

        :return: ``withheld`` or ``accepted``
        """
        policies = self.env["mail.postmaster.policy"]._in_force()
        is_on = policies.choice(IDENTITY_UNCHECKED) == WITHHOLD
        return "withheld" if is_on and policies.choice(IDENTITY_OWN) in WITHHOLDING else "accepted"

    @api.model
    def _suggested_servers(self):
        """Return the mail servers to trust, by the latest messages that are still stored."""
        self.env.cr.execute(
            """
            SELECT substring(raw.content FROM 1 FOR %s)
            FROM mail_postmaster_raw AS raw ORDER BY raw.message_id DESC LIMIT %s
            """,
            [LONGEST_SAMPLE, MOST_SAMPLES],
        )
        headers = (split_header(bytes(content))[0] for (content,) in self.env.cr.fetchall())
        return authentication.suggested_servers(headers)

    @api.model
    def _missing_libraries(self, trusts, checks):
        """Return sentences about missing libraries that the settings require.

        :param bool trusts: whether the results of a mail server are read
        :param bool checks: whether signatures are checked here
        """
        missing = [ABSENT["domains"]] if (trusts or checks) and not domains.is_available() else []
        if checks and not dkim_check.is_available():
            missing.append(ABSENT["dkim_check"])
        if checks and not dns_answers.is_available():
            missing.append(ABSENT["dns_answers"])
        return missing

    # --- whom a message may act as ---------------------------------------------------------

    @api.model
    def _identify(self, attempt):
        """Return the :class:`Identity` of a message, or None if senders are not judged; trace it.

        As long as nothing checks senders, this is only for messages from outside in the name of
        one of us.
        """
        results = attempt.found.authentication
        is_unchecked = results is None
        if is_unchecked and attempt.found.policies.choice(IDENTITY_UNCHECKED) == OFF:
            return None
        results = results or authentication.Results()
        own_domains = [home.name for home in self.env["mail.postmaster.addressing"]._domains()]
        identity = authentication.identity(attempt.mail.header, results, own_domains)
        if is_unchecked and not self._may_pose_as_us(identity):
            return None
        note = attempt.ledger.hit if identity.verdict.outcome == PASS else attempt.ledger.miss
        note(
            OPEN_STEP if is_unchecked else STEPS.get(identity.verdict.outcome, OPEN_STEP),
            judge=results.judge.replace("\0", ""),
            **identity.finding,
        )
        if identity.oddities:
            attempt.ledger.miss("odd_sender", oddities=encode_oddities(identity.oddities))
        return identity

    def _may_pose_as_us(self, identity):
        """Return whether a message from outside names one of us in From.

        If there is no address at all, core may find one in a name.
        """
        return not identity.is_submitted and (
            self._are_ours(identity.addresses)
            or not identity.addresses
            and identity.claims_own_domain
        )

    @api.model
    def _reads_senders(self):
        """Return whether the database has a policy on unauthenticated senders."""
        policies = self.env["mail.postmaster.policy"]._in_force()
        return any(policies.choice(key) != OFF for key in (IDENTITY, IDENTITY_OWN))

    @api.model
    def _consequence(self, attempt, alias, domain):
        """Return the :class:`Setting` for how to handle a message at one target.

        The policy of an alias or a domain applies to all messages there. Only if they have none, a
        separate policy applies to messages that claim to come from one of our users.

        :param alias: the ``mail.alias``, or an empty recordset
        :param domain: the ``mail.alias.domain`` of the recipient, or an empty recordset
        """
        if attempt.found.identity is None:
            return Setting(OFF, "database")
        policy, origin = attempt.found.policies.setting("identity_policy", alias, domain)
        claims_us = self._claims_us(attempt)
        if origin == "database" and claims_us:
            policy = attempt.found.policies.choice(IDENTITY_OWN)
        decided = consequence(
            policy,
            attempt.found.identity,
            attempt.found.authentication,
            claims_us,
            self._is_read_otherwise(attempt),
        )
        return Setting(decided, origin)

    @api.model
    def _withholds(self, attempt, alias, domain):
        """Return whether a message accepted at a target may not act as its sender there."""
        is_vouched_for = attempt is None or attempt.mail.is_sender_accepted
        return not is_vouched_for and (
            self._consequence(attempt, alias, domain).value in WITHHOLDING
        )

    @api.model
    def _doubts(self, attempt):
        """Return whether a notice about a message may reach a person who did not write it.

        This concerns the message as a whole: it may have no target.
        """
        scopes = self.env["mail.alias"], self.env["mail.alias.domain"]
        return self._withholds(attempt, *scopes)

    @api.model
    def _is_authenticated(self, attempt, address):
        """Return whether an address belongs to the authenticated sender of a message.

        The return path of an authenticated sender is at the same domain or below it. At a domain
        above it, as that of a hosting provider, others have addresses.

        :param address: canonical, or empty
        """
        identity = attempt.found.identity
        if not identity or identity.verdict.outcome != PASS or self._is_read_otherwise(attempt):
            return False
        domain, known = (text.rpartition("@")[2] for text in (address, identity.address))
        return bool(known) and (domain == known or domain.endswith(f".{known}"))

    @api.model
    def _mark(self, attempt, alias, domain):
        """Return the sentence beside the sender, see ``authentication_sentences``, or None."""
        decided = self._consequence(attempt, alias, domain).value
        if decided == OFF:
            return None
        return {
            "kind": self._kind_of_mark(attempt, decided),
            **attempt.found.identity.finding,
            "oddities": encode_oddities(attempt.found.identity.oddities),
        }

    def _kind_of_mark(self, attempt, decided):
        if decided in WITHHOLDING:
            return "accepted" if attempt.mail.is_sender_accepted else WITHHELD
        is_as_claimed = attempt.found.identity.verdict.outcome == PASS
        is_open = attempt.found.identity.verdict.outcome == NONE and not self._claims_us(attempt)
        if (is_as_claimed or is_open) and not self._is_read_otherwise(attempt):
            return "odd"
        return "failed"

    def _is_read_otherwise(self, attempt):
        """Return whether core takes another sender address than the one that was checked.

        The author that a trusted forwarder names is as trustworthy as the forwarder.
        """
        is_restored = attempt.found.addressing and attempt.found.addressing.sender
        return not is_restored and attempt.found.senders_read != {attempt.found.identity.address}

    def _claims_us(self, attempt):
        """Return whether a message claims to be from one of our domains or an internal user."""
        if attempt.found.claims_us is None:
            attempt.found.claims_us = (
                attempt.found.identity.claims_own_domain
                or (
                    attempt.found.identity.verdict.outcome != PASS
                    or self._is_read_otherwise(attempt)
                )
                and self._are_ours({*attempt.found.identity.addresses, *attempt.found.senders_read})
            )
        return attempt.found.claims_us

    def _are_ours(self, addresses):
        """Return whether one of these addresses is of one of our domains or an internal user."""
        homes = {home.name for home in self.env["mail.postmaster.addressing"]._domains()}
        if any(address.rpartition("@")[2] in homes for address in addresses):
            return True
        forms = {*addresses, *map(display, addresses)}
        if not forms:
            return False
        self.env["res.users"].flush_model(["active", "share", "partner_id"])
        self.env["res.partner"].flush_model(["email_normalized"])
        self.env.cr.execute(
            """
            SELECT EXISTS (
                SELECT 1 FROM res_users AS u JOIN res_partner AS p ON p.id = u.partner_id
                WHERE u.active AND NOT u.share AND p.email_normalized = ANY(%s)
            )
            """,
            [list(forms)],
        )
        return self.env.cr.fetchone()[0]
