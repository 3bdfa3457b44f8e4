"""No secret and no content of a message gets into the log, at any level."""

import logging
import subprocess
from contextlib import contextmanager
from unittest.mock import patch

import psycopg2

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..gateway import states
from .screens_common import DOMAIN, ScreensCase, raw_mail

# Words that occur nowhere else.
SUBJECT, TEXT, PASSWORD = "Quecksilber", "Zinnober", "Arsenik"
LOUDEST = 1


class Collector(logging.Handler):
    """Collects log records in the format of a server, with tracebacks."""

    def __init__(self):
        super().__init__(LOUDEST)
        self.lines = []
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))

    def emit(self, record):
        self.lines.append(self.format(record))

    @property
    def text(self):
        return "\n".join(self.lines)


class EverythingLogged:
    """For test cases: the output of all loggers."""

    @contextmanager
    def everything_logged(self):
        """Collect the output of all loggers, at debug level."""
        collector = Collector()
        loggers = [
            logging.getLogger(),
            *(
                logger
                for logger in logging.Logger.manager.loggerDict.values()
                if isinstance(logger, logging.Logger)
            ),
        ]
        former = [(logger, logger.level, logger.propagate, logger.handlers) for logger in loggers]
        for logger in loggers:
            logger.setLevel(LOUDEST)
            logger.handlers = []
            logger.propagate = True
        loggers[0].handlers = [collector]
        try:
            yield collector
        finally:
            for logger, level, propagate, handlers in former:
                logger.setLevel(level)
                logger.handlers = handlers
                logger.propagate = propagate


