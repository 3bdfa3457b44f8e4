from email.utils import parseaddr

from odoo.tests import new_test_user

from odoo.addons.mail.tests.common import MockEmail

from ..policy.settings import AUTHSERV, IDENTITY, IDENTITY_OWN
from .common import GatewayCase

STRANGER = "Mallory <mallory@stranger.test>"
SERVER = "mx.postmaster.test"


class ReplyCase(GatewayCase, MockEmail):
    """A lead with a customer, a salesperson who has written to them, and another follower."""

    judged = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.env["mail.postmaster.policy"]
        cls.parameters = cls.env["ir.config_parameter"]
        cls.policy.apply_preset("recommended")
        cls.seller = new_test_user(
            cls.env,
            "seller",
            email="seller@postmaster.test",
            notification_type="email",
            groups="base.group_user,base.group_partner_manager",
        )
        cls.customer = cls.make_partner("Jane", "jane@customer.test")
        cls.customer.parent_id = cls.env["res.partner"].create(
            {"name": "Customer", "is_company": True, "email": "info@customer.test"}
        )
        cls.follower = cls.make_partner("Follower", "f@follower.test")
        cls.record = cls.env["res.partner"].create({"name": "Talk"})
        cls.record.message_subscribe((cls.follower + cls.seller.partner_id).ids)
        cls.question = cls.post(cls.record, partner_ids=cls.customer.ids)

    @classmethod
    def make_partner(cls, name, email):
        return cls.env["res.partner"].create({"name": name, "email": email})

    @classmethod
    def post(cls, record, subtype="mail.mt_comment", **values):
        return (
            record.with_user(cls.seller)
            .sudo()
            .message_post(
                body="Question",
                message_type="comment",
                subtype_xmlid=subtype,
                **values,
            )
        )

    def quoting(self, question, sender=STRANGER, **fields):
        """Return a message that replies to a message, sent to the catchall."""
        headers = fields.pop("headers", "")
        if self.judged:
            domain = parseaddr(sender)[1].partition("@")[2]
            headers += (
                f"\r\nAuthentication-Results: {SERVER}; dmarc={self.judged} header.from={domain}"
            )
        headers += f"\r\nIn-Reply-To: {question.message_id}\r\nReferences: {question.message_id}"
        number = len(self.log.search([]))
        fields.setdefault("message_id", f"<{number}@replies>")
        # The same text once more would be ignored.
        fields.setdefault("subject", f"Good morning {number}")
        fields.setdefault("to", "catchall@postmaster.test")
        return self.mail(sender=sender, headers=headers, **fields)

    def answer(self, question=None, sender=STRANGER, **fields):
        """Receive a reply, record the messages it caused, and return its row of the log."""
        raw = self.quoting(question or self.question, sender, **fields)
        with self.mock_mail_gateway():
            _result, row = self.receive(raw)
            self.sent = list(self._mails)
        return row

    def assertJoins(self, row, reason):
        self.assertReason(row, "delivered", "reply_posted")
        self.assertStep(row, f"reply_{reason}")
        message = row.delivery_ids.mail_message_id
        self.assertFalse(message.is_internal)
        return message

    def assertStranger(self, row, why="stranger"):
        self.assertStep(row, f"reply_{why}", hit=False)

    def assertNoted(self, row, why="stranger"):
        """Assert that a reply became a note about which no external contact was notified."""
        self.assertReason(row, "delivered", "reply_noted")
        self.assertStranger(row, why)
        message = row.delivery_ids.mail_message_id
        self.assertEqual(message.subtype_id, self.env.ref("mail.mt_note"))
        self.assertTrue(message.is_internal)
        self.assertFalse(self.sent)
        ways = message.notification_ids.mapped("notification_type")
        self.assertEqual(ways, ["inbox"] * len(ways))
        self.assertFalse(message.notified_partner_ids.filtered("partner_share"))
        return message

    def identify(self, outcome):
        """Give the messages of a test a trusted verdict: ``pass``, ``fail`` or ``none``."""
        self.parameters.set_param(AUTHSERV, SERVER)
        # The rights of a sender are not tested here.
        for key in (IDENTITY, IDENTITY_OWN):
            self.parameters.set_param(key, "off")
        self.judged = outcome
