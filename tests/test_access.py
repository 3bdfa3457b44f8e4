"""Who may do what: a table of every public method and route, with the tests.

A method or route that is not in the table fails ``test_table_is_complete`` until its users are
decided.
"""

import contextlib
import logging

from odoo import http
from odoo.exceptions import AccessError
from odoo.service.model import call_kw
from odoo.tests import TransactionCase, tagged

from .screens_common import DOMAIN, ReceivedMail, raw_mail

# Who may call a method.
ADMINISTRATOR = "a Postmaster administrator of the message's companies"
EVERY_COMPANY = "system administrators, and Postmaster administrators of all companies"
READER = "a user who may read the message or delivery"
GATEWAY = "members of the group Mail Gateway"
SYSTEM = "system administrators, as in core"
CORE = "an override that allows whom core allows"
NOTHING = "does nothing and discloses nothing"
SOURCE = "a client with a valid token of an HTTP source"

METHODS = {
    ("fetchmail.server", "action_postmaster_messages"): SYSTEM,
    # Write access decides, as for the fields they write.
    ("fetchmail.server", "action_start_all"): SYSTEM,
    ("fetchmail.server", "action_start_now"): SYSTEM,
    ("fetchmail.server", "create"): CORE,
    ("fetchmail.server", "write"): CORE,
    ("ir.config_parameter", "create"): CORE,
    ("ir.config_parameter", "write"): CORE,
    ("mail.alias", "create"): CORE,
    ("mail.alias", "unlink"): CORE,
    ("mail.alias", "write"): CORE,
    ("mail.alias.domain", "create"): CORE,
    ("mail.alias.domain", "search"): CORE,
    ("mail.alias.domain", "unlink"): CORE,
    ("mail.alias.domain", "write"): CORE,
    ("mail.thread", "fields_get"): CORE,
    ("res.company", "cache_invalidation_fields"): CORE,
    ("mail.postmaster.watched", "create"): CORE,
    ("mail.postmaster.watched", "unlink"): CORE,
    ("mail.postmaster.watched", "write"): CORE,
    ("res.partner", "search"): CORE,
    ("mail.gateway.allowed", "create"): CORE,
    ("mail.gateway.allowed", "unlink"): CORE,
    ("mail.gateway.allowed", "write"): CORE,
    # Of mail.alias and mail.alias.domain; they write nothing else.
    ("mail.postmaster.scope", "create"): CORE,
    ("mail.postmaster.scope", "write"): CORE,
    ("mail.mail", "create"): CORE,
    ("mail.mail", "send"): CORE,
    ("mail.mail", "send_after_commit"): CORE,
    ("mail.message", "create"): CORE,
    ("mail.message", "write"): CORE,
    ("mail.postmaster.assign", "action_process"): ADMINISTRATOR,
    ("mail.postmaster.redirect", "action_process"): ADMINISTRATOR,
    ("mail.postmaster.assign", "create"): ADMINISTRATOR,
    ("mail.postmaster.assign", "default_get"): ADMINISTRATOR,
    ("mail.postmaster.assign", "write"): ADMINISTRATOR,
    ("mail.postmaster.redirect", "create"): ADMINISTRATOR,
    ("mail.postmaster.redirect", "default_get"): ADMINISTRATOR,
    ("mail.postmaster.redirect", "write"): ADMINISTRATOR,
    # Tested in test_erase.py.
    ("mail.postmaster.erase", "action_erase"): SYSTEM,
    ("mail.postmaster.delivery", "action_open_alias"): READER,
    ("mail.postmaster.delivery", "action_open_record"): READER,
    ("mail.postmaster.message", "action_download"): ADMINISTRATOR,
    ("mail.postmaster.message", "action_ignore"): ADMINISTRATOR,
    ("mail.postmaster.message", "action_open_received"): READER,
    ("mail.postmaster.message", "action_process_again"): ADMINISTRATOR,
    ("mail.postmaster.message", "action_process_selected"): ADMINISTRATOR,
    ("mail.postmaster.message", "message_post_with_source"): NOTHING,
    ("mail.postmaster.message", "message_subscribe"): NOTHING,
    ("mail.postmaster.message", "process_selected"): ADMINISTRATOR,
    ("mail.postmaster.message", "read_warnings"): READER,
    # Tested in test_database_administrators.py.
    ("mail.postmaster.policy", "apply_preset"): EVERY_COMPANY,
    ("mail.postmaster.policy", "complete_preset"): EVERY_COMPANY,
    ("mail.postmaster.policy", "confirm_database"): EVERY_COMPANY,
    ("mail.postmaster.policy", "trust_servers"): EVERY_COMPANY,
    ("mail.alias.domain", "action_store_name_in_messages"): SYSTEM,
    ("mail.postmaster.retired.address", "create"): SYSTEM,
    ("mail.postmaster.retired.address", "unlink"): SYSTEM,
    ("mail.postmaster.retired.address", "write"): SYSTEM,
    # Tested in test_sources.py.
    ("mail.postmaster.source", "action_mails"): SYSTEM,
    ("mail.postmaster.source", "action_new_token"): SYSTEM,
    ("mail.postmaster.token", "action_revoke"): SYSTEM,
    ("mail.postmaster.folder", "create"): SYSTEM,
    ("mail.postmaster.folder", "write"): SYSTEM,
    ("mail.thread", "message_parse"): CORE,
    ("mail.thread", "message_process"): GATEWAY,
    ("mail.thread", "message_route"): CORE,
    ("res.config.settings", "action_postmaster_apply_preset"): EVERY_COMPANY,
    ("res.config.settings", "action_postmaster_confirm_database"): EVERY_COMPANY,
    # Others get the values of core alone.
    ("res.config.settings", "get_values"): CORE,
    ("res.config.settings", "set_values"): SYSTEM,
}
# Tested in test_controllers.py and test_inbound.py.
ROUTES = {
    "/postmaster/inbound": SOURCE,
    "/postmaster/inbound/mime": SOURCE,
    "/postmaster/mail/<int:mail_id>/raw": ADMINISTRATOR,
    "/postmaster/mail/<int:mail_id>/preview": ADMINISTRATOR,
}
LOG_MODELS = (
    "mail.postmaster.message",
    "mail.postmaster.delivery",
    "mail.postmaster.download",
    "mail.postmaster.raw",
    "mail.postmaster.place",
)
SECRETS = (
    "trace",
    "trace_lines",
    "error",
    "options",
    "intake_key",
    "mail_key",
    "digest",
    "download_ids",
    "authentication_results",
    "authentication_lines",
)


