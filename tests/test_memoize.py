"""What core asks several times about one message is computed once, and never wrongly."""

from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.mail.models.res_partner import ResPartner

from ..context_keys import ATTEMPT
from ..pipeline.attempt import Attempt, RouteInHand
from ..pipeline.mail import Mail
from ..pipeline.submission import Submission
from ..shortcuts.memoize import CHANGED
from .common import GatewayCase


@tagged("post_install", "-at_install")
class TestMemoize(GatewayCase):
    def setUp(self):
        super().setUp()
        self.env.flush_all()

    def in_new_transaction(self):
        """Return an environment of an attempt in which nothing has been written yet."""
        self.env.cr.cache.pop(CHANGED, None)
        row = {"id": 0, "mail_key": "<a@b>", "digest": "", "recipients": ""}
        attempt = Attempt(Mail.of(row, Submission(b"", "mail.thread", "rpc"), True))
        return self.env(context={**self.env.context, ATTEMPT: attempt})

    def statements(self, call):
        """Return ``[(text, parameters)]`` of the statements of a call."""
        seen = []
        execute = self.env.cr.execute

        def note(query, *args, **kwargs):
            seen.append(
                (
                    str(getattr(query, "code", query)),
                    repr(getattr(query, "params", args)),
                )
            )
            return execute(query, *args, **kwargs)

        with patch.object(self.env.cr, "execute", note):
            call()
        return seen

    def test_contact_is_looked_up_once(self):
        env = self.in_new_transaction()
        find = env["res.partner"]._find_or_create_from_emails

        def ask():
            for _time in range(3):
                find(["jane@example.org"], no_create=True)

        about = [text for text, _parameters in self.statements(ask) if "res_partner" in text]
        self.assertEqual(len(about), 1)

    def test_contact_made_on_the_way_is_found(self):
        env = self.in_new_transaction()
        find = env["res.partner"]._find_or_create_from_emails
        self.assertFalse(find(["jane@example.org"], no_create=True)[0])
        made = env["res.partner"].create({"name": "Jane", "email": "jane@example.org"})
        self.assertEqual(find(["jane@example.org"], no_create=True)[0], made)
        made.email = "other@example.org"
        self.assertFalse(find(["jane@example.org"], no_create=True)[0])

    def test_contact_made_without_our_context_is_found(self):
        env = self.in_new_transaction()
        find = env["res.partner"]._find_or_create_from_emails
        find(["jane@example.org"], no_create=True)
        made = self.env["res.partner"].create({"name": "Jane", "email": "jane@example.org"})
        self.assertEqual(find(["jane@example.org"], no_create=True)[0], made)

    def looks(self, env, calls):
        """Return how often contacts are searched in calls of ``_partner_find_from_emails``.

        :param calls: ``(record, whether only users count)`` of each call
        """
        find = ResPartner._find_or_create_from_emails
        with patch.object(
            ResPartner,
            "_find_or_create_from_emails",
            autospec=True,
            side_effect=find,
        ) as looked:
            found = [
                record._partner_find_from_emails_single(
                    ["Jane <jane@example.org>"],
                    no_create=True,
                    filter_found=(lambda partner: partner.user_ids) if only_users else None,
                )
                for record, only_users in calls
            ]
        return found, looked.call_count

    def test_stranger_is_looked_for_once(self):
        env = self.in_new_transaction()
        nobody = env["res.partner"]
        threads, record = env["mail.thread"], env.user.partner_id
        calls = [(threads, True), (threads, False), (record, False)]
        self.assertEqual(self.looks(env, calls), ([nobody] * 3, 0))
        jane = self.env["res.partner"].create({"name": "Jane", "email": "jane@example.org"})
        self.assertEqual(self.looks(env, calls), ([nobody, jane, jane], 3))

    def test_stranger_for_another_addon(self):
        """An addon that also finds contacts by other addresses is asked, once."""
        env = self.in_new_transaction()
        threads, record = env["mail.thread"], env.user.partner_id
        shortcuts = env["mail.postmaster.shortcuts"]
        self.assertTrue(shortcuts._finds_as_core("mail.thread"))
        self.assertTrue(shortcuts._finds_as_core("res.partner"))
        calls = [(threads, True), (threads, False), (record, False)]
        with patch.object(type(shortcuts), "_finds_as_core", return_value=False):
            self.assertEqual(self.looks(env, calls), ([env["res.partner"]] * 3, 1))

    def test_other_ways_to_find_contacts_are_seen(self):
        other = type(
            "Other",
            (),
            {
                "__module__": "odoo.addons.other.models",
                "_find_or_create_from_emails": lambda self: None,
            },
        )
        partners = type(self.env["res.partner"])
        bases = partners.__bases__
        self.env.registry.clear_cache()
        self.addCleanup(self.env.registry.clear_cache)
        try:
            partners.__bases__ = (other, *bases)
            self.assertFalse(self.env["mail.postmaster.shortcuts"]._finds_as_core("mail.thread"))
        finally:
            partners.__bases__ = bases

    def test_known_contact_is_looked_for_once_for_a_record(self):
        jane = self.env["res.partner"].create({"name": "Jane", "email": "jane@example.org"})
        env = self.in_new_transaction()
        threads, record = env["mail.thread"], env.user.partner_id
        calls = [(threads, True), (threads, False), (threads, False), (record, False)]
        self.assertEqual(self.looks(env, calls), ([env["res.partner"], jane, jane, jane], 3))

    def test_contact_who_becomes_follower_or_user_comes_first(self):
        older, younger = self.env["res.partner"].create(
            [
                {"name": "Jane", "email": "jane@example.org"},
                {"name": "Jane", "email": "jane@example.org"},
            ]
        )
        record = self.env["res.partner"].create({"name": "Record"})
        env = self.in_new_transaction()
        record = record.with_env(env)
        self.assertEqual(self.looks(env, [(record, False)])[0], [older])
        record.message_subscribe(younger.ids)
        self.assertEqual(self.looks(env, [(record, False)])[0], [younger])
        self.assertEqual(self.looks(env, [(env["mail.thread"], False)])[0], [older])
        self.env["res.users"].create(
            {
                "name": "Jane",
                "login": "jane",
                "partner_id": younger.id,
            }
        )
        self.assertEqual(self.looks(env, [(env["mail.thread"], False)])[0], [younger])

    def test_author_is_the_contact_that_the_mail_makes(self):
        self.env.cr.cache.pop(CHANGED, None)
        partner_id, _row = self.receive(self.mail(sender="jane@example.org"))
        partner = self.env["res.partner"].browse(partner_id)
        self.assertEqual(partner.message_ids[-1:].author_id, partner)

    def test_another_search_is_not_kept(self):
        env = self.in_new_transaction()
        for domain, order in (
            ([("name", "=", "Jane")], "id ASC"),
            ([("email", "=", "j@example.org")], "name"),
        ):
            asked = self.statements(
                lambda d=domain, o=order: [
                    env["res.partner"].search(d, order=o).ids for _time in range(2)
                ]
            )
            self.assertEqual(len(asked), 2)

    def test_alias_domains_are_read_once(self):
        env = self.in_new_transaction()
        domains = env["mail.alias.domain"]
        self.assertEqual(len(self.statements(lambda: [domains.search([]), domains.search([])])), 1)
        made = domains.create({"name": "later.example.com"})
        self.assertIn(made, domains.search([]))

    def test_former_answer_of_another_user_is_not_given(self):
        env = self.in_new_transaction()
        domains = env["mail.alias.domain"]
        everybodys = domains.search([])
        self.assertTrue(everybodys)
        company = self.env["res.company"].create({"name": "Other"})
        user = self.env["res.users"].create(
            {
                "name": "Other",
                "login": "other@example.com",
                "company_id": company.id,
                "company_ids": company.ids,
            }
        )
        self.env.cr.cache.pop(CHANGED, None)
        own = self.env["mail.alias.domain"].with_user(user).search([])
        self.assertEqual(domains.with_user(user).search([]), own)

    def test_company_of_a_domain_follows_changes(self):
        domain = self.env["mail.alias.domain"].create({"name": "own.example.com"})
        self.assertFalse(domain._only_company())
        one, two = self.env["res.company"].create(
            [
                {"name": "One", "alias_domain_id": domain.id},
                {"name": "Two", "alias_domain_id": False},
            ]
        )
        self.assertEqual(domain._only_company(), one)
        two.alias_domain_id = domain
        self.assertFalse(domain._only_company())
        one.alias_domain_id = False
        self.assertEqual(domain._only_company(), two)
        two.active = False
        self.assertFalse(domain._only_company())

    def test_fields_are_described_as_core_does(self):
        env = self.in_new_transaction()
        expected = self.env["res.partner"].fields_get()
        env.context[ATTEMPT].route = RouteInHand("thread:res.partner,1")
        self.assertEqual(env["res.partner"].fields_get(), expected)
        env["res.partner"].fields_get()["name"]["string"] = "changed"
        self.assertEqual(env["res.partner"].fields_get(), expected)
        some = self.env["res.partner"].fields_get(["name"], ["type"])
        self.assertEqual(env["res.partner"].fields_get(["name"], ["type"]), some)

    def test_addresses_in_the_header_need_one_look_at_the_aliases(self):
        self.env["mail.postmaster.policy"].apply_preset("recommended")
        self.env.flush_all()
        self.env.cr.cache.pop(CHANGED, None)
        statements = self.statements(
            lambda: self.receive(
                self.mail(sender="jane@example.org", headers="Cc: friend@example.org\n"),
            )
        )
        asked = [
            text
            for text, parameters in statements
            if "alias_name" in text and any(name in parameters for name in ("jane", "friend"))
        ]
        self.assertEqual(len(asked), 1, asked)
