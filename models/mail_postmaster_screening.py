import hashlib
import socket
from dataclasses import dataclass

from odoo import api, models
from odoo.tools import html2plaintext

from ..gateway import hops, limits, screening, states
from ..gateway.authentication import PASS
from ..gateway.authentication.consequence import PARK, REFUSE
from ..pipeline.attempt import Reason, RouteResult, target_of
from ..policy.settings import (
    LIMITS,
    LOOP_MINUTES,
    LOOP_REPLIES,
    LOOPS,
    MOST_HOPS,
    RECORD_MINUTES,
)
from .authentication_sentences import finding

# The suffix of Message-Ids by which core recognizes its own notices
# (mail.tools.generate_tracking_message_id).
NOTICE_TAG = "-loop-detection-bounce-email"


@dataclass(frozen=True)
class Screened:
    """One route of a message, as the rules see it.

    :param str target: see :func:`attempt.target_of`
    :param alias: the ``mail.alias``, or an empty recordset
    :param domain: the ``mail.alias.domain`` of the recipient, or an empty recordset
    :param bool is_reply: whether it goes into an existing conversation
    :param bool makes_record: whether it creates a new record
    :param str sender: canonical address, empty if there is none
    :param str sender_key: whose rate slots are counted
    """

    target: str
    alias: object
    domain: object
    is_reply: bool
    makes_record: bool
    sender: str
    sender_key: str


