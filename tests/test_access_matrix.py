"""Every model of the addon, every group, every remote method that reads or writes.

Each user calls everything a remote caller can call, and no result may contain a word of a message
they may not read. ``READABLE`` and ``RIGHTS`` define who may do what; a model that is in neither,
or a field for administrators that is readable in another way, fails here.
"""

from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import TransactionCase, tagged

from odoo.addons.bus.models.bus import channel_with_db, json_dump

from .screens_common import DOMAIN, ReceivedMail, raw_mail
from .test_access import quiet

LOG, DELIVERY = "mail.postmaster.message", "mail.postmaster.delivery"
DOWNLOAD, RAW = "mail.postmaster.download", "mail.postmaster.raw"
# Words in the messages, by the groups and companies that may read them.
DOCUMENT, NOBODYS, FOREIGN = "Zinnober", "Quecksilber", "Malachit"

USERS = ("public", "portal", "internal", "gateway", "reader", "admin", "stranger", "system")
EVERYTHING = {DOCUMENT, NOBODYS}
READABLE = {
    "public": set(),
    "portal": set(),
    "internal": set(),
    "gateway": set(),
    "reader": {DOCUMENT},
    "admin": EVERYTHING,
    "system": EVERYTHING,
    "stranger": {FOREIGN},
}
# {model: {user: rights}}, of r(ead) w(rite) c(reate) u(nlink); a missing user has none. Which
# records these apply to is tested below.
ADMINISTRATORS = ("admin", "stranger", "system")
RIGHTS = {
    LOG: dict.fromkeys(("reader", *ADMINISTRATORS), "r"),
    DELIVERY: dict.fromkeys(("reader", *ADMINISTRATORS), "r"),
    DOWNLOAD: dict.fromkeys(ADMINISTRATORS, "r"),
    RAW: {},
    "mail.postmaster.quota": {},
    "mail.postmaster.bounce": {},
    "mail.postmaster.place": {},
    "mail.postmaster.folder": {"system": "rwcu"},
    "mail.postmaster.outage": {"system": "r"},
    "mail.postmaster.source": {"system": "rwcu"},
    "mail.postmaster.token": {"system": "r"},
    "mail.postmaster.assign": dict.fromkeys(ADMINISTRATORS, "rwc"),
    "mail.postmaster.redirect": dict.fromkeys(ADMINISTRATORS, "rwc"),
    "mail.postmaster.erase": {"system": "rwcu"},
    "mail.postmaster.retired.address": {
        **dict.fromkeys(("internal", "gateway", "reader", "admin", "stranger"), "r"),
        "system": "rwu",
    },
}
OPERATIONS = {"r": "read", "w": "write", "c": "create", "u": "unlink"}

# What a remote caller can call for all records of a model, by method name.
QUESTIONS = {
    "search_read": {"domain": [], "fields": []},
    "web_search_read": {"domain": [], "specification": {}},
    "search_count": {"domain": []},
    "name_search": {"name": "", "limit": None},
    "web_name_search": {"name": "", "specification": {"display_name": {}}},
    "formatted_read_group": {"domain": [], "groupby": [], "aggregates": ["__count"]},
    "web_read_group": {"domain": [], "groupby": [], "aggregates": ["__count"]},
    "read_progress_bar": {"domain": [], "group_by": "", "progress_bar": {}},
    "search_panel_select_range": {"field_name": ""},
}
# And for records whose ids they guess.
QUESTIONS_OF_IDS = {
    "read": (["id", "display_name"],),
    "web_read": ({"display_name": {}},),
    "export_data": (["id", "display_name"],),
    "get_metadata": (),
    "copy": (),
    "copy_data": (),
    "web_save": ({}, {}),
    "unlink": (),
    "write": ({},),
    "get_formview_action": (),
    "get_external_id": (),
}
ADMINISTRATORS_FIELDS = (
    "trace",
    "error",
    "options",
    "intake_key",
    "mail_key",
    "digest",
)


