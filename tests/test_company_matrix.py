"""Two companies and the domains between them: each kind of address in each kind of domain."""

from odoo import Command
from odoo.tests import tagged

from odoo.addons.mail.tests.common import mail_new_test_user

from .common import GatewayCase

ALLOWED = "partner.test, *.shop.test"

# Who gets a message / its company. Who: the alias in that domain (``loose``: the alias without a
# domain), the notice of a catchall, a user who reviews what a person wrote to the bounce address,
# or no target. Company: 1, 2, or the gateway's.
MATRIX = """
            one       two       shared    partner   de.partner de.shop   shop      elsewhere
sales       one/1     two/1     shared/2  parked/-  parked/-   parked/-  parked/-  parked/-
plain       parked/1  parked/2  shared/-  parked/-  parked/-   parked/-  parked/-  parked/-
desk        one/1     one/1     one/1     one/1     parked/-   one/1     parked/-  parked/-
help        shared/2  shared/2  shared/2  shared/2  parked/-   shared/2  parked/-  parked/-
wide        two/2     two/2     two/2     two/2     parked/-   parked/-  parked/-  parked/-
home        shared/-  shared/-  shared/-  parked/-  parked/-   parked/-  parked/-  parked/-
loose       loose/1   loose/1   loose/1   loose/1   parked/-   loose/1   parked/-  parked/-
info        one/1     two/2     one/1     one/1     parked/-   one/1     parked/-  parked/-
catchall    answer/1  answer/2  answer/-  parked/-  parked/-   parked/-  parked/-  parked/-
bounce      person/1  person/2  person/-  parked/-  parked/-   parked/-  parked/-  parked/-
unknown     parked/1  parked/2  parked/-  parked/-  parked/-   parked/-  parked/-  parked/-
"""
# If both companies have the shared domain, the domain does not determine the company.
BOTH_HAVE_THE_SHARED_DOMAIN = """
            one       two       shared    partner
sales       one/-     two/1     shared/2  parked/-
desk        one/-     one/-     one/-     one/-
help        shared/2  shared/2  shared/2  shared/2
catchall    answer/-  answer/-  answer/-  parked/-
bounce      person/-  person/-  person/-  parked/-
unknown     parked/-  parked/-  parked/-  parked/-
"""
REASONS = {
    "answer": ("refused", "catchall"),
    "person": ("parked", "bounce_address_person"),
    "parked": ("parked", "no_route"),
}
TO_AN_ALIAS = ("delivered", "record_created")


def cells(table):
    """Return ``[(local part, domain, who gets the message, its company)]``."""
    heading, *lines = (line.split() for line in table.strip().splitlines())
    return [
        (local_part, f"{domain}.test", *cell.split("/"))
        for local_part, *row in lines
        for domain, cell in zip(heading, row, strict=True)
    ]