class MailPostmasterScreening(models.AbstractModel):
    """The rules that apply to a message before and after core has found its routes.

    Each rule returns the :class:`Reason` to turn down a message, or one of its targets, or None;
    the first reason counts. Another addon adds a rule by adding its name to those of
    :meth:`_rules_before_routing` or :meth:`_rules_after_routing`.
    """

    _name = "mail.postmaster.screening"
    _description = "Rules for received messages"

    @api.model
    def _rules_before_routing(self):
        """Return the names of the methods that check a message as a whole, in order."""
        return ["_screen_limits", "_screen_hops"]

    @api.model
    def _rules_after_routing(self):
        """Return the names of the methods that check one route of a message, in order."""
        return [
            "_screen_mode",
            "_screen_identity",
            "_screen_automatic",
            "_screen_reply",
            "_screen_loop",
            "_screen_records",
        ]

    @api.model
    def _screen_mail(self, attempt):
        """Return the :class:`Reason` not to route a message at all, or None."""
        for rule in self._rules_before_routing():
            if reason := getattr(self, rule)(attempt):
                return reason
        return None

    @api.model
    def _screen_routes(self, attempt, message, message_dict, routes):
        """Return the routes that pass the rules, and record the outcome of the others."""
        kept = []
        # Targets to which a copy of the message was delivered are not screened again.
        settled = attempt.accepted_targets | self._served_targets(attempt)
        for route in routes:
            screened = self._screened(attempt, message_dict, route)
            is_accepted = screened.target in settled
            reason = None if is_accepted else self._turned_down(attempt, screened)
            if not reason:
                kept.append(route)
                continue
            attempt.results.append(
                RouteResult(screened.target, reason, alias_id=screened.alias.id or None)
            )
            self._tell_sender(attempt, message, message_dict, screened, reason)
        return kept

    def _served_targets(self, attempt):
        if not attempt.is_known:
            return set()
        deliveries = self.env["mail.postmaster.delivery"].search(
            [
                ("mail_key", "=", attempt.mail_key),
                ("state", "=", states.DELIVERED),
            ]
        )
        return set(deliveries.mapped("target"))

    def _screened(self, attempt, message_dict, route):
        alias = route[4] or self.env["mail.alias"]
        # Core has removed the parent from what an alias posts on its own record.
        is_reply = bool(route[1]) and (
            route[1] != alias.alias_force_thread_id or bool(message_dict.get("parent_id"))
        )
        return Screened(
            target_of(route, attempt.server_id),
            alias,
            self._domain_of(attempt, alias),
            is_reply,
            not route[1],
            attempt.origin.sender,
            self._sender_key(attempt),
        )

    def _sender_key(self, attempt):
        """Return whose rate slots a message takes: a forged message does not take the sender's.

        Otherwise twenty forged messages would lock out the sender whom they name.
        """
        identity = attempt.identity
        is_unproved = identity is not None and identity.verdict.outcome != PASS
        return f"{attempt.origin.key} unproved" if is_unproved else attempt.origin.key

    def _domain_of(self, attempt, alias):
        """Return the alias domain whose policies apply to an alias, or to none."""
        addressing = attempt.addressing
        return (
            alias.alias_domain_id
            or self.env["mail.alias.domain"].browse(addressing.domain_ids if addressing else ())[:1]
        )

    def _turned_down(self, attempt, screened):
        for rule in self._rules_after_routing():
            if reason := getattr(self, rule)(attempt, screened):
                return reason
        return None

    def _tell_sender(self, attempt, message, message_dict, screened, reason):
        """Notify the sender of a message that was refused."""
        if reason.code in ("alias_refuses", "alias_closed"):
            # Each of several aliases has a separate text.
            attempt.answers_about = f"{reason.code}:{screened.alias.id}"
            screened.alias._tell_refused_sender(message, message_dict)
        elif reason.code == "sender_limit":
            attempt.answers_about = "loop_limit"
            attempt.answer_window = reason.params["minutes"]
            self.env["mail.postmaster.answer"]._send_loop_notice(message, message_dict)
        attempt.answers_about = attempt.answer_window = None

    # --- before routing -----------------------------------------------------------------

    def _screen_limits(self, attempt):
        """Turn down, before core starts, what it could not parse within seconds."""
        excess = limits.exceeded(
            attempt.raw,
            {name: attempt.policies.number(key) for name, key in LIMITS.items()},
        )
        if not excess:
            return None
        params = {"count": excess.count, "most": excess.most, "parameter": LIMITS[excess.name]}
        attempt.trace.hit("limits", **params)
        return Reason(states.PARKED, excess.reason, params)

    def _screen_hops(self, attempt):
        if attempt.policies.choice(LOOPS) == "odoo":
            return None
        counted = hops.count_hops(attempt.header, f"{NOTICE_TAG}@{socket.gethostname()}")
        loop = hops.loop_reason(counted, attempt.policies.number(MOST_HOPS))
        if not loop:
            return None
        attempt.trace.hit("hops", count=loop.count, most=loop.most)
        return Reason(states.PARKED, loop.reason, {"count": loop.count, "most": loop.most})

    # --- after routing ------------------------------------------------------------------

    def _screen_mode(self, attempt, screened):
        reason = screened.alias and screened.alias._turn_down(screened.is_reply)
        if reason:
            attempt.trace.miss(
                "alias_mode",
                alias=screened.alias.display_name,
                mode=screened.alias.alias_mode,
            )
        return reason or None

    def _screen_identity(self, attempt, screened):
        """Turn down, by policy, a message whose sender is not authenticated."""
        setting = self.env["mail.postmaster.authentication"]._consequence(
            attempt,
            screened.alias,
            screened.domain,
        )
        if setting.value not in (PARK, REFUSE) or attempt.is_sender_accepted:
            return None
        params = {**finding(attempt.identity), "origin": setting.origin}
        attempt.trace.hit(
            "identity",
            target=screened.target,
            treatment=setting.value,
            **params,
        )
        if setting.value == PARK:
            return Reason(states.PARKED, "identity_parked", params)
        # Send no notice: the address in From is not the author's.
        return Reason(states.REFUSED, "identity_refused", params)

    def _screen_automatic(self, attempt, screened):
        automatic = attempt.automatic
        name = screening.policy_name(automatic)
        if not name:
            return None
        setting = attempt.policies.setting(f"{name}_policy", screened.alias, screened.domain)
        treatment = screening.treatment(setting.value, screened.is_reply)
        params = {"proof": automatic.proof, "target": screened.target, "origin": setting.origin}
        attempt.trace.hit(name, treatment=treatment, **params)
        if treatment in (screening.SILENT, screening.NOTE):
            attempt.treatments[screened.target] = treatment
        if treatment == screening.PARK:
            return Reason(states.PARKED, f"{name}_parked", params)
        if treatment == screening.IGNORE:
            return Reason(states.IGNORED, f"{name}_ignored", params)
        return None

    def _screen_reply(self, attempt, screened):
        """Turn down a reply from a non-participant of the conversation, by policy."""
        reply = attempt.reply
        if attempt.is_quiet or not reply or not reply.policy or reply.target != screened.target:
            # The user who imports old messages has decided that they belong here.
            return None
        params = {"sender": screened.sender, "target": reply.target, "origin": reply.policy.origin}
        if reply.policy.value == screening.PARK:
            code = "reply_parked_private" if reply.is_private else "reply_parked"
            return Reason(states.PARKED, code, params)
        # An automatic message is a note already, and needs no review.
        if reply.policy.value == screening.NOTE and (
            attempt.treatments.get(screened.target) != screening.NOTE
        ):
            attempt.treatments[screened.target] = screening.REVIEW
        return None

    def _screen_loop(self, attempt, screened):
        """Count what was accepted from exactly this sender for exactly this target."""
        if attempt.is_quiet or attempt.policies.choice(LOOPS) == "odoo":
            return None
        # An unauthenticated message does not get the exemption of an allowed sender.
        is_withheld = self.env["mail.postmaster.authentication"]._withholds(
            attempt,
            screened.alias,
            screened.domain,
        )
        if not is_withheld and self.env["mail.gateway.allowed"]._allows(screened.sender):
            attempt.trace.hit("loop_allowed", sender=screened.sender)
            return None
        limit = attempt.policies.setting("loop_threshold", screened.alias, screened.domain)
        minutes = attempt.policies.setting("loop_minutes", screened.alias, screened.domain)
        params = {
            "sender": screened.sender_key,
            "count": limit.value,
            "minutes": minutes.value,
            "origin": limit.origin,
        }
        if self.env["mail.postmaster.quota"]._reserve(
            attempt,
            screened.target,
            limit.value,
            minutes.value,
            sender=screened.sender_key,
        ):
            attempt.trace.miss("sender_limit", **params)
            return None
        attempt.trace.hit("sender_limit", **params)
        if screened.is_reply and attempt.policies.choice(LOOP_REPLIES) == "silent":
            attempt.treatments.setdefault(screened.target, screening.SILENT)
            return None
        return Reason(states.REFUSED, "sender_limit", params)

    def _screen_records(self, attempt, screened):
        """Limit the records that one alias creates, regardless of the sender."""
        limit = attempt.policies.setting("record_limit", screened.alias, screened.domain)
        if attempt.is_quiet or not (screened.alias and screened.makes_record and limit.value):
            return None
        minutes = attempt.policies.setting("record_limit_minutes", screened.alias, screened.domain)
        # An alias may have a limit if the database has none, and so no period either.
        period = minutes.value or attempt.policies.number(RECORD_MINUTES)
        if self.env["mail.postmaster.quota"]._reserve(
            attempt,
            f"records:{screened.alias.id}",
            limit.value,
            period,
        ):
            return None
        # A message that waits was not accepted.
        self.env["mail.postmaster.quota"]._give_back(
            attempt,
            screened.target,
            screened.sender_key,
        )
        params = {
            "alias": screened.alias.display_name,
            "count": limit.value,
            "minutes": period,
            "origin": limit.origin,
        }
        attempt.trace.hit("record_limit", **params)
        return Reason(states.PARKED, "record_limit", params)

    # --- the catchall -------------------------------------------------------------------

    @api.model
    def _repeats_to_catchall(self, attempt, message_dict):
        """Return whether the same sender has recently sent the same text to the catchall."""
        sender = attempt.origin.key
        if attempt.policies.choice(LOOPS) == "odoo":
            return False
        text = f"{message_dict.get('subject')}\0{html2plaintext(message_dict.get('body') or '')}"
        digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
        minutes = attempt.policies.number(LOOP_MINUTES)
        return not self.env["mail.postmaster.quota"]._reserve(
            attempt,
            f"catchall:{digest}",
            1,
            minutes,
            sender=sender,
        )
