"""Rows that core reads one by one are cached in advance, with the values core would read."""

from odoo.fields import Domain
from odoo.tests import tagged

from ..context_keys import ATTEMPT
from ..models.core.res_users import TABLES
from ..pipeline.attempt import Attempt
from ..pipeline.mail import Mail
from ..pipeline.submission import Submission
from ..shortcuts.cache_prefill import columns
from ..shortcuts.memoize import CHANGED
from .common import GatewayCase


@tagged("post_install", "-at_install")
class TestReadTogether(GatewayCase):
    def setUp(self):
        super().setUp()
        self.env.flush_all()
        self.env.invalidate_all()

    def cached(self, record):
        """Return ``{column: value}`` from the cache of a record, without reading."""
        found = {}
        for name, field in record._fields.items():
            values = field._get_cache(record.env)
            if not field.translate and record.id in values:
                found[name] = values[record.id]
        return found

    def check_same_as_core(self, record):
        """Compare what was put into the cache with what core reads into it."""
        put = self.cached(record)
        self.assertLessEqual(set(columns(record)), set(put))
        self.env.invalidate_all()
        record.fetch(columns(record))
        self.assertEqual(
            {name: put[name] for name in columns(record)},
            {name: self.cached(record)[name] for name in columns(record)},
        )

    def whoever_processes(self, user, company):
        return zip(
            TABLES,
            (user.id, user.partner_id.id, company.id, company.currency_id.id),
            strict=True,
        )

    def test_what_is_read_together_is_what_core_reads(self):
        user = self.env["res.users"].create(
            {
                "name": "Gateway",
                "login": "gateway@example.com",
                "tz": "Asia/Tokyo",
            }
        )
        for model, record_id in list(self.whoever_processes(user, user.company_id)):
            self.env.flush_all()
            self.env.invalidate_all()
            self.env["res.users"].with_user(user).sudo()._read_together()
            self.check_same_as_core(self.env[model].browse(record_id))

    def test_nothing_of_it_is_read_again(self):
        user, company = self.env.user, self.env.company
        expected = (user.lang, company.name, company.currency_id.rounding, user.partner_id.name)
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(1):
            self.env["res.users"]._read_together()
            found = (user.lang, company.name, company.currency_id.rounding, user.partner_id.name)
        self.assertEqual(found, expected)

    def test_company_of_the_mail_is_read(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.env.flush_all()
        self.env.invalidate_all()
        self.env["res.users"].with_context(allowed_company_ids=other.ids)._read_together()
        with self.assertQueryCount(0):
            self.assertEqual(other.name, "Other")

    def test_pending_change_is_not_undone(self):
        self.assertTrue(self.env.company.name)
        self.env.company.name = "Changed"
        self.env["res.users"]._read_together()
        self.assertEqual(self.env.company.name, "Changed")

    def test_user_who_is_gone_is_no_error(self):
        self.assertIsNone(self.env["res.users"].with_user(2**30)._read_together())

    def test_names_of_models_are_in_memory(self):
        found = self.env["ir.model"].search([("model", "in", ("res.partner", "mail.alias"))])
        expected = found.mapped("model")
        found._take_names_for_read()
        self.env.invalidate_all()
        found._take_names_for_read()
        with self.assertQueryCount(0):
            self.assertEqual(found.mapped("model"), expected)

    def test_model_made_meanwhile_is_read(self):
        self.env["ir.model"]._names()
        made = self.env["ir.model"].create({"name": "Later", "model": "x_later"})
        self.env.flush_all()
        self.env.invalidate_all()
        made._take_names_for_read()
        self.assertEqual(made.model, "x_later")

    # --- Aliases ----------------------------------------------------------------------

    def test_aliases_are_those_that_a_search_finds(self):
        other_domain = self.env["mail.alias.domain"].create({"name": "other.test"})
        self.make_alias("sales", "res.partner")
        self.make_alias("sales", "res.partner", alias_domain_id=other_domain.id)
        self.make_alias(
            "help",
            "res.partner",
            alias_domain_id=other_domain.id,
            alias_incoming_local=True,
        )
        self.make_alias("else", "res.partner")
        aliases = self.env["mail.alias"]
        for names, homes, ids in (
            (["sales"], None, []),
            (["sales"], [], []),
            (["sales", "help"], [], []),
            (["sales", "help"], self.domain.ids, []),
            (["sales"], [], self.alias.ids),
            ([], None, self.alias.ids),
            ([], [], []),
            (["nobody"], None, []),
        ):
            named = Domain("alias_name", "in", names)
            if homes is not None:
                named &= Domain("alias_incoming_local", "=", True) | Domain(
                    "alias_domain_id", "in", homes
                )
            expected = aliases.search(named | Domain("id", "in", ids), order="id")
            self.assertEqual(aliases._named(names, homes, ids), expected, (names, homes, ids))

    def test_alias_that_was_just_changed_is_found(self):
        self.alias.alias_name = "persons"
        self.assertEqual(self.env["mail.alias"]._named(["persons"], None, []), self.alias)

    def test_columns_of_an_alias_are_what_core_reads(self):
        self.env["mail.alias"]._named([], None, self.alias.ids)
        self.check_same_as_core(self.alias)

    # --- Alias domains ------------------------------------------------------------------

    def asked(self):
        """Return an environment of a new attempt that has written nothing, and its version."""
        self.env.flush_all()
        self.env.invalidate_all()
        self.env.cr.cache.pop(CHANGED, None)
        row = {"id": 0, "mail_key": "<a@b>", "digest": "", "recipients": ""}
        attempt = Attempt(Mail.of(row, Submission(b"", "mail.thread", "rpc"), False))
        attempt.found.alias_domains_version = self.env["res.users"]._read_together()
        return self.env(context={**self.env.context, ATTEMPT: attempt}, su=True)

    def test_columns_of_a_domain_are_what_core_reads(self):
        self.assertIn(self.domain, self.asked()["mail.alias.domain"].search([]))
        self.check_same_as_core(self.domain)

    def test_domains_are_read_for_many_mails(self):
        self.asked()["mail.alias.domain"].search([])
        domains = self.asked()["mail.alias.domain"]
        with self.assertQueryCount(0):
            self.assertIn("postmaster.test", domains.search([]).mapped("name"))

    def test_domain_that_another_process_changes_is_read_again(self):
        self.asked()["mail.alias.domain"].search([])
        # Bypassing the ORM: another process does not clear this one's caches before it is
        # signalled.
        self.env.cr.execute(
            "UPDATE mail_alias_domain SET catchall_alias = 'everything' WHERE id = %s",
            [self.domain.id],
        )
        domains = self.asked()["mail.alias.domain"].search([])
        self.assertEqual(self.domain.with_env(domains.env).catchall_alias, "everything")
        self.env.cr.execute(
            "UPDATE mail_alias_domain SET sequence = -1 WHERE id = %s",
            [
                self.domain.id,
            ],
        )
        self.assertEqual(self.asked()["mail.alias.domain"].search([])[0].id, self.domain.id)

    def test_what_is_undone_is_not_kept(self):
        env = self.asked()
        with self.assertRaises(LookupError), self.env.cr.savepoint():
            self.domain.with_env(env).catchall_alias = "never"
            env["mail.alias.domain"].search([])
            raise LookupError
        domains = self.asked()["mail.alias.domain"].search([])
        self.assertEqual(self.domain.with_env(domains.env).catchall_alias, "catchall")

    def test_value_that_is_no_choice_any_more_is_no_error(self):
        self.env.cr.execute(
            "UPDATE mail_alias_domain SET auto_reply_policy = 'gone' WHERE id = %s",
            [self.domain.id],
        )
        self.assertIn(self.domain, self.asked()["mail.alias.domain"].search([]))