@tagged("post_install", "-at_install")
class TestLogs(ScreensCase, EverythingLogged):
    def secret_mail(self, to):
        raw = raw_mail(to, SUBJECT).replace(b"Good morning", TEXT.encode())
        # The Message-Id identifies a message in the logs of all servers.
        return raw.replace(f"<{SUBJECT}@".encode(), b"<number-1@")

    def received(self, to, model=None):
        """Receive the message and return ``(its row, all log output)``.

        :param model: model that creates the record; for failures in this transaction, since core
            looks for a failed alias from another one
        """
        with self.everything_logged() as log:
            row = self.receive(self.secret_mail(to), model)
        self.assertGreater(len(log.lines), 30)
        return row, log.text

    def assert_silent(self, text):
        for line in text.splitlines():
            for word in (SUBJECT, TEXT, PASSWORD):
                self.assertNotIn(word, line)

    def test_collector_hears(self):
        with self.everything_logged() as log:
            self.env.cr.execute("SELECT %s", [TEXT])
            logging.getLogger("odoo.addons.mail_postmaster.any").debug(SUBJECT)
        self.assertIn(TEXT, log.text)
        self.assertIn(SUBJECT, log.text)

    def test_delivered(self):
        self.make_alias("contacts")
        row, text = self.received(f"contacts@{DOMAIN}")
        self.assertEqual((row.state, row.subject), (states.DELIVERED, SUBJECT))
        self.assert_silent(text)
        self.assertIn("(omitted: a message was being processed)", text)

    def test_parked(self):
        row, text = self.received(f"nobody@{DOMAIN}")
        self.assertEqual(row.state, states.PARKED)
        self.assert_silent(text)

    def test_exception_that_quotes_the_mail(self):
        with patch.object(
            type(self.env["res.partner"]),
            "message_new",
            side_effect=RuntimeError(f"{SUBJECT}: {TEXT}"),
        ):
            row, text = self.received(f"nobody@{DOMAIN}", "res.partner")
        # Not on the message either: an exception's text is not known to be harmless.
        self.assertNotIn(TEXT, row.error)
        self.assertIn("RuntimeError", row.error)
        self.assertIn("_message_route_process", row.error)
        self.assert_silent(text)
        self.assertIn("RuntimeError", text)

    def test_statement_that_fails(self):
        """PostgreSQL quotes the values in its error, core the whole statement."""
        self.env.cr.execute(
            "CREATE UNIQUE INDEX partner_test_unique ON res_partner (name) WHERE name = %s",
            [SUBJECT],
        )
        self.env["res.partner"].create({"name": SUBJECT})
        self.env.flush_all()
        row, text = self.received(f"nobody@{DOMAIN}", "res.partner")
        self.assertIn("UniqueViolation (table res_partner, constraint", row.error)
        self.assertIn("partner_test_unique", row.error)
        self.assertNotIn(SUBJECT, row.error)
        self.assert_silent(text)
        self.assertIn("ERROR odoo.sql_db bad query", text)
        self.assertIn("UniqueViolation partner_test_unique", text)

    def test_activity_that_fails(self):
        log = self.env["mail.postmaster.message"]
        with patch.object(
            type(log),
            "_schedule_attention",
            side_effect=psycopg2.DataError(SUBJECT),
        ):
            row, text = self.received(f"nobody@{DOMAIN}")
        self.assertEqual(row.state, states.PARKED)
        self.assertIn("no notification could be sent", text)
        self.assertIn("DataError", text)
        self.assertIn("models/log/mail_postmaster_attention.py", text)
        self.assert_silent(text)

    def test_header_that_can_not_be_stored(self):
        pipeline = type(self.env["mail.postmaster.pipeline"])
        store = pipeline._store
        tries = []

        def fail_once(pipeline, cr, mails):
            tries.append(mails)
            if len(tries) == 1:
                cr.execute("SELECT %s::integer", [mails[0][1]["subject"]])
            return store(pipeline, cr, mails)

        with patch.object(pipeline, "_store", fail_once):
            row, text = self.received(f"nobody@{DOMAIN}")
        self.assertEqual((len(tries), row.subject), (2, False))
        self.assert_silent(text)

    def test_after_the_mail_statements_are_logged_as_ever(self):
        self.received(f"nobody@{DOMAIN}")
        with self.everything_logged() as log:
            self.env.cr.execute("SELECT %s", [TEXT])
        self.assertIn(TEXT, log.text)

    # --- Passwords ---------------------------------------------------------------------

    def test_password_of_an_incoming_server(self):
        """A missing server, one that refuses, and one whose connection breaks."""
        for kind, error in (
            ("imap", ConnectionRefusedError("refused")),
            ("pop", TimeoutError("slow")),
        ):
            server = self.env["fetchmail.server"].create(
                {
                    "name": kind,
                    "server_type": kind,
                    "server": "localhost",
                    "user": "ann",
                    "password": PASSWORD,
                }
            )
            self.env.flush_all()
            with (
                self.subTest(kind=kind),
                self.everything_logged() as log,
                patch("socket.create_connection", side_effect=error),
            ):
                with self.assertRaises(UserError) as refused:
                    server.button_confirm_login()
            self.assertTrue(log.lines)
            self.assertNotIn(PASSWORD, log.text + str(refused.exception))

    def test_password_of_an_outgoing_server(self):
        server = self.env["ir.mail_server"].create(
            {
                "name": "Outgoing",
                "smtp_host": "localhost",
                "smtp_user": "ann",
                "smtp_pass": PASSWORD,
            }
        )
        self.env.flush_all()
        with (
            self.everything_logged() as log,
            patch.object(type(server), "_disable_send", bool),
            patch("socket.create_connection", side_effect=ConnectionRefusedError("refused")),
        ):
            with self.assertRaises(UserError) as refused:
                server.test_smtp_connection()
        self.assertIn("refused", str(refused.exception))
        self.assertNotIn(PASSWORD, log.text + str(refused.exception))

    def test_no_password_in_the_list_of_processes(self):
        """The addon starts no program, so there is no command line to read one from."""
        self.server.password = PASSWORD
        started = []
        with (
            patch.object(subprocess, "Popen", side_effect=started.append),
            patch("os.system", side_effect=started.append),
        ):
            self.make_alias("contacts")
            self.receive(self.secret_mail(f"contacts@{DOMAIN}"))
        self.assertFalse(started)
