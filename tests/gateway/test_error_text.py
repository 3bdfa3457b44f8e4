import imaplib
import poplib
import socket
import ssl

from psycopg2 import errors

from odoo.exceptions import RedirectWarning, UserError
from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.error_text import (
    MASK,
    name,
    report,
    safe_error,
    sentence,
    short_sentence,
    without_credentials,
    words,
)

SECRET, USER = 'pässwört"1', "ann@example.com"


def unicode_error():
    try:
        SECRET.encode("ascii")
    except UnicodeEncodeError as error:
        return error


class TestErrorText(BaseCase):
    def assert_hidden(self, text):
        for part in (SECRET, "sswört", "sswrt", "c3", "xe4", "AHDDp", USER):
            self.assertNotIn(part, text)

    def test_classes_whose_text_can_hold_anything(self):
        for error in (
            unicode_error(),
            ValueError(SECRET),
            KeyError(SECRET),
            RuntimeError(SECRET),
            errors.UniqueViolation(f"Key (password)=({SECRET}) already exists."),
            errors.OperationalError(f'invalid dsn: missing "=" after "{SECRET}"'),
            type("HTTPError", (OSError,), {"__module__": "requests"})(f"/?token={SECRET}"),
        ):
            with self.subTest(type(error)):
                self.assertEqual(words(error), "")
                self.assertEqual(sentence(error), name(error))
                self.assertEqual(short_sentence(error), type(error).__name__)
                self.assert_hidden(report(error))

    def test_words_of_servers(self):
        for error, said in (
            (imaplib.IMAP4.error(b"[AUTHENTICATIONFAILED] No."), "[AUTHENTICATIONFAILED] No."),
            (imaplib.IMAP4.abort("socket error: EOF"), "socket error: EOF"),
            (poplib.error_proto(b"-ERR [AUTH] No."), "-ERR [AUTH] No."),
            (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
            (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
            (TimeoutError("timed out"), "timed out"),
            (ssl.SSLError(1, "[SSL] wrong version number"), "[SSL] wrong version number"),
            (FileNotFoundError(2, "No such file", SECRET), "No such file"),
            (UserError("Say since when."), "Say since when."),
            (Exception("The server is closed on Sundays"), "The server is closed on Sundays"),
            (RedirectWarning("Set it first.", 7, SECRET), "Set it first."),
        ):
            with self.subTest(type(error)):
                self.assertEqual(short_sentence(error, [SECRET], [USER]), said)
                self.assertEqual(sentence(error), f"{name(error)}: {said}")

    def test_servers_that_repeat_what_they_were_told(self):
        for spelling in (
            SECRET,
            SECRET.upper(),
            repr(SECRET),
            ascii(SECRET),
            repr(SECRET.encode()),
            SECRET.encode().decode("latin-1"),
            SECRET.encode().decode("ascii", "replace"),
            SECRET.replace('"', r"\""),
            repr(SECRET.replace('"', r"\"").encode()),
            'p%C3%A4ssw%C3%B6rt"1',
            "AHDDpHNzd8O2cnQiMQ==",
            "eABww6Rzc3fDtnJ0IjE=",
        ):
            with self.subTest(spelling):
                error = imaplib.IMAP4.error(f"LOGIN {USER} {spelling}: no")
                said = sentence(error, [SECRET], [USER])
                self.assert_hidden(said)
                self.assertIn(MASK, said)
                self.assertTrue(said.endswith(": no"), said)

    def test_what_imaplib_says_of_a_command_that_is_bad(self):
        data = [f'Unknown command: LOGIN {USER} "{SECRET}"'.encode()]
        error = imaplib.IMAP4.error(f"LOGIN command error: BAD {data}")
        self.assert_hidden(sentence(error, [SECRET], [USER]))

    def test_name_of_a_user_is_a_word(self):
        self.assertEqual(without_credentials("ann cannot", users=["ann"]), f"{MASK} cannot")

    def test_short_passwords_are_words(self):
        for text, said in (
            ("No such mailbox", "No such mailbox"),
            ('LOGIN ann "o": no', f'LOGIN ann "{MASK}": no'),
            ("Base64 AGFubgBv", f"Base64 {MASK}"),
            ("Authentication", "Authentication"),
        ):
            self.assertEqual(short_sentence(imaplib.IMAP4.error(text), ["o", "", None]), said)

    def test_addresses_with_a_password(self):
        error = UserError("Cannot reach https://ann:secret@proxy.example.com:80/path?x=1@2")
        self.assertEqual(
            words(error),
            f"Cannot reach https://{MASK}@proxy.example.com:80/path?x=1@2",
        )

    def test_report_goes_back_to_the_first_exception(self):
        try:
            try:
                SECRET.encode("ascii")
            except UnicodeEncodeError as cause:
                raise UserError("It failed.") from cause
        except UserError as error:
            said = report(error)
        self.assertLess(said.index("UnicodeEncodeError"), said.index("UserError: It failed."))
        self.assertEqual(said.count("test_report_goes_back"), 2)
        self.assert_hidden(said)

    def test_safe_errors_are_of_the_same_kind(self):
        for error, kind in (
            (unicode_error(), UnicodeError),
            (imaplib.IMAP4.abort(SECRET), imaplib.IMAP4.abort),
            (poplib.error_proto(SECRET), poplib.error_proto),
            (ssl.SSLError(1, SECRET), ssl.SSLError),
            (socket.gaierror(1, SECRET), socket.gaierror),
            (TimeoutError(SECRET), TimeoutError),
            (errors.SerializationFailure(SECRET), errors.SerializationFailure),
            (RedirectWarning(SECRET, 7, SECRET), Exception),
            (UserError(SECRET), UserError),
        ):
            with self.subTest(type(error)):
                safe = safe_error(error, "harmless")
                self.assertIsInstance(safe, kind)
                self.assertEqual(safe.args, ("harmless",))
                self.assertTrue(safe.is_safe)
