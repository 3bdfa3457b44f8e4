"""Any undelivered message can be released, and is then processed as if accepted."""

from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import GatewayCase


@tagged("post_install", "-at_install")
class TestRelease(GatewayCase):
    def process_again(self, row, **changes):
        self.pipeline._process_again(row.id, changes)
        row.invalidate_recordset()

    def test_refused_mail_is_processed_when_the_alias_exists(self):
        _result, row = self.receive(self.mail(to="later@postmaster.test", subject="Later"))
        self.assertReason(row, "refused", "no_route_refused")
        self.make_alias("later", "res.partner")
        self.process_again(row)
        self.assertReason(row, "delivered", "record_created")
        self.process_again(row)
        self.assertEqual(self.env["res.partner"].search_count([("name", "=", "Later")]), 1)

    def test_addressed_anew(self):
        _result, row = self.receive(self.mail(to="typo@postmaster.test"))
        self.process_again(row, addressed_to=["people@postmaster.test"])
        self.assertReason(row, "delivered", "record_created")
        self.assertEqual(row.recipients, "typo@postmaster.test")

    def test_assigned_to_a_record(self):
        partner = self.env["res.partner"].create({"name": "Target"})
        other = self.env["res.partner"].create({"name": "Other"}).message_post(body="x")
        _result, row = self.receive(
            self.mail(
                to="typo@postmaster.test",
                subject="Assigned",
                headers="\r\nReferences: <unknown@x>",
            )
        )
        self.process_again(row, addressed_to=[], model="res.partner", thread_id=partner.id)
        self.assertReason(row, "delivered", "reply_posted")
        self.assertIn("Assigned", partner.message_ids.mapped("subject"))
        self.assertNotIn(
            "Assigned", self.env["res.partner"].browse(other.res_id).message_ids.mapped("subject")
        )

    def test_assignment_is_for_one_time(self):
        partner = self.env["res.partner"].create({"name": "Target"})
        _result, row = self.receive(self.mail(to="typo@postmaster.test"))
        with patch.object(type(partner), "message_update", side_effect=KeyError("odd")):
            self.process_again(row, addressed_to=[], model="res.partner", thread_id=partner.id)
        self.assertReason(row, "parked", "failed")
        self.process_again(row, addressed_to=["nobody@postmaster.test"])
        self.assertReason(row, "parked", "no_route")

    def test_delivery_report_assigned_to_a_record_is_posted_there(self):
        partner = self.env["res.partner"].create({"name": "Target"})
        raw = self.eml("delivery_failed", message_id="<r3@mx>", original="<unknown@x>").replace(
            b"Final-Recipient: rfc822; jane@customer.test",
            b"X-Nothing: here",
        )
        _result, row = self.receive(raw)
        self.assertReason(row, "ignored", "report_unmatched")
        self.process_again(row, addressed_to=[], model="res.partner", thread_id=partner.id)
        self.assertReason(row, "delivered", "reply_posted")
        self.assertIn("Undelivered Mail Returned to Sender", partner.message_ids.mapped("subject"))

    def test_released_duplicate_makes_a_second_record(self):
        raw = self.mail(message_id="<again@customer.test>", subject="Again")
        self.receive(raw)
        _result, row = self.receive(raw)
        self.assertReason(row, "ignored", "duplicate")
        self.process_again(row)
        self.assertReason(row, "delivered", "record_created")
        self.assertTrue(row.released)
        self.assertEqual(self.env["res.partner"].search_count([("name", "=", "Again")]), 2)

    def test_released_mail_is_accepted_whatever_refused_it(self):
        self.env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", "1")
        self.receive(self.mail(message_id="<first@customer.test>", subject="First"))
        _result, looped = self.receive(self.mail(message_id="<second@customer.test>"))
        notice = "<1.2-openerp-loop-detection-bounce-email@host>"
        _result, answer = self.receive(
            self.mail(
                headers=f"\r\nReferences: {notice}",
                message_id="<third@customer.test>",
            )
        )
        self.alias.alias_contact = "partners"
        _result, stranger = self.receive(
            self.mail(
                sender="else@customer.test",
                message_id="<fourth@customer.test>",
            )
        )
        for row, state, code in [
            (looped, "refused", "loop_limit"),
            (answer, "ignored", "loop_notice_reply"),
            (stranger, "refused", "alias_security"),
        ]:
            with self.subTest(code=code):
                self.assertReason(row, state, code)
                self.process_again(row)
                self.assertReason(row, "delivered", "record_created")

    @mute_logger("odoo.addons.mail_postmaster.pipeline.outcome")
    def test_bug_is_parked_with_its_traceback_and_told_once(self):
        self.env["mail.activity"].search([("res_model", "=", self.log._name)]).unlink()
        rows = self.log
        for number in range(2):
            _result, row = self.receive(
                self.mail(
                    to="typo@postmaster.test",
                    message_id=f"<bug{number}@customer.test>",
                )
            )
            rows += row
        with patch.object(
            type(self.env["res.partner"]), "message_new", side_effect=KeyError("odd")
        ):
            for row in rows:
                self.process_again(row, addressed_to=["people@postmaster.test"])
        for row in rows:
            self.assertReason(row, "parked", "alias_failed")
            self.assertIn("KeyError", row.reason)
            self.assertIn("KeyError", row.error)
        activities = self.env["mail.activity"].search([("res_model", "=", self.log._name)])
        self.assertEqual(len(activities), 1)
        self.process_again(rows[0])
        self.assertReason(rows[0], "delivered", "record_created")

    def test_content_that_was_removed(self):
        _result, row = self.receive(self.mail(to="typo@postmaster.test"))
        self.env.cr.execute("DELETE FROM mail_postmaster_raw WHERE message_id = %s", [row.id])
        self.process_again(row, addressed_to=["people@postmaster.test"])
        self.assertReason(row, "parked", "raw_missing")

    def test_mail_that_stops_its_process_is_parked(self):
        _result, row = self.receive(self.mail(to="typo@postmaster.test"))
        self.env.cr.execute(
            "UPDATE mail_postmaster_message SET state = 'received', attempts = 4, failures = 0 "
            "WHERE id = %s",
            [row.id],
        )
        self.pipeline._process_stored(row.id, joins=True)
        row.invalidate_recordset()
        self.assertReason(row, "parked", "crashed")
        self.assertIn("3 times", row.reason)
