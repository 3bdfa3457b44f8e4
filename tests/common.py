from datetime import datetime, timezone
from email.utils import format_datetime, parseaddr
from pathlib import Path
from unittest import SkipTest

from odoo.tests import TransactionCase

from odoo.addons.mail_postmaster.models.reasons import DEFINITIONS

DATA = Path(__file__).parent / "data"


def need(env, *applications):
    """Skip a test, or from ``setUpClass`` all of a class, without one of these applications.

    The addon may be installed alone; ``dev/test`` has them all, and there a skip is a failure.
    """
    # One that is installed may be loaded later: then there are no models either.
    present = {model.partition(".")[0] for model in env}
    if missing := set(applications) - present:
        raise SkipTest(f"Applications that are not installed: {', '.join(sorted(missing))}.")


class GatewayCase(TransactionCase):
    """A database that receives mail for people@postmaster.test, which makes contacts.

    The class writes before it hands mail over, so every mail joins its transaction.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.domain = cls.env["mail.alias.domain"].create(
            {
                "name": "postmaster.test",
                "bounce_alias": "bounce",
                "catchall_alias": "catchall",
            }
        )
        cls.env.company.alias_domain_id = cls.domain
        cls.env["mail.postmaster.policy"].confirm_database()
        # Each test of a policy of ours switches it on.
        cls.env["mail.postmaster.policy"].apply_preset("odoo")
        cls.alias = cls.make_alias("people", "res.partner")
        # One for all: the same fields make the same mail.
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
        """Write a System Parameter past every check, as somebody may do at night."""
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
        """Return a sample mail as bytes; ``key="value"`` replaces ``{key}`` in it."""
        raw = (DATA / f"{name}.eml").read_bytes()
        for key, value in replacements.items():
            raw = raw.replace(b"{%s}" % key.encode(), value.encode())
        return raw

    def mail(self, **fields):
        """Return the plain sample mail, with other fields where given."""
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
        """Hand a mail over and return ``(what the caller got, row of the log)``."""
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
        """Check that the trace holds a step, taken or not taken."""
        self.assertIn((step, hit), [(known["step"], known["hit"]) for known in row.trace])
