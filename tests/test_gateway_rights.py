"""A gateway delivers messages and chooses nothing, over XML-RPC and for every mail thread."""

from unittest.mock import patch
from xmlrpc.client import Binary, Fault

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, TransactionCase, tagged
from odoo.tools import mute_logger

from ..pipeline.caller import THREAD
from .screens_common import DOMAIN, ReceivedMail, raw_mail

# What must not be created, whichever model a caller names.
CODE = ("ir.cron", "ir.actions.server")
LOGGERS = (
    "odoo.addons.mail_postmaster.pipeline.caller",
    "odoo.http",
    "odoo.sql_db",
    "odoo.addons.base.models.ir_model",
    "odoo.addons.rpc.controllers.xmlrpc",
)
CUSTOM_CODE = {
    "name": "Planted",
    "state": "code",
    "code": "env.cr.execute('SELECT 1')",
    "interval_type": "minutes",
    "interval_number": 1,
}


class GatewayCase(ReceivedMail):
    @classmethod
    def set_up_gateway(cls):
        cls.set_up_received_mail()
        cls.gateway = cls.make_user(
            "gateway-rights",
            "base.group_user,mail_postmaster.group_gateway",
        )
        cls.administrator = cls.make_user("administrator-rights", "base.group_system")
        cls.make_alias("contacts")
        cls.log = cls.env["mail.postmaster.message"]

    def threads(self):
        """Return the names of all models that have a table and are mail threads."""
        found = [
            name
            for name, model in self.env.registry.items()
            if not model._abstract and name != THREAD and hasattr(model, "message_process")
        ]
        self.assertGreater(len(found), 3)
        for name in CODE:
            self.assertIn(name, found)
        return sorted(found)

    def unrouted(self):
        allowed = self.env["mail.postmaster.pipeline"]._routed_models()
        self.assertIn("res.partner", allowed)
        return [name for name in self.threads() if name not in allowed]

    def counts(self, models):
        self.env.invalidate_all()
        return {
            name: self.env[name].with_context(active_test=False).search_count([])
            for name in {*models, *CODE, "res.partner", self.log._name}
        }


