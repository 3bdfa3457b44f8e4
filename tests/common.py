from contextlib import contextmanager
from datetime import datetime, timezone
from email.utils import format_datetime, parseaddr
from pathlib import Path
from unittest import SkipTest
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.tests import TransactionCase

from odoo.addons.mail_postmaster.gateway import dns_answers
from odoo.addons.mail_postmaster.policy import guard
from odoo.addons.mail_postmaster.rules.reasons import DEFINITIONS

DATA = Path(__file__).parent / "data"


@contextmanager
def at(env, moment):
    """Stop the clocks of Python and of the database.

    :param str moment: in UTC
    """
    with (
        freeze_time(moment),
        patch.object(env.cr, "now", return_value=fields.Datetime.to_datetime(moment)),
    ):
        yield


def keep_markers(case):
    """Let a test that counts statements not look at the markers of the database in between."""
    case.startPatcher(patch.object(guard, "LOOK_SECONDS", 3600.0))
    guard.forget()
    case.addCleanup(guard.forget)


def need(env, *applications):
    """Skip a test, or from ``setUpClass`` a whole class, if one of these applications is missing.

    The addon may be installed alone; ``dev/test`` installs them all, so there a skip is a failure.
    """
    # An installed application may be loaded later: then its models are missing too.
    present = {model.partition(".")[0] for model in env}
    if missing := set(applications) - present:
        raise SkipTest(f"Applications that are not installed: {', '.join(sorted(missing))}.")


class GatewayCase(TransactionCase):
    """A database that receives messages for people@postmaster.test, which creates contacts.

    The class writes before it delivers messages, so every message joins its transaction.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # No name servers are queried, whatever the preset.
        cls.classPatch(dns_answers, "is_available", lambda: False)
        cls.domain = cls.env["mail.alias.domain"].create(
            {
                "name": "postmaster.test",
                "bounce_alias": "bounce",
                "catchall_alias": "catchall",
            }
        )
        cls.env.company.alias_domain_id = cls.domain
        cls.env["mail.postmaster.policy"].confirm_database()
        # Each test of one of our policies switches it on.
        cls.env["mail.postmaster.policy"].apply_preset("odoo")
        cls.alias = cls.make_alias("people", "res.partner")
        # One date for all: equal fields make equal messages.
        cls.date_field = format_datetime(datetime.now(timezone.utc))
        cls.log = cls.env["mail.postmaster.message"]
        cls.pipeline = cls.env["mail.postmaster.pipeline"]

    @classmethod
    def make_alias(cls, name, model, **values):
        return cls.env["mail.alias"].create(
            {
                "alias_name": name,
                "alias_model_id": cls.env["ir.model"]._get_id(model),
                "alias_domain_id": cls.domain.id,
                **values,
            }
        )

    def set_parameter_with_sql(self, key, value):
        """Write a System Parameter bypassing every check, as direct SQL can."""
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM ir_config_parameter WHERE key = %s", [key])
        if value:
            self.env.cr.execute(
                "INSERT INTO ir_config_parameter (key, value) VALUES (%s, %s)",
                [key, value],
            )
        self.env.invalidate_all()
        self.env.registry.clear_all_caches()

    @staticmethod
    def eml(name, **replacements):
        """Return a sample message as bytes; ``key="value"`` replaces ``{key}`` in it."""
        raw = (DATA / f"{name}.eml").read_bytes()
        for key, value in replacements.items():
            raw = raw.replace(b"{%s}" % key.encode(), value.encode())
        return raw

    def mail(self, **fields):
        """Return the plain sample message, with other fields if given."""
        sender = fields.get("sender", "jane@customer.test")
        defaults = {
            "return_path": parseaddr(sender)[1],
            "sender": "Jane Doe <jane@customer.test>",
            "to": "people@postmaster.test",
            "subject": "Good morning",
            "message_id": f"<{self.id()}.{id(fields)}@customer.test>",
            "headers": "",
            "date": self.date_field,
        }
        return self.eml("plain", **{**defaults, **fields})

    def receive(self, raw, model=False, **options):
        """Deliver a message and return ``(result for the caller, row of the log)``."""
        before = self.log.search([], limit=1).id or 0
        try:
            result = self.env["mail.thread"].message_process(model, raw, **options)
        except ValueError as error:
            result = error
        return result, self.log.search([("id", ">", before)], limit=1)

    def assertReason(self, row, state, code):
        self.assertEqual((row.state, row.reason_code), (state, code), row.error)
        self.assertIn(state, DEFINITIONS[code].states)
        self.assertTrue(row.reason)
        self.assertNotIn("%(", row.reason)

    def assertStep(self, row, step, hit=True):
        """Assert that the trace contains a step, taken or not taken."""
        self.assertIn((step, hit), [(known["step"], known["hit"]) for known in row.trace])
