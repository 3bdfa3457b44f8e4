"""The page of deliveries in the form of a received message."""

from odoo.tests import tagged

from .screens_common import DOMAIN, ScreensCase, raw_mail


@tagged("post_install", "-at_install")
class TestDeliveriesOnScreen(ScreensCase):
    """The text on the page of deliveries if there are none."""

    def note(self, mail):
        self.assertFalse(mail.delivery_ids)
        return self.as_admin(mail).delivery_note

    def test_duplicate_leads_to_the_mail_that_was_served(self):
        self.make_alias("people")
        first, second = (self.receive(raw_mail(f"people@{DOMAIN}", "Twice")) for _copy in range(2))
        self.assertEqual(second.reason_code, "duplicate")
        self.assertEqual(self.as_admin(second).original_id, first)
        self.assertIn("not delivered because it repeats", self.note(second))
        self.assertFalse(self.as_admin(first).original_id)
        self.assertFalse(self.as_admin(first).delivery_note)
        second.reason_code = "superseded"
        self.assertEqual(self.as_admin(second).original_id, first)
        # There is no link to a message of another company or to a deleted one.
        first.company_id = self.other_company
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertFalse(self.as_admin(second).original_id)
        self.assertIn("not in the log", self.note(second))
        first.unlink()
        self.env.invalidate_all()
        self.assertFalse(self.as_admin(second).original_id)

    def test_message_that_is_here_already(self):
        alias = self.make_alias("people")
        first = self.receive(raw_mail(f"people@{DOMAIN}", "Twice"))
        second = self.receive(raw_mail(f"people@{DOMAIN}", "Other"))
        second.delivery_ids.unlink()
        self.env.cr.execute(
            "UPDATE mail_postmaster_message SET state = 'ignored', mail_key = %s, "
            "reason_code = 'duplicate_message' WHERE id = %s",
            [first.mail_key, second.id],
        )
        self.env.invalidate_all()
        self.assertEqual(self.as_admin(second).original_id, first)
        # A message that was not delivered has no target.
        first.delivery_ids.write({"state": "refused", "alias_id": alias.id})
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertFalse(self.as_admin(second).original_id)

    def test_no_alias(self):
        mail = self.receive(raw_mail())
        self.assertEqual(mail.reason_code, "no_route")
        self.assertIn("Neither an alias nor a record", self.note(mail))

    def test_other_reasons(self):
        mail = self.receive(raw_mail())
        for state, code, sentence in (
            ("received", "waiting", "not been processed yet"),
            ("parked", "unreadable", "cannot be read"),
            ("parked", "crashed", "reason above"),
            ("ignored", "loop_notice_reply", "reason above"),
            ("delivered", "report_recorded", "reason above"),
        ):
            with self.subTest(code=code):
                mail.write({"state": state, "reason_code": code})
                self.assertIn(sentence, self.note(mail))

    def test_submitted_mail_names_no_incoming_server(self):
        partner = self.env["ir.model"]._get("res.partner").name
        self.env["mail.thread"].message_process("res.partner", raw_mail(subject="Submitted"))
        mail = self.env["mail.postmaster.message"].search([("subject", "=", "Submitted")])
        self.assertEqual((mail.source, mail.reason_code), ("rpc", "fallback_created"))
        self.assertEqual(mail.reason, f"Created a record of {partner} because no alias matched.")
        self.assertNotIn("server", " ".join(line["text"] for line in mail.trace_lines))
