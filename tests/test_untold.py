"""Refusals that the sender does not hear of need attention: one alarm a group."""

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.mail.tests.common import MockEmail

from ..gateway import states
from ..models.log.mail_postmaster_attention import ACTIVITY
from ..pipeline.submission import Submission
from ..rules.table import Rule
from ..rules.verdict import Reason, Step, Verdict
from .identity_common import IdentityCase, failed

OLD = format_datetime(datetime.now(timezone.utc) - timedelta(days=2))
# Why the sender gets no notice, and a message of that kind.
UNTOLD = {
    "null sender": ("automatic", {"return_path": ""}),
    "form": ("automatic", {"form": True, "headers": "\r\nReply-To: jane@customer.test"}),
    "automatic": ("automatic", {"headers": "\r\nPrecedence: bulk"}),
    "old": ("old", {"date": OLD}),
    "other address": ("other_address", {"return_path": "bounces@elsewhere.test"}),
    "forged": ("unauthenticated", {"forged": True}),
}
ALIASES = {
    "alias_security": {"alias_contact": "partners"},
    "alias_misconfigured": {"alias_contact": "followers"},
    "alias_refuses": {"alias_mode": "refuse"},
    "alias_closed": {"alias_mode": "closed", "alias_closed_since": "2020-01-01"},
    "sender_limit": {},
    "loop_limit": {},
}
RULES = ("catchall", *ALIASES)


