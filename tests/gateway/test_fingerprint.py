from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway import fingerprint

MAIL = b"From: a@x.test\r\nTo: b@x.test\r\nSubject: Hi\r\n\r\nGood morning\r\n"


class TestDigest(BaseCase):
    def assertSame(self, one, other):
        self.assertEqual(fingerprint.digest(one), fingerprint.digest(other))

    def assertDiffers(self, one, other):
        self.assertNotEqual(fingerprint.digest(one), fingerprint.digest(other))

    def test_trace_header_is_left_out(self):
        for field in (
            b"Received: from a by b\r\n\twith SMTP\r\n",
            b"Delivered-To: box@x.test\r\n",
            b"RETURN-PATH: <>\r\n",
            b"X-Original-To: c@x.test\r\n",
            b"Authentication-Results: mx; dkim=pass\r\n",
            b"ARC-Seal: i=1\r\n",
        ):
            with self.subTest(field=field):
                self.assertSame(field + MAIL, MAIL)
                self.assertSame(MAIL.replace(b"\r\n\r\n", b"\r\n" + field + b"\r\n", 1), MAIL)

    def test_line_endings_are_left_out(self):
        self.assertSame(MAIL.replace(b"\r\n", b"\n"), MAIL)

    def test_what_people_write_counts(self):
        self.assertDiffers(MAIL.replace(b"Hi", b"Ho"), MAIL)
        self.assertDiffers(MAIL + b"footer of a list\r\n", MAIL)
        self.assertDiffers(b"X-Own: 1\r\n" + MAIL, MAIL)

    def test_field_that_only_begins_like_a_trace_field_counts(self):
        self.assertDiffers(b"Received-By-Hand: yes\r\n" + MAIL, MAIL)

    def test_header_text_in_the_body_counts(self):
        self.assertDiffers(MAIL + b"Received: no\r\n", MAIL)

    def test_without_header_or_body(self):
        self.assertEqual(len(fingerprint.digest(b"")), 64)
        self.assertDiffers(b"", b"x")


class TestKeys(BaseCase):
    def test_mail_key(self):
        mail_digest = fingerprint.digest(MAIL)
        self.assertEqual(fingerprint.mail_key("<a@x>", mail_digest), "<a@x>")
        made = fingerprint.mail_key("", mail_digest)
        self.assertEqual(made, fingerprint.message_id_from_digest(mail_digest))
        self.assertRegex(made, r"^<[0-9a-f]{40}@postmaster\.invalid>$")

    def test_long_message_id_fits_the_index(self):
        one = fingerprint.mail_key(f"<{'é' * 400}1@x>", "d")
        other = fingerprint.mail_key(f"<{'é' * 400}2@x>", "d")
        self.assertLessEqual(len(one), fingerprint.LONGEST_KEY)
        self.assertNotEqual(one, other)

    def test_intake_key_tells_the_same_delivery_again(self):
        key = fingerprint.intake_key(MAIL, "fetch:1")
        self.assertEqual(fingerprint.intake_key(MAIL, "fetch:1"), key)
        self.assertNotEqual(fingerprint.intake_key(MAIL, "fetch:2"), key)
        self.assertNotEqual(fingerprint.intake_key(MAIL + b" ", "fetch:1"), key)
