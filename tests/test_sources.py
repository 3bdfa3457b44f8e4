"""Sources and their tokens: who sees and creates them; the secret is never readable."""

from odoo.exceptions import AccessError, ValidationError
from odoo.service.model import call_kw
from odoo.tests import Form, tagged

from .screens_common import ScreensCase
from .test_access import quiet


@tagged("post_install", "-at_install")
class TestSources(ScreensCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system = cls.make_user("system-x", "base.group_system")
        cls.foreign = cls.make_user("foreign-x", "base.group_system", cls.other_company)
        cls.source = cls.env["mail.postmaster.source"].create(
            {
                "name": "Provider",
                "company_id": cls.company.id,
            }
        )
        cls.token = cls.env["mail.postmaster.token"]._generate(cls.source)
        cls.row = cls.source.token_ids

    def call(self, user, records, method, *args):
        with self.env.cr.savepoint():
            return call_kw(
                self.env(user=user, su=False)[records._name], method, [records.ids, *args], {}
            )

    def test_dialog_shows_a_new_token_once(self):
        action = self.call(self.system, self.source, "action_new_token")
        token = action["context"]["default_token"]
        dialog = (
            self.env[action["res_model"]]
            .with_user(self.system)
            .with_context(
                **action["context"],
            )
        )
        form = Form(dialog)
        self.assertEqual((form.token, form.url), (token, self.source.url))
        self.assertTrue(form.url.endswith("/postmaster/inbound"))
        found = self.env["mail.postmaster.token"]._authenticate(token)
        self.assertEqual(found.source_id, self.source.id)
        self.assertEqual(self.source.token_ids[0].create_uid, self.system)
        self.assertNotEqual(token, self.token)

    def test_secret_is_stored_nowhere(self):
        _prefix, _public, secret = self.token.split("_", 2)
        self.assertGreaterEqual(len(secret), 43)
        self.env.cr.execute("SELECT * FROM mail_postmaster_token WHERE id = %s", [self.row.id])
        stored = self.env.cr.dictfetchone()
        self.assertNotIn(secret, str(stored))
        self.assertEqual(len(bytes(stored["digest"])), 32)
        # The digest is not a field: the ORM cannot read, export, search or write it.
        self.assertNotIn("digest", self.row._fields)
        self.assertNotIn(secret, str(self.row.sudo().read()))

    def test_who(self):
        people = self.admin + self.foreign + self.make_user("plain-x", "base.group_user")
        for user in people:
            for records, method, args in (
                (self.source, "action_new_token", ()),
                (self.source, "action_mails", ()),
                (self.row, "action_revoke", ()),
                (self.source, "read", (["name"],)),
                (self.row, "read", (["public"],)),
                (self.source, "write", ({"name": "x"},)),
                (self.source, "unlink", ()),
            ):
                with self.subTest(user=user.login, method=method), quiet():
                    if method == "action_mails":
                        continue
                    with self.assertRaises(AccessError):
                        self.call(user, records, method, *args)
        self.assertFalse(self.row.revoked_at)
        # A user who may create sources can neither choose a token nor undo a revocation.
        for method, args in (
            ("write", ({"revoked_at": False},)),
            ("write", ({"public": "x"},)),
            ("unlink", ()),
        ):
            with self.subTest(method=method, args=args), quiet(), self.assertRaises(AccessError):
                self.call(self.system, self.row, method, *args)
        with quiet(), self.assertRaises(AccessError):
            self.env["mail.postmaster.token"].with_user(self.system).create(
                {"source_id": self.source.id, "public": "x"},
            )

    def test_revoke(self):
        self.assertTrue(self.call(self.system, self.row, "action_revoke"))
        revoked = self.row.revoked_at
        self.assertTrue(revoked)
        self.assertIsNone(self.env["mail.postmaster.token"]._authenticate(self.token))
        # It keeps the first timestamp.
        self.row.sudo().write({"revoked_at": "2020-01-01 00:00:00"})
        self.call(self.system, self.row, "action_revoke")
        self.assertEqual(str(self.row.revoked_at), "2020-01-01 00:00:00")

    def test_source_knows_whether_anybody_can_post(self):
        source = self.source.copy()
        self.assertFalse(source.has_token)
        for _number in range(2):
            self.env["mail.postmaster.token"]._generate(source)
        source.token_ids[0].action_revoke()
        self.assertTrue(source.has_token)
        source.token_ids[1].action_revoke()
        self.assertFalse(source.has_token)

    def test_bounds(self):
        for megabytes in (0, -1, 501):
            with self.subTest(megabytes), self.assertRaises(ValidationError):
                self.source.most_megabytes = megabytes

    def test_form_and_its_buttons(self):
        with Form(self.env["mail.postmaster.source"].with_user(self.system)) as form:
            form.name = "Another"
        source = form.record
        self.assertEqual((source.unknown_recipient, source.most_megabytes), ("park", 50))
        action = source.action_mails()
        self.assertEqual(self.env[action["res_model"]].search_count(action["domain"]), 0)
        self.assertEqual(source.mail_count, 0)
        self.assertFalse(source.last_used)

    def test_copied_source_has_no_tokens(self):
        self.assertFalse(self.source.copy().token_ids)
