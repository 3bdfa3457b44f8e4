"""Users, aliases and messages for the tests of views, access and routes."""

from odoo import Command
from odoo.tests import TransactionCase

from odoo.addons.mail.tests.common import mail_new_test_user
from odoo.addons.mail_postmaster.gateway import dns_answers

DOMAIN = "received.test"
RAW = (
    b"From: Ann <ann@customer.test>\r\nTo: {to}\r\nSubject: {subject}\r\n"
    b"Message-Id: <{id}@customer.test>\r\n\r\nGood morning\r\n"
)


def raw_mail(to=f"nobody@{DOMAIN}", subject="Hello"):
    words = {b"{to}": to, b"{subject}": subject, b"{id}": subject.replace(" ", ".")}
    raw = RAW
    for word, text in words.items():
        raw = raw.replace(word, text.encode())
    return raw


class ReceivedMail:
    """Mixin with what these test classes share."""

    @classmethod
    def set_up_received_mail(cls):
        # No name servers are queried, whatever the preset.
        cls.classPatch(dns_answers, "is_available", lambda: False)
        cls.company = cls.env.ref("base.main_company")
        cls.other_company = cls.env["res.company"].create({"name": "Another company"})
        cls.domain = cls.env["mail.alias.domain"].create(
            {
                "name": DOMAIN,
                "company_ids": [Command.link(cls.company.id)],
            }
        )
        cls.server = cls.env["fetchmail.server"].create(
            {
                "name": "Inbox of the tests",
                "server_type": "imap",
                "server": "localhost",
            }
        )

    @classmethod
    def make_user(cls, login, groups, company=None):
        company = company or cls.company
        return mail_new_test_user(
            cls.env,
            login=login,
            password=login,
            groups=groups,
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    @classmethod
    def make_alias(cls, name, model="res.partner", **values):
        return cls.env["mail.alias"].create(
            {
                "alias_name": name,
                "alias_domain_id": cls.domain.id,
                "alias_model_id": cls.env["ir.model"]._get_id(model),
                **values,
            }
        )

    @classmethod
    def receive(cls, raw, model=None):
        """Deliver a message like core's fetcher, and return its row of the log."""
        messages = cls.env["mail.postmaster.message"]
        last = messages.search([], order="id desc", limit=1).id or 0
        entry = cls.env["mail.thread"].with_context(default_fetchmail_server_id=cls.server.id)
        try:
            entry.message_process(model, raw)
        except Exception:  # noqa: BLE001  a caller that has written shares the fate of its mail
            cls.env.invalidate_all()
        return messages.search([("id", ">", last)], order="id desc", limit=1)

    @classmethod
    def make_broken_alias(cls, name):
        """Create an alias whose record cannot be created; ``{}`` repairs it."""
        return cls.make_alias(name, alias_defaults="{'type': 'nonsense'}")


class ScreensCase(TransactionCase, ReceivedMail):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_received_mail()
        cls.admin = cls.make_user("postmaster", "mail_postmaster.group_admin")
        cls.env["ir.config_parameter"].set_param("mail.postmaster.responsible", cls.admin.id)

    def as_admin(self, record):
        return record.with_user(self.admin)


class ParkedMailCase(ScreensCase):
    """With a message that is parked because the default values of its alias are invalid."""

    def setUp(self):
        super().setUp()
        self.alias = self.make_broken_alias("broken")
        self.mail = self.receive(raw_mail(f"broken@{DOMAIN}"))
        self.assertEqual(self.mail.state, "parked")

    def repair(self):
        self.alias.alias_defaults = "{}"
