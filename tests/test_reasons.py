"""The table of reasons: what each means for displaying and releasing messages."""

from lxml import etree

from odoo.tests import tagged

from odoo.addons.mail_postmaster.gateway import states
from odoo.addons.mail_postmaster.rules.reasons import (
    AGAIN,
    COPY,
    DEFINITIONS,
    MESSAGE,
    NEVER,
    REPEAT,
    SENDER,
    TARGET,
    Definition,
)

from .common import GatewayCase

BUTTONS = "//header/button[@name='action_process_again']"


@tagged("post_install", "-at_install")
class TestReasons(GatewayCase):
    def row_with(self, state, code):
        """Return a row of the log with another state and reason, as a later attempt writes them."""
        row = self.receive(self.mail(message_id=f"<{state}.{code}@customer.test>"))[1]
        self.env.cr.execute(
            "UPDATE mail_postmaster_message SET state = %s, reason_code = %s WHERE id = %s",
            [state, code, row.id],
        )
        row.invalidate_recordset()
        return row

    def test_every_definition_is_of_known_words(self):
        every_state = {*states.WAITING, *states.SETTLED}
        for code, known in DEFINITIONS.items():
            with self.subTest(code):
                self.assertTrue(set(known.states) <= every_state and known.states)
                self.assertIn(known.release, (AGAIN, REPEAT, COPY, NEVER))
                self.assertTrue(set(known.accepts) <= {MESSAGE, TARGET, SENDER})

    def test_what_a_release_means(self):
        for state, code, kind in (
            ("parked", "no_route", "waiting"),
            ("retry", "failed", "waiting"),
            ("refused", "catchall", "refused"),
            ("ignored", "auto_reply_ignored", "ignored"),
            ("ignored", "own_message", "repeated"),
            ("ignored", "duplicate", "repeated"),
            ("ignored", "superseded", "repeated"),
            ("ignored", "duplicate_other_content", "repeated"),
            ("parked", "duplicate_other_content", "waiting"),
            ("parked", "raw_missing", False),
            ("ignored", "erased", False),
            ("delivered", "record_created", False),
            # From an addon that was removed.
            ("parked", "of_another_addon", "waiting"),
        ):
            with self.subTest(state=state, code=code):
                self.assertEqual(self.row_with(state, code).release_kind, kind)

    def test_the_form_asks_what_the_dialog_of_the_list_asks(self):
        form = etree.fromstring(
            self.log.get_view(
                self.env.ref("mail_postmaster.mail_postmaster_message_view_form").id,
                "form",
            )["arch"]
        )
        asks = {
            button.get("invisible"): bool(button.get("confirm")) for button in form.xpath(BUTTONS)
        }
        self.assertEqual(
            asks,
            {
                "release_kind not in ('waiting', 'ignored')": False,
                "release_kind != 'repeated'": True,
                "release_kind != 'refused'": True,
            },
        )

    def test_reason_of_another_addon(self):
        reasons = self.registry["mail.postmaster.reason"]
        own = Definition("Held by the example.", (states.PARKED,), accepts=(MESSAGE,))
        self.patch(reasons, "_definitions", lambda self: {**DEFINITIONS, "example_held": own})
        row = self.row_with("parked", "example_held")
        self.assertEqual(row.reason, "Held by the example.")
        labels = dict(self.log.fields_get(["reason_code"])["reason_code"]["selection"])
        self.assertEqual(labels["example_held"], "Held by the example.")
        self.assertEqual(row.release_kind, "waiting")
        row.action_process_again()
        self.assertTrue(row.released)