@tagged("post_install", "-at_install")
class TestUntold(IdentityCase, MockEmail):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.parameters.set_param("mail.gateway.loop.threshold", 1)
        cls.number = 0

    def receive_from(self, sender, forged=False, **fields):
        """Deliver a message; return its row of the log and the addresses of the notices."""
        type(self).number += 1
        fields.setdefault("subject", f"Subject {self.number}")
        with self.mock_mail_gateway():
            row = self.from_(
                sender,
                failed(sender) if forged else b"",
                message_id=f"<{self.number}@x>",
                **fields,
            )
            return row, [mail["email_to"] for mail in self._mails]

    def refusing(self, rule):
        """Return the address that refuses messages by this rule; a limit lets one pass."""
        self.parameters.set_param(
            "mail.postmaster.loops", "odoo" if rule == "loop_limit" else "accepted"
        )
        if rule == "catchall":
            return "catchall@postmaster.test"
        type(self).number += 1
        return self.make_alias(f"a{self.number}", "res.partner", **ALIASES[rule]).alias_full_name

    def refused(self, rule, to=None, form=False, **fields):
        """Return what :meth:`receive_from` returns of a message that a rule turns down."""
        to = to or self.refusing(rule)
        type(self).number += 1
        person = f"jane{self.number}@customer.test"
        sender = f"noreply+{self.number}@form.test" if form else person
        if rule.endswith("_limit"):
            self.assertEqual(self.receive_from(sender, to=to, **fields)[0].state, "delivered")
        return self.receive_from(sender, to=to, **fields)

    def activities(self):
        return self.env["mail.activity"].search(
            [("activity_type_id", "=", self.env.ref(ACTIVITY).id)]
        )

    def test_sender_who_is_told(self):
        for rule in RULES:
            with self.subTest(rule):
                to = self.refusing(rule)
                row, notices = self.refused(rule, to)
                self.assertReason(row, "refused", rule)
                self.assertEqual(len(notices), 1)
                # Told within the last 24 hours.
                row, notices = self.receive_from(row.email_from, to=to)
                self.assertReason(row, "refused", rule)
                self.assertFalse(notices)
        self.assertFalse(self.activities())

    def test_sender_who_cannot_be_told(self):
        for rule in RULES:
            for kind, (why, fields) in UNTOLD.items():
                with self.subTest(rule=rule, kind=kind):
                    row, notices = self.refused(rule, **fields)
                    is_forged = kind == "forged" and rule == "alias_misconfigured"
                    # A withheld sender gets no further.
                    self.assertReason(row, "parked", "alias_security" if is_forged else rule)
                    self.assertFalse(notices)
                    self.assertIn("not notified", row.reason)
                    self.assertEqual(row.reason_params["untold"], why)
                    self.assertEqual(row.release_kind, "waiting")
        # One for each rule and alias, but not as many as an outsider likes.
        self.assertEqual(len(self.activities()), 10)

    def test_cap_is_reached(self):
        self.parameters.set_param("mail.postmaster.answer.limit", 1)
        self.assertEqual(len(self.refused("catchall")[1]), 1)
        for rule in RULES:
            with self.subTest(rule):
                row, notices = self.refused(rule)
                self.assertReason(row, "parked", rule)
                self.assertFalse(notices)
                self.assertIn("1 notices", row.reason)

    def test_told_more_than_a_day_ago(self):
        self.parameters.set_param("mail.gateway.loop.minutes", 7 * 24 * 60)
        to = self.refusing("sender_limit")
        row, notices = self.refused("sender_limit", to)
        self.assertEqual(len(notices), 1)
        self.env.cr.execute("UPDATE mail_postmaster_quota SET at = at - interval '25 hours'")
        row, notices = self.receive_from(row.email_from, to=to)
        self.assertReason(row, "refused", "sender_limit")
        self.assertEqual(len(notices), 1)

    def test_imported(self):
        """The user who imports messages sees how each of them ended."""
        before = self.log.search([], limit=1).id or 0
        raw = self.mail(to="catchall@postmaster.test", message_id="<imported@x>")
        self.pipeline._hand_over(
            Submission(raw=raw, entry_model="mail.thread", source="import", is_quiet=True)
        )
        row = self.log.search([("id", ">", before)])
        self.assertReason(row, "refused", "catchall")

    def test_rule_of_another_addon(self):
        """It may refuse, but not in silence."""
        refusal = Verdict(Step("example"), Reason(states.REFUSED, "example_refused"))
        rules = (Rule("example", lambda _target: refusal),)
        screening = type(self.env["mail.postmaster.screening"])
        with patch.object(screening, "_rules_after_routing", lambda _self: rules):
            row, _notices = self.receive_from(
                "jane@customer.test", to=self.refusing("sender_limit")
            )
        self.assertEqual((row.state, row.reason_code), ("parked", "example_refused"))
        self.assertEqual(row.reason_params, {"untold": "unsent"})

    def test_released(self):
        for rule in RULES:
            if rule in ("catchall", "alias_misconfigured"):
                continue
            with self.subTest(rule):
                row, _notices = self.refused(rule, return_path="")
                self.assertReason(row, "parked", rule)
                row.action_process_again()
                self.assertReason(row, "delivered", "record_created")

    def test_one_alarm_a_group(self):
        first, second = self.refusing("alias_refuses"), self.refusing("alias_refuses")
        rows = self.log
        for to in (first, first, second, first, second):
            rows += self.refused("alias_refuses", to, return_path="")[0]
        self.assertEqual(self.activities().mapped("res_id"), [rows[0].id, rows[2].id])
        # An alarm about refusals hides no other.
        row, _notices = self.receive_from("x@customer.test", to=self.held().alias_full_name)
        self.assertReason(row, "parked", "alias_held")
        self.assertEqual(len(self.activities()), 3)

    def held(self):
        return self.make_alias("held", "res.partner", alias_mode="hold")

    def test_what_others_hold_comes_first(self):
        """The content of a message that is held for another reason is kept until then."""
        refusing = self.refusing("alias_refuses")
        to = f"{refusing}, {self.held().alias_full_name}"
        row, _notices = self.receive_from("jane@customer.test", to=to, return_path="")
        self.assertReason(row, "parked", "alias_held")
        self.assertEqual(set(row.delivery_ids.mapped("state")), {"parked"})
        row.action_process_again()
        self.assertEqual(set(row.delivery_ids.mapped("state")), {"delivered"})

    def test_content_has_the_caps_of_what_is_refused(self):
        """What an outsider can pile up by it does not exceed what was possible before."""
        retention = self.env["mail.postmaster.retention"]
        untold, _notices = self.refused("alias_refuses", return_path="")
        held, _notices = self.receive_from("x@customer.test", to=self.held().alias_full_name)
        rows = untold + held
        self.env.cr.execute(
            "UPDATE mail_postmaster_message SET settled_at = settled_at - interval '30 days' "
            "WHERE id = ANY(%s)",
            [rows.ids],
        )
        retention._gc_raw()
        rows.invalidate_recordset()
        self.assertEqual(rows.mapped("raw_kept"), [True, True])
        self.env.cr.execute(
            "UPDATE mail_postmaster_message SET size = 2000000000, "
            "create_date = create_date - interval '200 days' WHERE id = ANY(%s)",
            [rows.ids],
        )
        retention._gc_raw_above_cap()
        rows.invalidate_recordset()
        self.assertEqual(rows.mapped("raw_kept"), [False, True])
        retention._gc_log()
        self.assertEqual(rows.exists(), held)
