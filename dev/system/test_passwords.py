"""Non-ASCII passwords, and the traces of a wrong one. Real Dovecot, real commits."""

import logging
import subprocess
from contextlib import contextmanager

import pytest
from mails import mail
from setup_gateway import USER, set_up

from odoo.exceptions import UserError

from environment import postgresql

PASSWORDS = ["Zinnober-pässwört", 'Zinnober "quoted" \\ back', "Zinnober-пароль-密码"]
OTHER = "the-right-one"
LOUDEST = 1


@pytest.fixture(params=["imap", "pop"])
def kind(request):
    return request.param


class Collector(logging.Handler):
    def __init__(self):
        super().__init__(LOUDEST)
        self.lines = []
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))

    def emit(self, record):
        self.lines.append(self.format(record))

    @property
    def text(self):
        return "\n".join(self.lines)


@contextmanager
def everything_logged():
    collector, root = Collector(), logging.getLogger()
    loggers = [
        root,
        *(
            logger
            for logger in logging.Logger.manager.loggerDict.values()
            if isinstance(logger, logging.Logger)
        ),
    ]
    levels = [(logger, logger.level) for logger in loggers]
    for logger in loggers:
        logger.setLevel(LOUDEST)
    root.addHandler(collector)
    try:
        yield collector
    finally:
        root.removeHandler(collector)
        for logger, level in levels:
            logger.setLevel(level)


def make_server(env, dovecot, kind, password, **values):
    return env["fetchmail.server"].create(
        {
            "name": kind,
            "server_type": kind,
            "server": dovecot.host,
            "user": USER,
            "port": dovecot.imap_port if kind == "imap" else dovecot.pop3_port,
            "password": password,
            "is_ssl": False,
            **values,
        }
    )


@pytest.mark.parametrize("password", PASSWORDS)
def test_logs_in_and_fetches(database, dovecot, kind, password):
    dovecot.add_user(USER, password)
    with database.env() as env:
        set_up(env)
        server = make_server(env, dovecot, kind, password)
        server.button_confirm_login()
        assert server.state == "done"
    dovecot.deliver(USER, mail())
    with database.env() as env:
        env["fetchmail.server"].browse(server.id).fetch_mail()
    with database.env() as env:
        assert env["crm.lead"].search([]).mapped("name") == ["Hello"]
        server = env["fetchmail.server"].browse(server.id)
        assert (server.fetch_state, server.error_message) == ("working", False)


def dump(database):
    return subprocess.run(
        [postgresql.program("pg_dump"), "--inserts", "--encoding=UTF8", database.name],
        check=True,
        capture_output=True,
        text=True,
        encoding="utf-8",
    ).stdout


def spellings(password):
    octets = password.encode()
    return {
        password,
        repr(octets)[2:-1],
        ascii(password)[1:-1],
        octets.decode("latin-1"),
        password.replace("\\", r"\\").replace('"', r"\""),
    }


@pytest.mark.parametrize("password", PASSWORDS)
def test_wrong_password_is_nowhere(database, dovecot, kind, password):
    dovecot.add_user(USER, OTHER)
    with database.env() as env:
        set_up(env)
        server = make_server(env, dovecot, kind, password, state="done")
    database.query(f"UPDATE fetchmail_server SET error_date = NULL WHERE id = {server.id}")
    with everything_logged() as log:
        with pytest.raises(UserError) as shown, database.env() as env:
            env["fetchmail.server"].browse(server.id).button_confirm_login()
        with pytest.raises(Exception, match="(?i)auth") as fetched, database.env() as env:
            env["fetchmail.server"].browse(server.id).fetch_mail()
    with database.env() as env:
        stored = env["fetchmail.server"].browse(server.id)
        assert (stored.fetch_state, stored.failures) == ("failing", 1)
        assert "auth" in stored.error_message.lower()
    # In its own field, and nowhere else.
    database.query("UPDATE fetchmail_server SET password = NULL")
    content = dump(database)
    assert "General failure" in log.text
    assert USER in content
    for text in (str(shown.value), str(fetched.value), log.text, content):
        for spelling in spellings(password):
            assert spelling not in text
        assert "Zinnober" not in text