@tagged("post_install", "-at_install")
class TestAccessMatrix(TransactionCase, ReceivedMail):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_received_mail()
        cls.make_alias("contacts")
        cls.mails = {
            DOCUMENT: cls.receive(raw_mail(f"contacts@{DOMAIN}", DOCUMENT)),
            NOBODYS: cls.receive(raw_mail(subject=NOBODYS)),
            FOREIGN: cls.receive(raw_mail(f"contacts@{DOMAIN}", FOREIGN)),
        }
        cls.mails[FOREIGN].company_id = cls.other_company
        cls.server.password = "Arsenik"
        for mail in cls.mails.values():
            cls.env[DOWNLOAD].create(
                {
                    "mail_id": mail.id,
                    "mail_number": mail.id,
                    "message_id": f"<{mail.subject}>",
                    "company_id": mail.company_id.id,
                }
            )
        cls.users = {
            "public": cls.env.ref("base.public_user"),
            "portal": cls.make_user("portal-m", "base.group_portal"),
            "internal": cls.make_user("internal-m", "base.group_user"),
            "gateway": cls.make_user(
                "gateway-m",
                "base.group_user,mail_postmaster.group_gateway",
            ),
            "reader": cls.make_user("reader-m", "mail_postmaster.group_user"),
            "admin": cls.make_user("admin-m", "mail_postmaster.group_admin"),
            "stranger": cls.make_user(
                "stranger-m",
                "mail_postmaster.group_admin",
                cls.other_company,
            ),
            "system": cls.make_user("system-m", "base.group_system"),
        }
        # Exporting is a separate right, which must not be what keeps them out here.
        exporters = cls.env.ref("base.group_allow_export")
        for user in USERS[2:]:
            cls.users[user].group_ids += exporters
        cls.env.flush_all()

    def ask(self, user, model, method, *args, **kwargs):
        """Return the result for a remote caller, or None if there is nothing."""
        records = self.env(user=self.users[user], su=False)[model]
        self.env.invalidate_all()
        with quiet():
            try:
                with self.env.cr.savepoint():
                    return call_kw(records, method, args, kwargs)
            except UserError as error:
                # Including AccessError. A refusal must not reveal what it refuses.
                self.assert_only(user, str(error))
                return None

    def assert_only(self, user, answer):
        for word in {DOCUMENT, NOBODYS, FOREIGN} - READABLE[user]:
            self.assertNotIn(word, str(answer))

    def fields_of(self, model, user):
        return list(self.env[model].with_user(self.users[user]).fields_get())

    # --- Rights ------------------------------------------------------------------------

    def test_every_model_is_here(self):
        ours = {
            name
            for name, model in self.env.registry.items()
            if model._original_module == "mail_postmaster" and not model._abstract
        }
        self.assertEqual(ours, set(RIGHTS))

    def test_rights_on_models(self):
        for model, rights in RIGHTS.items():
            for user in USERS:
                for letter, operation in OPERATIONS.items():
                    with self.subTest(model=model, user=user, operation=operation), quiet():
                        self.assertEqual(
                            self.env[model].with_user(self.users[user]).has_access(operation),
                            letter in rights.get(user, ""),
                        )

    def test_mails_and_what_belongs_to_them(self):
        for user in USERS:
            for word, mail in self.mails.items():
                for records in (
                    mail,
                    mail.delivery_ids,
                    self.env[DOWNLOAD].search(
                        [
                            ("mail_id", "=", mail.id),
                        ]
                    ),
                ):
                    may = word in READABLE[user] and "r" in RIGHTS[records._name].get(user, "")
                    with self.subTest(user=user, word=word, model=records._name), quiet():
                        self.assertEqual(
                            bool(records)
                            and records.with_user(self.users[user]).has_access(
                                "read",
                            ),
                            may and bool(records),
                        )

    # --- Results -----------------------------------------------------------------------

    def test_no_answer_tells_of_a_mail_that_is_not_for_the_user(self):
        for user in USERS:
            for model in (LOG, DELIVERY, DOWNLOAD, RAW):
                names = self.fields_of(model, user) if RIGHTS[model].get(user) else ["id"]
                told = str(
                    [
                        self.ask(user, model, method, **self.filled(kwargs, model, names))
                        for method, kwargs in QUESTIONS.items()
                    ]
                )
                with self.subTest(user=user, model=model):
                    self.assert_only(user, told)
                    # The calls are such that they have results.
                    if model == LOG:
                        for word in READABLE[user]:
                            self.assertIn(word, told)
                    elif "r" not in RIGHTS[model].get(user, ""):
                        self.assertEqual(set(told), set("[None, ]"))

    def filled(self, kwargs, model, names):
        """Return the arguments of a call with all fields that a user may name."""
        states = "state" if model in (LOG, DELIVERY) else "id"
        subject = {LOG: "subject", DELIVERY: "mail_id", DOWNLOAD: "message_id"}.get(model, "id")
        values = {
            "specification": {name: {} for name in names},
            "fields": names,
            "groupby": [subject],
            "group_by": subject,
            "field_name": {DELIVERY: "alias_id", RAW: "message_id"}.get(model, "company_id"),
            "progress_bar": {"field": states, "colors": {"parked": "danger"}},
        }
        filled = {key: values.get(key, value) for key, value in kwargs.items()}
        return filled

    def test_no_guess_of_an_id_tells_or_changes_anything(self):
        for user in USERS:
            for model in (LOG, DELIVERY, DOWNLOAD, RAW):
                for word, mail in self.mails.items():
                    if word in READABLE[user]:
                        continue
                    records = (
                        mail
                        if model == LOG
                        else self.env[model].search(
                            [
                                ("message_id" if model == RAW else "mail_id", "=", mail.id),
                            ]
                        )
                    )
                    for method, args in QUESTIONS_OF_IDS.items():
                        with self.subTest(user=user, model=model, word=word, method=method):
                            told = self.ask(user, model, method, records.ids, *args)
                            self.assert_only(user, told)
                    self.assertEqual(records.exists(), records)

    def test_nobody_changes_what_they_may_read(self):
        for user in ("reader", "admin", "system"):
            mail = self.mails[DOCUMENT]
            for records in (mail, mail.delivery_ids):
                for method, args in (
                    ("write", ({"state": "ignored"},)),
                    ("unlink", ()),
                    ("copy", ()),
                    ("web_save", ({"state": "ignored"}, {})),
                    ("create", ()),
                    ("web_save_multi", ([{"state": "ignored"}], {})),
                ):
                    ids = [{"state": "ignored"}] if method == "create" else records.ids
                    with self.subTest(user=user, model=records._name, method=method):
                        self.assertIsNone(self.ask(user, records._name, method, ids, *args))
                self.assertIsNone(
                    self.ask(
                        user,
                        records._name,
                        "load",
                        ["id", "state"],
                        [["1", "ignored"]],
                    )
                    and None
                )
            self.env.invalidate_all()
            self.assertEqual((mail.state, len(mail.delivery_ids)), ("delivered", 1))

    def test_a_delivery_elsewhere_is_not_told(self):
        """A reader may read a message because of one of its deliveries; the others are hidden."""
        mail = self.mails[DOCUMENT]
        hidden = self.make_alias("salaries", "ir.config_parameter")
        # The first of the deliveries, by id.
        self.env.cr.execute(
            "INSERT INTO mail_postmaster_delivery "
            "(id, mail_id, mail_key, target, state, model, alias_id) "
            "VALUES (-1, %s, 'k', 't', 'delivered', 'ir.config_parameter', %s)",
            [mail.id, hidden.id],
        )
        for user, may in (("admin", True), ("reader", False)):
            names = self.fields_of(LOG, user)
            with self.subTest(user=user):
                told = self.ask(
                    user,
                    LOG,
                    "web_read",
                    mail.ids,
                    {
                        **{name: {} for name in names},
                        "alias_id": {"fields": {"display_name": {}}},
                        "delivery_ids": {"fields": {"alias_id": {"fields": {"display_name": {}}}}},
                    },
                )
                self.assertIn("contacts", str(told))
                self.assertEqual("salaries" in str(told), may)
                self.assertEqual("ir.config_parameter" in str(told), may)
                for domain in (
                    [("alias_id", "=", hidden.id)],
                    [("alias_id.alias_name", "=", "salaries")],
                    [("document_model", "=", "ir.config_parameter")],
                    [("delivery_ids.alias_id", "=", hidden.id)],
                ):
                    self.assertEqual(bool(self.ask(user, LOG, "search", domain)), may, domain)

    def test_an_activity_is_no_way_around(self):
        """A reader of a message can neither plan, complete nor read administrators' activities."""
        mail = self.mails[NOBODYS]
        activity = mail.sudo().activity_ids
        self.assertTrue(activity)
        kind = "mail_postmaster.mail_activity_attention"
        for user in ("portal", "internal", "gateway", "reader", "stranger"):
            with self.subTest(user=user):
                self.ask(user, LOG, "activity_feedback", mail.ids, [kind])
                self.ask(user, LOG, "activity_unlink", mail.ids, [kind])
                self.ask(user, "mail.activity", "action_done", activity.ids)
                self.ask(user, "mail.activity", "unlink", activity.ids)
                self.assertEqual(activity.exists(), activity)
                self.assertTrue(activity.active)
                self.assert_only(user, self.ask(user, "mail.activity", "search_read", []))
                self.assertFalse(self.ask(user, LOG, "activity_schedule", mail.ids, kind))

    def test_what_is_sent_to_browsers(self):
        """Administrators' web clients are told to recount, without anything about the message."""
        # What creating the users has sent waits for a commit.
        self.env.cr.precommit.run()
        self.env["bus.bus"].search([]).unlink()
        self.receive(raw_mail(subject="Smaragd"))
        self.env.cr.precommit.run()
        sent = self.env["bus.bus"].search([("message", "ilike", "mail_postmaster")])
        group = self.env.ref("mail_postmaster.group_admin")
        self.assertEqual(
            {(row.channel, row.message) for row in sent},
            {
                (
                    json_dump(channel_with_db(self.env.cr.dbname, group)),
                    json_dump({"type": "mail_postmaster/attention", "payload": {}}),
                )
            },
        )
        for row in self.env["bus.bus"].search([]):
            self.assertNotIn("Smaragd", row.message)

    # --- Fields for administrators -----------------------------------------------------

    def assert_denied_everywhere(self, user, model, path):
        """Assert that no call about a field returns anything, not even yes or no."""
        records = self.env(user=self.users[user], su=False)[model]
        for method, kwargs in {
            "search": {"domain": [(path, "!=", False)]},
            "search_count": {"domain": [(path, "=like", "%")]},
            "search_read": {"domain": [], "fields": ["id"], "order": path},
            "web_search_read": {"domain": [(path, "!=", False)], "specification": {}},
            "formatted_read_group": {"domain": [], "groupby": [path], "aggregates": []},
            "web_read_group": {"domain": [], "groupby": [path], "aggregates": []},
            "read_progress_bar": {
                "domain": [],
                "group_by": path,
                "progress_bar": {"field": "state", "colors": {}},
            },
        }.items():
            with self.subTest(user=user, model=model, path=path, method=method), quiet():
                try:
                    with self.env.cr.savepoint():
                        told = call_kw(records, method, (), kwargs)
                except (AccessError, ValueError):
                    # ValueError: core knows no such order, or no such group.
                    continue
                self.fail(f"An answer: {told}")

    def test_fields_for_administrators(self):
        for name in ADMINISTRATORS_FIELDS:
            self.assertTrue(self.ask("admin", LOG, "search", [(name, "!=", "x")]))
            self.assert_denied_everywhere("reader", LOG, name)
            self.assert_denied_everywhere("reader", DELIVERY, f"mail_id.{name}")
            told = self.ask("reader", LOG, "export_data", self.mails[DOCUMENT].ids, [name])
            self.assertIsNone(told)

    def test_password_of_a_server(self):
        """A message names its incoming server, whose password only the system may read."""
        for user in ("reader", "admin"):
            for path in ("fetchmail_server_id.password", "fetchmail_server_id.user"):
                self.assert_denied_everywhere(user, LOG, path)
            mail = self.mails[DOCUMENT]
            for method, args in (
                ("export_data", (["fetchmail_server_id/password"],)),
                ("web_read", ({"fetchmail_server_id": {"fields": {"password": {}}}},)),
            ):
                told = self.ask(user, LOG, method, mail.ids, *args)
                self.assertNotIn("Arsenik", str(told))
            for method, args in (
                ("read", (["password"],)),
                ("web_read", ({"password": {}},)),
                ("copy", ()),
                ("copy_data", ()),
                ("export_data", (["password"],)),
                ("write", ({"server": "127.0.0.1"},)),
                ("button_confirm_login", ()),
            ):
                with self.subTest(user=user, method=method):
                    self.assertIsNone(
                        self.ask(user, "fetchmail.server", method, self.server.ids, *args)
                    )

    def test_passwords_belong_to_the_system_whoever_may_see_servers(self):
        """Even if an administrator gives another group read access to the servers."""
        self.env["ir.model.access"].create(
            [
                {
                    "name": "servers",
                    "model_id": self.env["ir.model"]._get_id(model),
                    "group_id": self.env.ref("base.group_user").id,
                    "perm_read": True,
                }
                for model in ("fetchmail.server", "ir.mail_server")
            ]
        )
        outgoing = self.env["ir.mail_server"].create(
            {
                "name": "Outgoing",
                "smtp_host": "localhost",
                "smtp_user": "u",
                "smtp_pass": "Arsenik",
            }
        )
        for server, name in ((self.server, "password"), (outgoing, "smtp_pass")):
            self.assertTrue(self.ask("admin", server._name, "read", server.ids, ["name"]))
            self.assertIsNone(self.ask("admin", server._name, "read", server.ids, [name]))
            self.assertNotIn(name, self.fields_of(server._name, "admin"))
            self.assertNotIn("Arsenik", str(self.ask("admin", server._name, "read", server.ids)))
            self.assert_denied_everywhere("admin", server._name, name)
            told = self.ask("system", server._name, "read", server.ids, [name])
            self.assertEqual(told[0][name], "Arsenik")
