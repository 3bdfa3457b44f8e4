"""Messages posted over HTTP: access, what is accepted, and the responses."""

import base64
import hmac
import logging
import socket
from datetime import timedelta
from unittest.mock import patch

from odoo.tests import HOST, HttpCase, tagged
from odoo.tests.common import TEST_CURSOR_COOKIE_NAME
from odoo.tools import mute_logger

from ..controllers import inbound, inbound_dispatcher
from ..models.log.mail_postmaster_token import MailPostmasterToken
from .screens_common import DOMAIN, ReceivedMail, raw_mail

PATH = "/postmaster/inbound"
LOGGER = "odoo.addons.mail_postmaster.controllers.inbound_dispatcher"
RFC822 = {"Content-Type": "message/rfc822"}


@tagged("post_install", "-at_install")
class TestInbound(HttpCase, ReceivedMail):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_received_mail()
        cls.env["mail.postmaster.policy"].confirm_database()
        cls.make_alias("contacts")
        cls.make_alias("others")
        cls.source = cls.env["mail.postmaster.source"].create(
            {
                "name": "Provider",
                "company_id": cls.company.id,
            }
        )
        cls.token = cls.env["mail.postmaster.token"]._generate(cls.source)
        cls.log = cls.env["mail.postmaster.message"]

    def setUp(self):
        super().setUp()
        self.before = self.log.search([], order="id desc", limit=1).id or 0
        # Rejected requests are logged as warnings, dozens of times here.
        self.enterContext(mute_logger(LOGGER))

    def post(self, data, token=None, path=PATH, **headers):
        token = self.token if token is None else token
        given = {"Authorization": f"Bearer {token}"} if token else {}
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        headers = {**RFC822, **given, **names}
        return self.url_open(path, data=data, headers=headers, method="POST")

    def stored(self):
        return self.log.search([("id", ">", self.before)], order="id")

    def content(self, row):
        return self.env["mail.postmaster.raw"]._read_content(row.id)

    def assertReason(self, row, state, code):
        self.assertEqual((row.state, row.reason_code), (state, code), row.error)

    def assert_answer(self, response, status, code):
        self.assertEqual(
            (response.status_code, response.headers.get("X-Postmaster")),
            (status, code),
            response.text,
        )
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        # A request that does not come from a browser gets no session.
        self.assertNotIn("Set-Cookie", response.headers)
        self.assertLess(len(response.text), 200)

    # --- Accepted -----------------------------------------------------------------------

    def test_body_is_the_mail(self):
        raw = raw_mail(f"contacts@{DOMAIN}") + b"caf\xe9 \r\n.\r\n"
        self.assert_answer(self.post(raw), 200, "stored")
        row = self.stored()
        self.assertEqual((row.state, row.source, row.source_id), ("delivered", "http", self.source))
        self.assertEqual(self.content(row), raw)
        self.assertEqual(row.company_id, self.company)
        self.assertEqual(row.delivery_ids.model, "res.partner")

    def test_envelope_of_the_request(self):
        """The envelope recipients get the message, and no others."""
        raw = raw_mail(f"contacts@{DOMAIN}")
        for number, (path, headers) in enumerate(
            (
                (
                    PATH,
                    {
                        "X_Postmaster_Recipient": f"<others@{DOMAIN}>",
                        "X_Postmaster_Sender": "<a@b.test>",
                    },
                ),
                (f"{PATH}?recipient=others@{DOMAIN}&sender=a@b.test", {}),
            )
        ):
            with self.subTest(path=path):
                self.before = self.log.search([], order="id desc", limit=1).id or 0
                mail = raw.replace(b"<Hello@", b"<Hello%d@" % number)
                self.assert_answer(self.post(mail, path=path, **headers), 200, "stored")
                row = self.stored()
                self.assertEqual(row.recipients, f"others@{DOMAIN}")
                self.assertEqual(row.delivery_ids.alias_id.alias_name, "others")
                self.assertEqual(self.content(row), b"Return-Path: <a@b.test>\r\n" + mail)

    def test_envelope_is_kept_for_later_attempts(self):
        self.make_alias("held", alias_mode="hold")
        self.post(raw_mail(f"contacts@{DOMAIN}"), X_Postmaster_Recipient=f"held@{DOMAIN}")
        row = self.stored()
        self.assertReason(row, "parked", "alias_held")
        row.action_process_again()
        self.assertReason(row, "delivered", "record_created")
        self.assertEqual(row.delivery_ids.alias_id.alias_name, "held")

    def test_form_of_a_provider(self):
        raw = raw_mail(f"contacts@{DOMAIN}") + b"caf\xe9\r\n"
        response = self.url_open(
            f"{PATH}/mime",
            data={"recipient": f"others@{DOMAIN}", "sender": "a@b.test"},
            files={"body-mime": ("mail", raw)},
            headers={"Authorization": self.basic("anybody", self.token)},
        )
        self.assert_answer(response, 200, "stored")
        row = self.stored()
        self.assertEqual(self.content(row), b"Return-Path: <a@b.test>\r\n" + raw)
        self.assertEqual(row.delivery_ids.alias_id.alias_name, "others")

    def test_form_that_is_urlencoded_may_be_three_times_as_long(self):
        self.source.most_megabytes = 1
        raw = raw_mail(f"contacts@{DOMAIN}") + b"\xe9" * 900_000
        response = self.url_open(
            PATH,
            data={"body-mime": raw},
            headers={"Authorization": f"Bearer {self.token}"},
        )
        self.assert_answer(response, 200, "stored")
        self.assertEqual(self.content(self.stored()), raw)

    def test_odd_mail_is_taken(self):
        for raw in (b"\0", b"no header", b"Subject: \0\r\n\r\n\0", b"\xff" * 10, b": \r\n\r\n"):
            with self.subTest(raw=raw), mute_logger("odoo.http"):
                self.before = self.log.search([], order="id desc", limit=1).id or 0
                response = self.post(raw, X_Postmaster_Recipient=f"contacts@{DOMAIN}")
                self.assert_answer(response, 200, "stored")
                self.assertEqual(self.content(self.stored()), raw)

    def test_acts_as_its_user_and_for_its_company(self):
        user = self.make_user("acts-x", "base.group_user")
        other = self.env["mail.postmaster.source"].create(
            {
                "name": "Other",
                "company_id": self.other_company.id,
                "user_id": user.id,
            }
        )
        token = self.env["mail.postmaster.token"]._generate(other)
        raw = b"X: y\r\n" + raw_mail("catchall@other.test")
        self.env["mail.alias.domain"].create({"name": "other.test", "catchall_alias": "catchall"})
        self.assert_answer(self.post(raw, token=token), 200, "stored")
        row = self.stored()
        self.assertEqual(row.reason_code, "catchall")
        self.assertEqual((row.company_id, row.user_id), (self.other_company, user))

    # --- Rejected -----------------------------------------------------------------------

    def test_no_mail(self):
        for headers, data, status, code in (
            ({}, b"", 400, "empty"),
            ({}, b"\r\n", 400, "empty"),
            ({"Content_Type": "image/png"}, b"x", 415, "unsupported"),
            ({"Content_Type": "application/x-www-form-urlencoded"}, b"a=b", 415, "no_field"),
            ({"Content_Type": "multipart/form-data"}, b"x", 400, "malformed"),
            ({"Content_Type": "application/json"}, b"{}", 415, "no_field"),
            ({"Content_Type": "application/json"}, b"{", 400, "malformed"),
            ({"Content_Encoding": "gzip"}, b"x", 415, "unsupported"),
            ({"X_Postmaster_Sender": "a b@c.test"}, b"x", 400, "bad_envelope"),
            ({"X_Postmaster_Recipient": "\x01@c.test"}, b"x", 400, "bad_envelope"),
        ):
            with self.subTest(headers=headers, data=data):
                self.assert_answer(self.post(data, **headers), status, code)
        self.assertFalse(self.stored())

    def test_only_post(self):
        for method in ("get", "put", "delete"):
            response = getattr(self.opener, method)(f"{self.base_url()}{PATH}", timeout=30)
            self.assertEqual(response.status_code, 405, method)

    def test_too_large(self):
        self.source.most_megabytes = 1
        self.assert_answer(self.post(b"x: y\r\n\r\n" + b"z" * (1 << 20)), 413, "too_large")
        with patch.object(inbound_dispatcher, "_read_stream") as read:
            response = self.post(b"z" * (2 << 20))
        self.assert_answer(response, 413, "too_large")
        self.assertEqual(response.text.strip(), "At most 1 MB are accepted.")
        # A request declared as too long is not read at all.
        read.assert_not_called()
        self.assertFalse(self.stored())

    # --- Access -------------------------------------------------------------------------

    @staticmethod
    def basic(user, password):
        return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    def parts_of_the_token(self):
        """Return the public part and the secret, which may contain the same dashes."""
        prefix, number, secret = self.token.split("_", 2)
        return f"{prefix}_{number}", secret

    def test_tokens_that_are_none(self):
        public, _secret = self.parts_of_the_token()
        for authorization in (
            None,
            "",
            "Bearer",
            "Bearer ",
            f"Bearer {self.token}x",
            f"Bearer {self.token[:-1]}",
            f"Bearer {public}",
            f"Bearer {public}_",
            "Bearer postmaster_000000000000_x",
            f"Bearer {self.token.upper()}",
            f"Bearer  {self.token} x",
            f"Token {self.token}",
            f"Basic {self.token}",
            self.basic(self.token, ""),
            self.basic(self.token, "x"),
            "Bearer \xff\xfe",
            "Basic \xff",
            "Bearer " + "x" * 5000,
            f"Bearer {self.token}, Bearer x",
            "Digest username=x",
        ):
            headers = {
                **RFC822,
                **(
                    {}
                    if authorization is None
                    else {
                        "Authorization": authorization.encode("latin-1"),
                    }
                ),
            }
            with self.subTest(authorization=authorization):
                response = self.url_open(PATH, data=raw_mail(), headers=headers)
                self.assert_answer(response, 401, "unauthorized")
                self.assertIn("Bearer", response.headers["WWW-Authenticate"])
        self.assertFalse(self.stored())

    def test_token_as_password(self):
        authorization = self.basic("anybody", self.token)
        response = self.post(raw_mail(f"contacts@{DOMAIN}"), Authorization=authorization)
        self.assert_answer(response, 200, "stored")

    def test_a_users_password_is_no_token(self):
        self.make_user("system-x", "base.group_system")
        self.authenticate("system-x", "system-x")
        response = self.post(raw_mail(), Authorization=self.basic("system-x", "system-x"))
        self.assert_answer(response, 401, "unauthorized")

    def test_token_in_the_address_is_refused_though_it_is_right(self):
        for query in (
            f"token={self.token}",
            f"x={self.token}&recipient=a@b.test",
            self.token,
            f"x=1&x={self.token}",
        ):
            response = self.post(raw_mail(), path=f"{PATH}?{query}")
            self.assert_answer(response, 400, "token_in_url")
        self.assertFalse(self.stored())

    def test_body_is_not_read_before_it_is_known_who_sends_it(self):
        for token in ("", "postmaster_000000000000_x"):
            with patch.object(inbound_dispatcher, "_read_stream") as read:
                response = self.url_open(
                    PATH,
                    data={"body-mime": raw_mail()},
                    headers={"Authorization": f"Bearer {token}"},
                )
            self.assertEqual(response.status_code, 401)
            read.assert_not_called()

    def test_comparison_takes_the_same_time(self):
        """A wrong token is compared completely, and so is an unknown one."""
        public, _secret = self.parts_of_the_token()
        tokens = self.env["mail.postmaster.token"]
        for token in (self.token, f"{public}_x", "postmaster_000000000000_x", "nothing", ""):
            with (
                self.subTest(token),
                patch(
                    "odoo.addons.mail_postmaster.models.log.mail_postmaster_token.hmac.compare_digest",
                    wraps=hmac.compare_digest,
                ) as compare,
            ):
                found = tokens._authenticate(token)
                self.assertEqual(bool(found), token == self.token)
                [(stored, given)] = [call.args for call in compare.call_args_list]
                # Digests: neither their length nor the first difference reveals anything.
                self.assertEqual((len(stored), len(given)), (32, 32))

    def test_revoked(self):
        second = self.env["mail.postmaster.token"]._generate(self.source)
        self.source.token_ids.filtered(lambda one: second.startswith(one.public)).action_revoke()
        self.assert_answer(self.post(raw_mail(), token=second), 401, "unauthorized")
        self.assert_answer(self.post(raw_mail(f"contacts@{DOMAIN}")), 200, "stored")
        self.source.active = False
        self.assert_answer(self.post(raw_mail()), 401, "unauthorized")
        self.assertEqual(len(self.stored()), 1)

    def test_use_is_noted(self):
        token = self.source.token_ids
        self.post(raw_mail(f"contacts@{DOMAIN}"))
        self.env.invalidate_all()
        used = token.last_used
        self.assertTrue(used)
        self.assertEqual(self.source.last_used, used)
        # Not for each message: the next one does not wait for the row of the previous one.
        earlier = used - timedelta(seconds=30)
        self.env.cr.execute("UPDATE mail_postmaster_token SET last_used = %s", [earlier])
        self.env["mail.postmaster.token"]._note_use(token.id)
        self.env.invalidate_all()
        self.assertEqual(token.last_used, earlier)
        # A rejected request does not count as use.
        self.env.cr.execute("UPDATE mail_postmaster_token SET last_used = NULL")
        self.post(b"", token=self.token)
        self.env.invalidate_all()
        self.assertFalse(token.last_used)

    def test_log_holds_neither_token_nor_mail(self):
        raw = raw_mail(f"contacts@{DOMAIN}", "Confidential")
        # All loggers, including SQL and HTTP.
        with self.assertLogs(level=logging.DEBUG) as logs, mute_logger(LOGGER):
            self.post(raw)
            self.post(raw, token=self.token[:-1])
            self.env["mail.postmaster.token"]._generate(self.source)
        text = "\n".join(logs.output)
        _public, secret = self.parts_of_the_token()
        self.assertIn(PATH, text)
        self.assertNotIn(secret[:-1], text)
        self.assertNotIn("Good morning", text)

    # --- Not stored -----------------------------------------------------------------------

    def test_copy_of_a_database_takes_nothing(self):
        self.env["ir.config_parameter"].set_param("mail.postmaster.database", "another@1")
        response = self.post(raw_mail())
        self.assert_answer(response, 503, "copy")
        self.assertEqual(response.headers["Retry-After"], "30")
        # A copy may be older than a token of the original.
        self.assert_answer(self.post(raw_mail(), token="postmaster_000000000000_x"), 503, "copy")
        self.assertFalse(self.stored())

    def test_switched_off_takes_nothing(self):
        self.env["ir.config_parameter"].set_param("mail.postmaster.enabled", "False")
        self.assert_answer(self.post(raw_mail()), 503, "off")
        self.assertFalse(self.stored())

    def test_whatever_goes_wrong_is_tried_again(self):
        for error in (RuntimeError("x"), MemoryError(), OSError("disk full"), KeyError("x")):
            with self.subTest(error=error), mute_logger("odoo.http"):
                with patch.object(
                    type(self.env["mail.postmaster.pipeline"]),
                    "_hand_over",
                    side_effect=error,
                ):
                    self.assert_answer(self.post(raw_mail()), 503, "failed")

    def test_error_of_the_authentication_is_no_wrong_token(self):
        with (
            mute_logger("odoo.http"),
            patch.object(
                MailPostmasterToken,
                "_authenticate",
                side_effect=RuntimeError("x"),
            ),
        ):
            self.assert_answer(self.post(raw_mail()), 503, "failed")

    def test_too_much_at_once(self):
        with inbound.in_flight.reserved(inbound_dispatcher.MOST_IN_FLIGHT):
            self.assert_answer(self.post(raw_mail()), 503, "busy")
        self.assert_answer(self.post(raw_mail(f"contacts@{DOMAIN}")), 200, "stored")

    def test_room_is_given_back(self):
        flight = inbound_dispatcher.InFlight(10)
        # A message larger than all the room gets it if it is alone.
        with flight.reserved(50), self.assertRaises(inbound_dispatcher.Refused):
            with flight.reserved(1):
                self.fail("There was no room.")
        with flight.reserved(5), flight.reserved(5):
            pass
        with self.assertRaises(ZeroDivisionError), flight.reserved(10):
            raise ZeroDivisionError
        with flight.reserved(10):
            pass

    def test_replay_of_the_same_mail(self):
        """Joined to one transaction in tests; dev/system shows that it is stored once."""
        raw = raw_mail(f"contacts@{DOMAIN}")
        for _time in range(2):
            self.assert_answer(self.post(raw), 200, "stored")
        self.assertEqual(len(self.env["res.partner"].search([("name", "=", "Hello")])), 1)

    # --- On the wire --------------------------------------------------------------------

    def talk(self, fields, *pieces, is_half=False):
        """Post bytes with these header fields and return the whole response.

        :param bool is_half: close this direction of the connection afterwards
        """
        self.env.flush_all()
        with self.allow_requests(), socket.create_connection((HOST, self.http_port()), 20) as wire:
            wire.sendall(
                "\r\n".join(
                    (
                        f"POST {PATH} HTTP/1.1",
                        f"Host: {HOST}:{self.http_port()}",
                        f"X-Odoo-Database: {self.env.cr.dbname}",
                        f"Authorization: Bearer {self.token}",
                        f"Cookie: {TEST_CURSOR_COOKIE_NAME}={self.http_request_key}",
                        "Content-Type: message/rfc822",
                        "Connection: close",
                        *fields,
                        "",
                        "",
                    )
                ).encode()
            )
            for piece in pieces:
                wire.sendall(piece)
            if is_half:
                wire.shutdown(socket.SHUT_WR)
            answer = b""
            while octets := wire.recv(65536):
                answer += octets
        return answer

    def test_chunked(self):
        raw = raw_mail(f"contacts@{DOMAIN}")
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (raw[:7], raw[7:]))
        answer = self.talk(["Transfer-Encoding: chunked"], chunks + b"0\r\n\r\n")
        self.assertIn(b" 200 ", answer.split(b"\r\n")[0])
        self.assertEqual(self.content(self.stored()), raw)

    def test_chunked_without_an_end_in_sight(self):
        self.source.most_megabytes = 1
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        answer = self.talk(["Transfer-Encoding: chunked"], chunk * 17)
        self.assertIn(b"too_large", answer)
        self.assertFalse(self.stored())

    def test_chunked_and_cut_off(self):
        large = b"%x\r\n" % (2 * inbound_dispatcher.CHUNK) + b"x" * 1000
        for end in (b"", b"zz\r\n", b"10\r\nx", large):
            with self.subTest(end[:9]):
                chunks = b"7\r\nSubject\r\n" + end
                answer = self.talk(["Transfer-Encoding: chunked"], chunks, is_half=True)
                self.assertIn(b"cut_off", answer)
        self.assertFalse(self.stored())

    def test_no_length(self):
        answer = self.talk([])
        self.assertIn(b" 411 ", answer.split(b"\r\n")[0])
        self.assertFalse(self.stored())

    def test_cut_off(self):
        """Half of a message is not stored, and the response asks for a retry."""
        raw = raw_mail(f"contacts@{DOMAIN}")
        answer = self.talk([f"Content-Length: {len(raw) + 10}"], raw, is_half=True)
        self.assertIn(b" 503 ", answer.split(b"\r\n")[0])
        self.assertIn(b"cut_off", answer)
        self.assertFalse(self.stored())

    def test_slow(self):
        with patch.object(inbound_dispatcher, "SILENCE_SECONDS", 0.3):
            answer = self.talk(["Content-Length: 100"], b"Subject: x")
        self.assertIn(b"cut_off", answer)
        # Sending a byte now and then cannot hold a worker either.
        with patch.object(inbound_dispatcher, "SLOWEST_SECONDS", -1):
            answer = self.talk(["Content-Length: 100"], b"x" * 100)
        self.assertIn(b"cut_off", answer)
        self.assertFalse(self.stored())

    def test_without_a_database(self):
        """Core would respond 404, for which providers drop the message."""
        with (
            patch("odoo.http.db_filter", lambda databases, host=None: []),
            patch("odoo.http.db_list", lambda force=False, host=None: []),
        ):
            answer = self.talk(["Content-Length: 1"], b"x")
        self.assertIn(b" 503 ", answer.split(b"\r\n")[0])
        self.assertIn(b"no_database", answer)