@tagged("post_install", "-at_install")
class TestGatewayRightsOverRpc(HttpCase, GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_gateway()

    def call(self, entry, method, /, *args, user=None, **kwargs):
        user = user or self.gateway
        return self.xmlrpc_object.execute_kw(
            self.env.cr.dbname,
            user.id,
            user.login,
            entry,
            method,
            args,
            kwargs,
        )

    def raw(self, subject, to=f"nobody@{DOMAIN}"):
        return Binary(raw_mail(to, subject))

    def assert_refused(self, sentence, entry, /, *args, **kwargs):
        with mute_logger(*LOGGERS):
            with self.assertRaises(Fault) as fault:
                self.call(entry, "message_process", *args, **kwargs)
        self.assertIn(sentence, fault.exception.faultString)

    def test_every_thread_that_nothing_routes_to(self):
        models = self.unrouted()
        before = self.counts(models)
        for user in (self.gateway, self.administrator):
            for name in models:
                with self.subTest(user=user.login, model=name):
                    raw = self.raw(f"To {name}")
                    said = f"creates records of the model {name}. Allowed models: "
                    self.assert_refused(said, THREAD, name, raw, user=user)
                    self.assert_refused(said, THREAD, model=name, message=raw, user=user)
                    self.assert_refused(said, name, False, raw, user=user)
                    self.assert_refused(said, name, "res.partner", raw, user=user)
        self.assertEqual(self.counts(models), before)

    def test_values_that_would_run_code(self):
        values = {**CUSTOM_CODE, "model_id": self.env["ir.model"]._get_id("res.partner")}
        raw = self.raw("Values")
        before = self.counts(CODE)
        for name in (*CODE, "res.partner"):
            for entry in (THREAD, name):
                with self.subTest(model=name, entry=entry):
                    self.assert_refused("custom_values", entry, name, raw, values)
                    self.assert_refused(
                        "custom_values",
                        entry,
                        model=name,
                        message=raw,
                        custom_values=values,
                    )
        self.assertEqual(self.counts(CODE), before)

    def test_record_of_choice(self):
        partner = self.env["res.partner"].create({"name": "Chosen"})
        raw, messages = self.raw("Record"), partner.message_ids
        self.assert_refused(
            "thread_id",
            THREAD,
            "res.partner",
            raw,
            False,
            False,
            False,
            partner.id,
        )
        self.assert_refused(
            "thread_id",
            THREAD,
            model="res.partner",
            message=raw,
            thread_id=partner.id,
        )
        self.env.invalidate_all()
        self.assertEqual(partner.message_ids, messages)
        # The method takes no ids: they would be its first argument.
        with mute_logger(*LOGGERS):
            for model in (THREAD, "res.partner"):
                with self.assertRaises(Fault):
                    self.call(model, "message_process", [partner.id], raw)
        self.assertEqual(partner.message_ids, messages)

    def test_nonsense_instead_of_a_model(self):
        before = self.counts([])
        for model in (["res.partner"], {"a": 1}, 7, THREAD, "no.such.model"):
            with self.subTest(model=model):
                self.assert_refused("Allowed models: ", THREAD, model, self.raw("Nonsense"))
        self.assertEqual(self.counts([]), before)

    def test_what_a_script_of_a_mail_server_sends(self):
        record_id = self.call(
            THREAD,
            "message_process",
            False,
            self.raw("By alias", f"contacts@{DOMAIN}"),
        )
        self.assertEqual(self.env["res.partner"].browse(record_id).name, "By alias")

    def test_models_that_something_routes_to(self):
        self.server.object_id = self.env["ir.model"]._get("res.users")
        self.domain.fallback_model_id = self.env["ir.model"]._get("mail.blacklist")
        allowed = self.env["mail.postmaster.pipeline"]._routed_models()
        self.assertLessEqual({"res.partner", "res.users", "mail.blacklist"}, set(allowed))
        for entry in (THREAD, "res.partner"):
            subject = f"Routed from {entry}"
            record_id = self.call(entry, "message_process", "res.partner", self.raw(subject))
            self.assertEqual(self.env["res.partner"].browse(record_id).name, subject)
        # A route to records that messages cannot create is not refused here: its message is stored.
        with mute_logger(*LOGGERS):
            try:
                self.call(THREAD, "message_process", "mail.blacklist", self.raw("Routed"))
            except Fault as fault:
                self.assertNotIn("Allowed models", fault.faultString)

    def test_archived_server_routes_nothing(self):
        self.server.write({"object_id": self.env["ir.model"]._get_id("res.users"), "active": False})
        self.env.flush_all()
        self.assert_refused(
            "Allowed models: ",
            THREAD,
            "res.users",
            self.raw("Archived"),
            context={"active_test": False},
        )

    def test_context_of_the_caller(self):
        seen = {}

        def message_new(records, msg_dict, custom_values=None):
            seen.update(records.env.context)
            return original(records, msg_dict, custom_values)

        model = type(self.env["res.partner"])
        original = model.message_new
        context = {
            "default_comment": "Planted",
            "default_fetchmail_server_id": self.server.id,
            "allowed_company_ids": [self.other_company.id],
            "mail_postmaster_attempt": "x",
            "mail_postmaster_cursor_session": "x",
            "mail_postmaster_fetch_run": "x",
            "mail_postmaster_store_only": True,
        }
        with patch.object(model, "message_new", message_new):
            record_id = self.call(
                THREAD,
                "message_process",
                "res.partner",
                self.raw("Context"),
                context=context,
            )
        partner = self.env["res.partner"].browse(record_id)
        self.assertEqual((partner.name, partner.comment), ("Context", False))
        self.assertTrue(seen)
        for name in ("default_comment", "default_fetchmail_server_id", "allowed_company_ids"):
            self.assertNotIn(name, seen)
        row = self.log.search([("subject", "=", "Context")])
        self.assertEqual((row.state, row.source), ("delivered", "rpc"))
        self.assertFalse(row.fetchmail_server_id)

    def test_other_methods_of_threads_have_the_callers_rights(self):
        before = self.counts(CODE)
        values = {"subject": "Planted", "email_from": "ann@customer.test"}
        for name in CODE:
            for method, args in (
                ("message_new", (values, CUSTOM_CODE)),
                ("message_update", ([1], values, CUSTOM_CODE)),
                ("message_route", ("x", values, name)),
                ("message_parse", ("x",)),
                ("create", ({"name": "Planted"},)),
                ("_message_route_process", ("x", {}, [])),
            ):
                with self.subTest(model=name, method=method):
                    with mute_logger(*LOGGERS):
                        with self.assertRaises(Fault):
                            self.call(name, method, *args)
        self.assertEqual(self.counts(CODE), before)


@tagged("post_install", "-at_install")
class TestGatewayRights(TransactionCase, GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_gateway()

    def test_records_of_the_caller_are_left_out(self):
        partner = self.env["res.partner"].create({"name": "Chosen"})
        record_id = partner.with_user(self.gateway).message_process(
            "res.partner",
            raw_mail(subject="On a record"),
        )
        self.assertNotEqual(record_id, partner.id)
        self.assertEqual(self.env["res.partner"].browse(record_id).name, "On a record")

    def test_pass_through_has_the_same_rule(self):
        self.env["ir.config_parameter"].set_param("mail.postmaster.enabled", "false")
        entry = self.env[THREAD].with_user(self.gateway)
        with mute_logger(*LOGGERS):
            for arguments in (("ir.cron", raw_mail()), (False, raw_mail(), {"name": "x"})):
                with self.assertRaises(AccessError):
                    entry.message_process(*arguments)
        record_id = entry.with_context(default_comment="Planted").message_process(
            "res.partner",
            raw_mail(subject="Core alone"),
        )
        partner = self.env["res.partner"].browse(record_id)
        self.assertEqual((partner.name, partner.comment), ("Core alone", False))

    def test_superuser_passes_on_what_it_likes(self):
        record_id = self.env[THREAD].message_process(
            "res.partner",
            raw_mail(subject="Own code"),
            {"comment": "Own"},
        )
        self.assertEqual(self.env["res.partner"].browse(record_id).comment, "<p>Own</p>")
        record_id = (
            self.env[THREAD]
            .with_user(self.gateway)
            .sudo()
            .message_process(
                "res.partner",
                raw_mail(subject="In superuser mode"),
                {"comment": "Own"},
            )
        )
        self.assertEqual(self.env["res.partner"].browse(record_id).comment, "<p>Own</p>")

    def test_fetching_is_not_the_callers(self):
        """Core's scheduled action can run as any user, and the context names who fetches."""
        seen = []

        def _fetch_mail(servers, batch_limit=50):
            seen.append(servers.env.su)

        base = next(
            model
            for model in type(self.server).mro()
            if model.__module__ == "odoo.addons.mail.models.fetchmail"
        )
        with patch.object(base, "_fetch_mail", _fetch_mail):
            self.server.with_user(self.administrator)._fetch_mail()
        self.assertEqual(seen, [True])
