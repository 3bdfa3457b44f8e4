"""No outsider acts as one of us as long as nothing checks senders."""

from odoo.tests import tagged

from ..policy.settings import AUTHSERV, IDENTITY_UNCHECKED
from .identity_common import AMY, BOSS, JANE, IdentityCase

CLIENT = b"Received: from x (host.test [203.0.113.9]) by mx.postmaster.test (Postfix)\r\n\twith %s"
INSIDE = CLIENT % b"ESMTPSA id 1\r\n"
OUTSIDE = CLIENT % b"ESMTP id 1\r\n"
LMTP = b"Received: from mx.postmaster.test by box.postmaster.test with LMTP id 1\r\n"


@tagged("post_install", "-at_install")
class TestUncheckedSenders(IdentityCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.parameters.set_param(AUTHSERV, False)

    def test_who_and_from_where(self):
        """A forgery, and a colleague who writes through our own mail server."""
        for preset in ("recommended", "strict"):
            self.policy.apply_preset(preset)
            for top, is_inside in (
                (b"", False),
                (OUTSIDE, False),
                (LMTP + OUTSIDE + INSIDE, False),
                (INSIDE, True),
                (LMTP + INSIDE, True),
            ):
                for user, address in ((self.boss, BOSS), (self.amy, AMY)):
                    with self.subTest(preset=preset, top=top, address=address):
                        row = self.from_(address, top)
                        self.assertReason(row, "delivered", "record_created")
                        if is_inside:
                            self.assertActs(row, user)
                            self.assertFalse(self.message_of(row).postmaster_mark)
                            self.assertFalse(row.authentication)
                        else:
                            self.assertActsAsNobody(row, address)
                            self.assertStep(row, "sender_withheld")
                            self.assertStep(row, "authentication_open", hit=False)
                            self.assertEqual(row.authentication, "none")

    def test_others_are_as_in_core(self):
        for sender in (JANE, "new@customer.test"):
            row = self.from_(sender, OUTSIDE)
            self.assertReason(row, "delivered", "record_created")
            self.assertFalse(self.message_of(row).postmaster_mark)
            self.assertFalse(row.authentication)
        self.assertEqual(self.message_of(self.from_(JANE, OUTSIDE)).author_id, self.jane)

    def test_several_senders(self):
        """As in core, if none of them is one of us."""
        row = self.from_(f"{JANE}, new@customer.test", OUTSIDE)
        self.assertEqual(self.message_of(row).author_id, self.jane)
        self.assertFalse(row.authentication)

    def test_in_other_words(self):
        for sender in (
            f"{BOSS} <{JANE}>",
            f'"{BOSS}" <{JANE}>',
            f"{BOSS}, {JANE}",
            f"{JANE}, {AMY}",
            f"Boss <{BOSS.upper()}>",
            f"=?utf-8?q?boss=40postmaster=2Etest?= <{JANE}>",
        ):
            with self.subTest(sender):
                row = self.from_(sender, OUTSIDE)
                self.assertEqual(row.state, "delivered", row.reason)
                self.assertNotIn(self.message_of(row).author_id, (self.boss + self.amy).partner_id)
                self.assertNotIn(
                    row.delivery_ids._record().create_uid,
                    self.boss + self.amy,
                )

    def test_reply_is_not_public(self):
        self.jane.message_subscribe(self.boss.partner_id.ids)
        question = self.jane.message_post(
            body="x", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        reply = {
            "to": "catchall@postmaster.test",
            "headers": f"\r\nIn-Reply-To: {question.message_id}",
        }
        row = self.from_(BOSS, OUTSIDE, **reply)
        self.assertReason(row, "delivered", "reply_noted")
        self.assertTrue(self.message_of(row).is_internal)
        self.assertFalse(self.message_of(row).author_id)
        row = self.from_(BOSS, INSIDE, **reply)
        self.assertReason(row, "delivered", "reply_posted")

    def test_own_notification_that_comes_back(self):
        note = self.jane.with_user(self.boss).message_post(
            body="x", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        before = self.env["mail.message"].search_count([])
        row = self.from_(BOSS, OUTSIDE, message_id=note.message_id)
        self.assertEqual(row.state, "ignored", row.reason)
        self.assertEqual(self.env["mail.message"].search_count([]), before)

    def test_policies_above_it(self):
        self.alias.identity_policy = "off"
        self.assertActs(self.from_(BOSS, OUTSIDE), self.boss)
        self.alias.identity_policy = "park"
        self.assertActsAsNobody(self.from_(BOSS, OUTSIDE), BOSS)
        self.alias.identity_policy = False
        self.parameters.set_param(IDENTITY_UNCHECKED, "off")
        self.assertActs(self.from_(BOSS, OUTSIDE), self.boss)

    def test_same_as_odoo(self):
        self.policy.apply_preset("odoo")
        for sender, user in ((BOSS, self.boss), (AMY, self.amy)):
            row = self.from_(sender, OUTSIDE)
            self.assertActs(row, user)
            self.assertFalse(self.message_of(row).postmaster_mark)

    def test_limits_are_counted_as_before(self):
        """The sender of a message that claims nothing has its own rate slots."""
        self.parameters.set_param("mail.gateway.loop.threshold", 1)
        self.env["mail.gateway.allowed"].create({"email": JANE})
        states = {self.from_(JANE, OUTSIDE).state for _number in range(3)}
        self.assertEqual(states, {"delivered"})