@tagged("post_install", "-at_install")
class TestCompanyMatrix(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.domains = cls.env["mail.alias.domain"].create(
            [
                {"name": f"{name}.test", "catchall_alias": "catchall", "bounce_alias": "bounce"}
                for name in ("one", "two", "shared")
            ]
        )
        one, two, shared = cls.domains
        cls.companies = cls.env["res.company"].create(
            [
                {"name": "Company one", "alias_domain_id": one.id},
                {"name": "Company two", "alias_domain_id": two.id},
            ]
        )
        # Both may have aliases in a domain that no company has as its own.
        cls.assertFalse(cls, shared.company_ids)
        cls.env["mail.postmaster.policy"].apply_preset("recommended")
        two.allowed_domains = "partner.test"
        cls.aliases = cls.make_aliases(one, two, shared)
        cls.users = [cls.make_user(company, "user") for company in cls.companies]
        cls.admins = [cls.make_user(company, "admin") for company in cls.companies]
        cls.server = cls.env["fetchmail.server"].create(
            {
                "name": "Everything",
                "recipient_fields": "X-Original-To",
            }
        )

    @classmethod
    def make_aliases(cls, one, two, shared):
        """Return ``{(local part, where it is): alias}``."""
        of_one, of_two = (f"{{'company_id': {company.id}}}" for company in cls.companies)
        owner = cls.env["res.partner"].create(
            {
                "name": "Owner",
                "company_id": cls.companies[1].id,
            }
        )
        owned_by_two = {
            "alias_parent_model_id": cls.env["ir.model"]._get_id("res.partner"),
            "alias_parent_thread_id": owner.id,
        }
        by_local_part = {"alias_incoming_local": True}
        listed = {**by_local_part, "allowed_domains": ALLOWED}
        aliases = {}
        for local_part, domain, values in (
            ("sales", one, {}),
            ("sales", two, {"alias_defaults": of_one}),
            ("sales", shared, {"alias_defaults": of_two}),
            ("plain", shared, {}),
            ("desk", one, listed),
            ("help", shared, {**listed, **owned_by_two}),
            # The list of its domain decides.
            ("wide", two, by_local_part),
            # The list of the database decides, written by the preset: our domains.
            ("home", shared, by_local_part),
            ("loose", one.browse(), {**listed, "alias_defaults": of_one}),
            ("info", one, listed),
            ("info", two, {}),
        ):
            where = domain.name.removesuffix(".test") if domain else "loose"
            aliases[local_part, where] = cls.make_alias(
                local_part,
                "res.partner",
                alias_domain_id=domain.id,
                **values,
            )
        return aliases

    @classmethod
    def make_user(cls, company, group):
        return mail_new_test_user(
            cls.env,
            login=f"{group}-{company.id}",
            groups=f"mail_postmaster.group_{group}",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    def fetch(self, raw):
        """Deliver a message like the fetcher and return its row of the log."""
        entry = self.env["mail.thread"].with_context(default_fetchmail_server_id=self.server.id)
        before = self.log.search([], limit=1).id or 0
        try:
            entry.message_process(False, raw)
        except ValueError:
            # Core's error for a message without a route: this caller has written before.
            self.env.invalidate_all()
        return self.log.search([("id", ">", before)])

    def check_cells(self, table):
        for number, (local_part, domain, who, whose) in enumerate(cells(table)):
            address = f"{local_part}@{domain}"
            with self.subTest(address=address, who=who, whose=whose):
                # Many messages from one sender would count as a loop.
                row = self.fetch(
                    self.mail(
                        sender=f"s{number}@customer.test",
                        to=address,
                        message_id=f"<{number}@customer.test>",
                    )
                )
                self.check_who(row, local_part, who)
                self.check_whose(row, whose)
                self.check_readers(row, who, whose)

    def check_who(self, row, local_part, who):
        self.assertReason(row, *REASONS.get(who, TO_AN_ALIAS))
        alias = self.aliases[local_part, who] if who not in REASONS else self.alias.browse()
        self.assertEqual(row.delivery_ids.alias_id, alias)
        targets = [f"alias:{alias.id}"] if alias else []
        self.assertEqual(row.delivery_ids.mapped("target"), targets)
        steps = [(step["step"], step["hit"]) for step in row.trace]
        self.assertEqual(("answer", True) in steps, who == "answer")

    def check_whose(self, row, whose):
        expected = self.env.company if whose == "-" else self.companies[int(whose) - 1]
        self.assertEqual(row.company_id, expected)

    def check_readers(self, row, who, whose):
        """Administrators see the messages of their company; users see those in their documents."""
        for number, (user, admin) in enumerate(zip(self.users, self.admins, strict=True), 1):
            is_theirs = whose == str(number)
            self.assertEqual(self.sees(admin, row), is_theirs, admin.login)
            self.assertEqual(self.sees(user, row), is_theirs and who not in REASONS, user.login)

    def sees(self, user, row):
        return bool(self.log.with_user(user).search([("id", "=", row.id)]))

    def test_companies_with_domains_of_their_own(self):
        self.check_cells(MATRIX)

    def test_companies_with_the_shared_domain(self):
        self.companies.alias_domain_id = self.domains[2]
        self.check_cells(BOTH_HAVE_THE_SHARED_DOMAIN)

    def test_envelope_tells_the_domain(self):
        """A blind copy belongs to the company whose domain it was sent to, not to those in To."""
        for number, written in enumerate(("friend@one.test", "")):
            with self.subTest(written=written):
                row = self.fetch(
                    b"X-Original-To: nobody@two.test\r\n"
                    + self.mail(
                        to=written,
                        message_id=f"<blind{number}@customer.test>",
                    )
                )
                self.check_who(row, "nobody", "parked")
                self.check_whose(row, "2")
                self.check_readers(row, "parked", "2")
                self.assertEqual(row.reason_params, {"recipients": "nobody@two.test"})
                self.assertStep(row, "alias_unknown", hit=False)
                self.assertStep(row, "evidence")
