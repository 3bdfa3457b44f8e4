"""What the tests of senders share: who there is, and mail with results of a server on top."""

from odoo.addons.mail.tests.common import mail_new_test_user

from ..policy.settings import AUTHSERV
from .common import GatewayCase

SERVER = "mx.postmaster.test"
BOSS = "boss@postmaster.test"
# An internal user whose address is of no own domain.
AMY = "amy@freemail.test"
JANE = "jane@customer.test"


def results(text, authserv_id=SERVER):
    """Return an Authentication-Results field in bytes, as it goes on top of a mail."""
    return f"Authentication-Results: {authserv_id};\r\n {text}\r\n".encode()


def passed(address):
    domain = address.rpartition("@")[2]
    return results(f"spf=pass smtp.mailfrom={address}; dmarc=pass header.from={domain}")


def failed(address):
    domain = address.rpartition("@")[2]
    return results(f"spf=pass smtp.mailfrom=x@evil.test; dmarc=fail header.from={domain}")


# A mail from outside that nothing speaks for, and nothing against.
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
        """Hand over a mail of a sender, with these bytes on top, and return its line in the log."""
        fields.setdefault("message_id", f"<{self.id()}.{len(self.log.search([]))}@x>")
        return self.receive(top + self.mail(sender=sender, **fields))[1]

    def message_of(self, row):
        self.assertEqual(row.state, "delivered", row.reason)
        return row.delivery_ids.mail_message_id

    def assertActs(self, row, user):
        """Check that a mail has its sender as the author, and as who made the record."""
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
