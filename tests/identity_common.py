"""Shared by the tests of senders: users, and messages with a server's results on top."""

from odoo.addons.mail.tests.common import mail_new_test_user

from ..policy.settings import AUTHSERV
from .common import GatewayCase

SERVER = "mx.postmaster.test"
BOSS = "boss@postmaster.test"
# An internal user with an address outside our domains.
AMY = "amy@freemail.test"
JANE = "jane@customer.test"


def results(text, authserv_id=SERVER):
    """Return an Authentication-Results field in bytes, as added on top of a message."""
    return f"Authentication-Results: {authserv_id};\r\n {text}\r\n".encode()


def passed(address):
    domain = address.rpartition("@")[2]
    return results(f"spf=pass smtp.mailfrom={address}; dmarc=pass header.from={domain}")


def failed(address):
    domain = address.rpartition("@")[2]
    return results(f"spf=pass smtp.mailfrom=x@evil.test; dmarc=fail header.from={domain}")


# A message from outside with no result for or against it.
OPEN = results("spf=none smtp.mailfrom=x@evil.test; dkim=none; dmarc=none")


class IdentityCase(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.env["mail.postmaster.policy"]
        cls.parameters = cls.env["ir.config_parameter"]
        cls.policy.apply_preset("recommended")
        cls.parameters.set_param(AUTHSERV, SERVER)
        cls.boss = cls.make_user("boss", BOSS)
        cls.amy = cls.make_user("amy", AMY)
        cls.jane = cls.env["res.partner"].create({"name": "Jane", "email": JANE})

    @classmethod
    def make_user(cls, login, email):
        return mail_new_test_user(
            cls.env,
            login=login,
            email=email,
            groups="base.group_user,base.group_partner_manager",
        )

    def from_(self, sender, top=b"", **fields):
        """Deliver a message from a sender, with these bytes on top; return its row of the log."""
        fields.setdefault("message_id", f"<{self.id()}.{len(self.log.search([]))}@x>")
        return self.receive(top + self.mail(sender=sender, **fields))[1]

    def message_of(self, row):
        self.assertEqual(row.state, "delivered", row.reason)
        return row.delivery_ids.mail_message_id

    def assertActs(self, row, user):
        """Assert that the sender of a message is its author and the creator of the record."""
        message = self.message_of(row)
        self.assertEqual(message.author_id, user.partner_id)
        self.assertEqual(row.delivery_ids._record().create_uid, user)

    def assertActsAsNobody(self, row, email_from):
        message = self.message_of(row)
        self.assertFalse(message.author_id)
        self.assertFalse(message.author_guest_id)
        record = row.delivery_ids._record()
        self.assertEqual(record.create_uid, self.env.user)
        self.assertNotIn(message.email_from, ("", False))
        self.assertIn(email_from, message.email_from)
        self.assertFalse(record.message_partner_ids & (self.boss + self.amy).partner_id)
        self.assertEqual(message.postmaster_mark["kind"], "withheld")
