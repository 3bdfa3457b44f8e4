import logging

from odoo.tests import HttpCase, tagged

from .screens_common import DOMAIN, ReceivedMail, raw_mail

# As a user who types a URL.
BROWSED = {
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "none",
    "Sec-Fetch-User": "?1",
}
LOGGER = "odoo.addons.mail_postmaster.controllers.mail"


@tagged("post_install", "-at_install")
class TestControllers(HttpCase, ReceivedMail):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_received_mail()
        cls.make_alias("contacts")
        cls.admin = cls.make_user("admin-x", "mail_postmaster.group_admin")
        cls.reader = cls.make_user("reader-x", "mail_postmaster.group_user")
        cls.stranger = cls.make_user(
            "stranger-x",
            "mail_postmaster.group_admin",
            cls.other_company,
        )
        cls.internal = cls.make_user("internal-x", "base.group_user")
        cls.portal = cls.make_user("portal-x", "base.group_portal")

    def keep(self, raw):
        """Receive a readable message, and store these bytes in its place."""
        mail = self.receive(raw_mail(f"contacts@{DOMAIN}", f"Mail {len(raw)}"))
        self.env.cr.execute(
            "UPDATE mail_postmaster_raw SET content = %s WHERE message_id = %s", [raw, mail.id]
        )
        return mail

    def get(self, user, mail_id, what):
        self.authenticate(user.login, user.login)
        return self.url_open(f"/postmaster/mail/{mail_id}/{what}", allow_redirects=False)

    # --- Download ----------------------------------------------------------------------

    def test_download_is_byte_identical(self):
        raw = bytes(range(256)) + b"\r\n\n\r\0From \xff" * 1000
        mail = self.keep(raw)
        response = self.get(self.admin, mail.id, "raw")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.content, raw)
        self.assertEqual(response.headers["Content-Type"], "message/rfc822")
        self.assertEqual(response.headers["X-Content-Type-Options"], "nosniff")
        self.assertIn(f"received-mail-{mail.id}.eml", response.headers["Content-Disposition"])
        self.assertTrue(response.headers["Content-Disposition"].startswith("attachment"))
        self.assertEqual(
            response.headers["Content-Security-Policy"],
            "default-src 'none'; sandbox",
        )
        self.assertEqual(response.headers["Cross-Origin-Resource-Policy"], "same-origin")

    def test_nothing_of_the_mail_is_in_the_headers(self):
        """For both routes: a field of the message is not a field of the response."""
        mail = self.keep(
            b"Subject: a\r\nSet-Cookie: stolen=1\r\nX-Stolen: 1\r\nContent-Type: text/html;"
            b' name="b.html"\r\nContent-Disposition: inline; filename="../c.html"\r\n\r\n<p>d'
        )
        mail.message_id = "<a\r\nX-Stolen: 2>"
        for what in ("raw", "preview"):
            response = self.get(self.admin, mail.id, what)
            with self.subTest(what):
                self.assertEqual(response.status_code, 200)
                self.assertNotIn("X-Stolen", response.headers)
                self.assertNotIn("stolen", response.cookies)
                self.assertNotIn("html", response.headers.get("Content-Disposition", ""))

    def test_download_is_logged(self):
        mail = self.receive(raw_mail(f"contacts@{DOMAIN}"))
        with self.assertLogs(LOGGER, logging.INFO) as logs:
            self.get(self.admin, mail.id, "raw")
        self.assertIn(f"User {self.admin.id} downloaded received message {mail.id}", logs.output[0])
        download = mail.download_ids
        self.assertEqual((download.create_uid, download.mail_number), (self.admin, mail.id))
        self.assertEqual(download.message_id, "<Hello@customer.test>")
        self.assertTrue(download.create_date)
        self.get(self.admin, mail.id, "raw")
        self.env.invalidate_all()
        self.assertEqual(len(mail.download_ids), 2)
        # A preview is not a download.
        self.get(self.admin, mail.id, "preview")
        self.env.invalidate_all()
        self.assertEqual(len(mail.download_ids), 2)
        # The audit entry stays when the message is deleted.
        mail.unlink()
        self.assertEqual((download.mail_id.id, download.mail_number > 0), (False, True))

    def test_only_content_that_was_sent_is_a_download(self):
        mail = self.receive(raw_mail(f"contacts@{DOMAIN}"))
        self.authenticate(self.admin.login, self.admin.login)
        for what in ("raw", "preview"):
            url = f"{self.base_url()}/postmaster/mail/{mail.id}/{what}"
            response = self.opener.head(url, timeout=30)
            self.assertEqual((response.status_code, response.content), (200, b""))
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.env.invalidate_all()
        self.assertFalse(mail.download_ids)
        self.get(self.admin, mail.id, "raw")
        self.env.invalidate_all()
        self.assertEqual(len(mail.download_ids), 1)

    # --- Access ------------------------------------------------------------------------

    def test_who_may(self):
        mail = self.receive(raw_mail(f"contacts@{DOMAIN}"))
        for what in ("raw", "preview"):
            self.assertEqual(self.get(self.admin, mail.id, what).status_code, 200)
            for user in self.reader + self.stranger + self.internal + self.portal:
                with self.subTest(what=what, user=user.login):
                    response = self.get(user, mail.id, what)
                    # The same as for a missing one: the number reveals nothing.
                    self.assertEqual(response.status_code, 404)
                    self.assertNotIn("Good morning", response.text)
            self.assertEqual(self.get(self.admin, 999_999_999, what).status_code, 404)
            self.logout()
            response = self.url_open(f"/postmaster/mail/{mail.id}/{what}", allow_redirects=False)
            with self.subTest(what=what, user="nobody"):
                self.assertEqual(response.status_code, 303)
                self.assertIn("/web/login", response.headers["Location"])
        self.assertEqual(mail.download_ids.create_uid, self.admin)

    def test_routes_of_core_tell_no_more(self):
        """What core serves for any model, it serves for ours according to its rights and groups."""
        words = {"contact": "Zinnober", "nobody": "Quecksilber"}
        # Core's route that is off by default, for users who may export.
        self.env["ir.config_parameter"].set_param("web.json.enabled", "True")
        exporters = self.env.ref("base.group_allow_export")
        for user in self.admin + self.reader + self.stranger + self.internal:
            user.group_ids += exporters
        contact = self.receive(raw_mail(f"contacts@{DOMAIN}", words["contact"]))
        nobody = self.receive(raw_mail(subject=words["nobody"]))
        self.env.cr.execute("UPDATE mail_postmaster_message SET error = 'Malachit'")
        log = "mail.postmaster.message"
        action = self.env.ref("mail_postmaster.action_mail_postmaster_message")
        readable = {
            self.admin: {words["contact"], words["nobody"], "Malachit"},
            self.reader: {words["contact"]},
            self.stranger: set(),
            self.internal: set(),
            self.portal: set(),
        }
        for user, may in readable.items():
            self.authenticate(user.login, user.login)
            answers = [
                self.url_open(url, headers=BROWSED)
                for mail in contact + nobody
                for url in (
                    "/json/1/postmaster",
                    f"/json/1/postmaster/{mail.id}",
                    f"/json/1/action-{action.id}/{mail.id}?fields=subject,error,trace",
                    f"/web/content/{log}/{mail.id}/error",
                    f"/web/content/{log}/{mail.id}/trace",
                    f"/web/image/{log}/{mail.id}/subject",
                    f"/web/content/mail.postmaster.raw/{mail.id}/content",
                    f"/mail/view?model={log}&res_id={mail.id}",
                )
            ]
            told = " ".join(answer.text for answer in answers)
            for word in (*words.values(), "Malachit"):
                with self.subTest(user=user.login, word=word):
                    self.assertFalse(word in told and word not in may, "This is not for them.")
                    # The URLs are such that they have responses.
                    self.assertFalse(user == self.admin and word not in told, "No answer.")

    def test_only_get(self):
        mail = self.receive(raw_mail(f"contacts@{DOMAIN}"))
        self.authenticate(self.admin.login, self.admin.login)
        for what in ("raw", "preview"):
            response = self.url_open(f"/postmaster/mail/{mail.id}/{what}", data={"a": "b"})
            self.assertEqual(response.status_code, 405)

    def test_content_that_was_removed(self):
        mail = self.receive(raw_mail(f"contacts@{DOMAIN}"))
        self.env.cr.execute("DELETE FROM mail_postmaster_raw WHERE message_id = %s", [mail.id])
        for what in ("raw", "preview"):
            response = self.get(self.admin, mail.id, what)
            self.assertEqual(response.status_code, 404)
            self.assertIn("content of this message was removed", response.text)
        self.assertFalse(mail.download_ids)

    # --- Preview -----------------------------------------------------------------------

    def test_preview_fetches_and_runs_nothing(self):
        mail = self.keep(
            b"Content-Type: text/html\r\n\r\n<p>Hi</p><script>steal()</script>"
            b"<img src='https://spy.test/1.png'>"
        )
        response = self.get(self.admin, mail.id, "preview")
        self.assertEqual(response.status_code, 200)
        self.assertIn("<p>Hi</p>", response.text)
        self.assertNotIn("steal", response.text)
        self.assertNotIn("spy.test", response.text)
        policy = {
            directive.split()[0]: directive.split()[1:]
            for directive in response.headers["Content-Security-Policy"].split(";")
        }
        self.assertEqual(policy["default-src"], ["'none'"])
        self.assertEqual(policy["img-src"], ["data:"])
        self.assertEqual(policy["sandbox"], [])
        self.assertNotIn("script-src", policy)
        for name, value in (
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Content-Type", "text/html; charset=utf-8"),
            ("Cache-Control", "no-store"),
        ):
            self.assertEqual(response.headers[name], value)

    def test_preview_of_any_bytes(self):
        for raw, expected in (
            (b"", "This message has no text."),
            (b"Subject: x\n\n\0\0", "This message has no text."),
            (b"\n" + b"\xe9" * 1_000_000, "The rest is not shown."),
            (b"Content-Type: multipart/mixed\n\n", "This message has no text."),
            (b"Content-Type: text/plain; charset=x-nobody\n\ncaf\xe9", "café"),
            (b'Content-Disposition: attachment; filename="\xe9"\n\nx', "(text/plain, 1 B)"),
        ):
            with self.subTest(raw=raw[:60]):
                response = self.get(self.admin, self.keep(raw).id, "preview")
                self.assertEqual(response.status_code, 200)
                self.assertIn(expected, response.text)