@contextlib.contextmanager
def quiet():
    """Denied access is logged, dozens of times here."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


@tagged("post_install", "-at_install")
class TestAccess(TransactionCase, ReceivedMail):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_received_mail()
        cls.alias = cls.make_alias("users", "res.users")
        cls.contact_alias = cls.make_alias("contacts")
        # A message for an alias of users, whose model only administrators may write; it fails.
        cls.contact = cls.receive(raw_mail(f"contacts@{DOMAIN}", "To contacts"))
        cls.parked = cls.receive(raw_mail(subject="Unknown address"))
        cls.portal = cls.make_user("portal-x", "base.group_portal")
        cls.internal = cls.make_user("internal-x", "base.group_user")
        cls.reader = cls.make_user("reader-x", "mail_postmaster.group_user")
        cls.admin = cls.make_user("admin-x", "mail_postmaster.group_admin")
        cls.stranger = cls.make_user(
            "stranger-x",
            "mail_postmaster.group_admin",
            cls.other_company,
        )
        cls.gateway = cls.make_user("gateway-x", "base.group_user,mail_postmaster.group_gateway")
        cls.delivery = cls.contact.delivery_ids
        cls.env.flush_all()

    def call(self, user, model, method, ids=None, *args, **kwargs):
        """Call a method like a remote caller."""
        records = self.env(user=user, su=False)[model]
        arguments = list(args) if ids is None else [ids, *args]
        with self.env.cr.savepoint():
            return call_kw(records, method, arguments, kwargs)

    def assert_denied(self, user, model, method, ids=None, *args, **kwargs):
        with self.subTest(user=user.login, model=model, method=method), quiet():
            with self.assertRaises(AccessError):
                self.call(user, model, method, ids, *args, **kwargs)

    # --- The table ---------------------------------------------------------------------

    def test_table_is_complete(self):
        found = set()
        for model in self.env.registry.values():
            for definition in model.mro():
                if definition.__module__.startswith("odoo.addons.mail_postmaster."):
                    found |= {
                        (definition._name, name)
                        for name, value in vars(definition).items()
                        if callable(value) and not name.startswith("_") and name != "init"
                    }
        for abstract, heirs in {
            "mail.postmaster.release": ("mail.postmaster.assign", "mail.postmaster.redirect"),
        }.items():
            found = {
                (heir, name)
                for model, name in found
                for heir in (heirs if model == abstract else (model,))
            }
        self.assertEqual(found, set(METHODS))

    def test_routes_are_complete(self):
        found = {}
        for controller in http.Controller.children_classes.get("mail_postmaster", ()):
            for value in vars(controller).values():
                if routing := getattr(value, "original_routing", None):
                    found.update(dict.fromkeys(routing["routes"], routing))
        self.assertEqual(set(found), set(ROUTES))
        for route, routing in found.items():
            with self.subTest(route):
                if ROUTES[route] == SOURCE:
                    expected = {
                        "auth": "none",
                        "csrf": False,
                        "methods": ["POST"],
                        "save_session": False,
                    }
                    self.assertEqual({name: routing[name] for name in expected}, expected)
                    continue
                self.assertEqual(routing["auth"], "user")
                self.assertEqual(routing["methods"], ["GET"])

    def test_init_is_not_public(self):
        self.assert_denied(self.admin, "mail.postmaster.raw", "init", [])

    def test_private_methods_stay_private(self):
        for model, method in (
            ("mail.postmaster.pipeline", "_process_again"),
            ("mail.postmaster.raw", "_read_content"),
            ("mail.postmaster.message", "_process_again"),
            ("res.users", "_readable_mail_models"),
        ):
            self.assert_denied(self.admin, model, method, [])

    # --- Methods for administrators ------------------------------------------------------

    def outsiders(self):
        return self.portal + self.internal + self.reader + self.gateway

    def test_actions_are_for_administrators_of_the_company(self):
        mail = self.parked
        methods = [
            name
            for (model, name), who in METHODS.items()
            if model == "mail.postmaster.message" and who == ADMINISTRATOR
        ]
        self.assertEqual(len(methods), 5)
        for method in methods:
            for user in self.outsiders() + self.stranger:
                self.assert_denied(user, mail._name, method, mail.ids)
            with self.subTest(method):
                self.assertTrue(self.call(self.admin, mail._name, method, mail.ids))
        # Together with a message of one's own company, one of another is denied as well.
        mail.company_id = self.other_company
        self.env.flush_all()
        self.assert_denied(self.admin, mail._name, "action_ignore", (mail + self.contact).ids)
        action = self.call(self.stranger, mail._name, "action_process_selected", mail.ids)
        self.assertEqual(action["params"], {"kinds": {"waiting": mail.ids}, "skipped": 0})

    def test_reader_who_may_read_the_mail_can_not_process_it(self):
        self.assertTrue(self.contact.with_user(self.reader).subject)
        for method in ("action_process_again", "action_ignore", "action_download"):
            self.assert_denied(self.reader, self.contact._name, method, self.contact.ids)

    def test_dialogs(self):
        for model in ("mail.postmaster.redirect", "mail.postmaster.assign"):
            for user in self.outsiders():
                self.assert_denied(user, model, "create", None, {"mail_id": self.parked.id})
            wizard = self.env[model].with_user(self.admin).create({"mail_id": self.parked.id})
            for user in self.outsiders() + self.stranger:
                self.assert_denied(user, model, "action_process", wizard.ids)
                self.assert_denied(user, model, "read", wizard.ids, ["subject"])
        self.assertEqual(self.parked.state, "parked", self.parked.reason)

    def test_dialogs_tell_nothing_of_another_company(self):
        """A user may read everything that a dialog shows of its message."""
        mine = self.receive(raw_mail(subject="Mine"))
        mine.company_id = self.other_company
        self.env.flush_all()
        shown = {
            "mail_id": {"fields": {"display_name": {}}},
            "subject": {},
            "email_from": {},
            "recipients": {},
            "sender_was_told": {},
        }
        for model in ("mail.postmaster.redirect", "mail.postmaster.assign"):
            foreign = {"mail_id": self.parked.id}
            opened = {"context": {"active_model": self.parked._name, "active_id": self.parked.id}}
            denied = self.assert_denied
            denied(self.stranger, model, "create", None, foreign)
            denied(self.stranger, model, "default_get", None, ["mail_id"], **opened)
            denied(self.stranger, model, "onchange", [], {}, [], shown, **opened)
            denied(self.stranger, model, "onchange", [], foreign, [], shown)
            denied(self.stranger, model, "onchange", [], foreign, ["mail_id"], shown)
            denied(self.stranger, model, "web_save", [], foreign, shown)
            own = self.env[model].with_user(self.stranger).create({"mail_id": mine.id})
            self.assertEqual(own.subject, "Mine")
            denied(self.stranger, model, "write", own.ids, foreign)
            denied(self.stranger, model, "web_save", own.ids, foreign, shown)
            # However it got there.
            own.sudo().mail_id = self.parked
            self.env.flush_all()
            self.env.invalidate_all()
            for name in ("subject", "email_from", "recipients", "sender_was_told"):
                denied(self.stranger, model, "read", own.ids, [name])
            denied(self.stranger, model, "action_process", own.ids)

    def test_dialogs_read_nothing_as_superuser(self):
        """A related field, or one computed as superuser, would show what the user may not see."""
        names = set()
        for model in self.env.registry.values():
            if not model._transient:
                continue
            for field in model._fields.values():
                if field._module == "mail_postmaster" and (field.related or field.compute):
                    names.add(field.name)
                    with self.subTest(field=str(field)):
                        self.assertFalse(field.compute_sudo)
                        self.assertFalse(field.related and field.related_sudo)
        self.assertLessEqual({"subject", "email_from", "recipients", "sender_was_told"}, names)

    def test_settings_are_for_the_systems_administrators(self):
        self.assert_denied(
            self.admin,
            "res.config.settings",
            "create",
            None,
            {"postmaster_raw_days": 1},
        )

    # --- Methods for readers -------------------------------------------------------------

    def test_reading_methods(self):
        outsiders = self.portal + self.internal + self.gateway
        message = self.delivery.mail_message_id
        self.assertTrue(message)
        log, deliveries = "mail.postmaster.message", "mail.postmaster.delivery"
        for user in outsiders:
            self.assert_denied(user, log, "read_warnings", None)
            self.assert_denied(user, log, "action_open_received", None, message.id)
        for user in outsiders + self.stranger:
            for method in ("action_open_record", "action_open_alias"):
                self.assert_denied(user, deliveries, method, self.delivery.ids)
        for user in self.reader + self.admin:
            action = self.call(user, deliveries, "action_open_record", self.delivery.ids)
            self.assertEqual(action["res_model"], "res.partner")
            action = self.call(user, log, "action_open_received", None, message.id)
            self.assertEqual(action["res_id"], self.contact.id)
        self.assertEqual(
            self.call(self.reader, log, "read_warnings", None),
            {
                "is_copy": False,
                "is_passed_through": False,
                "may_confirm": False,
                "offers_added": False,
                "offers_recommended": self.env["mail.postmaster.policy"]._offers_recommended(),
                # Only users who may change alias domains are told about them.
                "stored_otherwise": [],
                # Nor can others trust a server.
                "suggested_servers": (),
                "unchecked_senders": self.env["mail.postmaster.authentication"]._is_unsettled()
                and "withheld",
                "waiting": 0,
            },
        )

    def test_names_of_domains_are_for_the_systems_administrators(self):
        self.env.cr.execute(
            "UPDATE mail_alias_domain SET name = upper(name) WHERE id = %s",
            [self.domain.id],
        )
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        method, ids = "action_store_name_in_messages", self.domain.ids
        for user in self.outsiders() + self.admin + self.stranger:
            self.assert_denied(user, "mail.alias.domain", method, ids)
        root = self.make_user("domains-x", "base.group_system")
        self.call(root, "mail.alias.domain", method, ids)
        self.assertEqual(self.domain.name, DOMAIN)

    def test_servers_and_folders_are_for_the_systems_administrators(self):
        folder = self.env["mail.postmaster.folder"].create({"server_id": self.server.id})
        for user in self.outsiders() + self.admin + self.stranger:
            for method in ("action_start_now", "action_start_all"):
                self.assert_denied(user, "fetchmail.server", method, self.server.ids)
            self.assert_denied(user, folder._name, "write", folder.ids, {"name": "Other"})
            self.assert_denied(user, folder._name, "read", folder.ids, ["name"])
        root = self.make_user("servers-x", "base.group_system")
        self.call(root, "fetchmail.server", "action_start_all", self.server.ids)
        self.assertEqual(self.server.start_from, "all")

    # --- Routes --------------------------------------------------------------------------

    def test_only_the_gateway_submits(self):
        raw = raw_mail(f"contacts@{DOMAIN}", "Submitted").decode()
        for model in ("mail.thread", "res.partner"):
            for user in self.portal + self.internal + self.reader + self.admin + self.stranger:
                self.assert_denied(user, model, "message_process", None, "res.partner", raw)
        messages = self.env["mail.postmaster.message"]
        self.assertFalse(messages.search([("subject", "=", "Submitted")]))
        self.call(self.gateway, "mail.thread", "message_process", None, False, raw)
        mail = messages.search([("subject", "=", "Submitted")])
        self.assertEqual(mail.user_id, self.gateway)

    # --- Records -------------------------------------------------------------------------

    def test_nobody_writes_the_log(self):
        rows = {
            row._name: row
            for row in (
                self.contact,
                self.delivery,
                self.env["mail.postmaster.download"].create({"mail_number": 1}),
                self.env["mail.postmaster.raw"].search([], limit=1),
                self.env["mail.postmaster.place"].create(
                    {
                        "number": "1",
                        "todo": "mark",
                        "since": "2026-01-01 00:00:00",
                        "folder_id": self.env["mail.postmaster.folder"]
                        .create(
                            {
                                "server_id": self.server.id,
                            }
                        )
                        .id,
                    }
                ),
            )
        }
        self.assertEqual(set(rows), set(LOG_MODELS))
        root = self.make_user("system-x", "base.group_system")
        for model, row in rows.items():
            self.assertTrue(row)
            for user in self.outsiders() + self.admin + self.stranger + root:
                self.assert_denied(user, model, "write", row.ids, {"write_date": False})
                self.assert_denied(user, model, "create", None, {})
                self.assert_denied(user, model, "unlink", row.ids)

    def test_who_reads_what(self):
        # (user, may read the message to contacts, may read the one without recipients)
        for user, contact, parked in (
            (self.portal, False, False),
            (self.internal, False, False),
            (self.gateway, False, False),
            (self.reader, True, False),
            (self.admin, True, True),
            (self.stranger, False, False),
        ):
            for mail, may in ((self.contact, contact), (self.parked, parked)):
                with self.subTest(user=user.login, mail=mail.subject), quiet():
                    self.assertEqual(mail.with_user(user).has_access("read"), may)
                    if user not in self.portal + self.internal + self.gateway:
                        found = self.env[mail._name].with_user(user).search([("id", "=", mail.id)])
                        self.assertEqual(bool(found), may)
            with quiet():
                self.assertEqual(self.delivery.with_user(user).has_access("read"), contact)
                self.assertFalse(self.env["mail.postmaster.raw"].with_user(user).has_access("read"))
                self.assertEqual(
                    self.env["mail.postmaster.download"].with_user(user).has_access("read"),
                    user in self.admin + self.stranger,
                )

    def test_reader_sees_what_the_documents_say(self):
        # System Parameters, as a model that readers may not read.
        self.contact_alias.alias_model_id = self.env["ir.model"]._get("ir.config_parameter")
        self.delivery.model = "ir.config_parameter"
        self.env.flush_all()
        with quiet():
            self.assertFalse(self.contact.with_user(self.reader).has_access("read"))
        # A message refused by its alias has no document, only the alias.
        self.delivery.model = False
        self.contact_alias.alias_model_id = self.env["ir.model"]._get("res.partner")
        self.env.flush_all()
        self.assertTrue(self.contact.with_user(self.reader).has_access("read"))

    def test_rule_follows_access_rights(self):
        self.assertTrue(self.contact.with_user(self.reader).has_access("read"))
        self.env["ir.model.access"].search(
            [
                ("model_id.model", "=", "res.partner"),
                ("perm_read", "=", True),
            ]
        ).perm_read = False
        self.env.invalidate_all()
        with quiet():
            self.assertFalse(self.contact.with_user(self.reader).has_access("read"))

    def test_readers_see_no_secrets(self):
        mail = self.contact.with_user(self.reader)
        self.assertEqual(mail.state, "delivered")
        self.assertEqual(mail.reason, f"Created a record through the address contacts@{DOMAIN}.")
        self.assertEqual(mail.email_from, "Ann <ann@customer.test>")
        for name in SECRETS:
            with self.subTest(name), quiet():
                with self.assertRaises(AccessError):
                    mail.read([name])
                self.assertNotIn(name, mail.fields_get())
                self.contact.with_user(self.admin).read([name])
        with quiet(), self.assertRaises(AccessError):
            mail.search([("error", "ilike", "Traceback")])

    def test_server_name_for_administrators_who_may_not_read_servers(self):
        mail = self.contact.with_user(self.admin)
        values = mail.web_read({"fetchmail_server_id": {"fields": {"display_name": {}}}})
        self.assertEqual(values[0]["fetchmail_server_id"]["display_name"], self.server.name)
        with quiet(), self.assertRaises(AccessError):
            self.server.with_user(self.admin).read(["password"])
