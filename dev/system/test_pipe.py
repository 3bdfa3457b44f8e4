"""The pipe for mail servers, ``tools/postmaster-pipe``: what it hands over, and its exit status.

Against the HTTP ingress and the LMTP listener of this addon, behind a real Postfix, and against
servers that behave as none should.
"""

import os
import shutil
import smtplib
import socket
import subprocess
import threading
import time
from contextlib import suppress

import pytest
from mails import mail
from serving import wait_until
from test_inbound import PATH, add_source, states

from environment.places import ROOT, short_folder
from environment.postfix import Postfix
from environment.processes import LOOPBACK

PIPE = ROOT / "tools" / "postmaster-pipe"
EX_OK, EX_NOUSER, EX_TEMPFAIL = 0, 67, 75
LOG = "mail.postmaster.message"
# Bytes in no charset, lines that begin with dots, bare line ends, and none at the end.
BODY = b"caf\xe9 \xff\n.\n..\n\n.hidden\nFrom here\n\xe2\x82\xac end"


def pipe(*arguments, raw=b"Subject: x\n\nbody\n", script=PIPE, **environment):
    """Run the pipe and return ``(exit status, what it said)``."""
    result = subprocess.run(
        [script, *map(str, arguments)],
        input=raw,
        capture_output=True,
        check=False,
        timeout=60,
        env={"PATH": os.environ["PATH"], **environment},
    )
    assert result.stdout == b""
    assert b"Traceback" not in result.stderr
    return result.returncode, result.stderr.decode()


def content(database):
    with database.env() as env:
        return env["mail.postmaster.raw"]._read_content(env[LOG].search([], limit=1).id)


@pytest.fixture
def token_file(tmp_path):
    """Function that writes a token into a file and returns its path."""

    def write(token):
        path = tmp_path / "token"
        path.write_text(f"{token}\n")
        return path

    return write


class Scripted:
    """A server for one connection that says what it is told to, whatever it hears.

    :param answers: what it says, one after each time it hears something; the first at once.
        ``None`` closes the connection.
    """

    def __init__(self, *answers):
        self._answers = answers
        self.heard = b""
        self._listener = socket.create_server((LOOPBACK, 0))
        self.address = f"{LOOPBACK}:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exception):
        self._listener.close()
        self._thread.join(30)

    def _serve(self):
        connection, _peer = self._listener.accept()
        with connection:
            connection.settimeout(20)
            for answer in self._answers:
                if answer is None:
                    return
                connection.sendall(answer)
                octets = connection.recv(1 << 20)
                self.heard += octets
                if not octets:
                    return


class Endless(Scripted):
    """A server that says the same for ever."""

    def _serve(self):
        connection, _peer = self._listener.accept()
        with connection, suppress(OSError):
            while True:
                connection.sendall(self._answers[0])
                time.sleep(self._answers[1])


class Ingress(Scripted):
    """A server that answers once when it has heard the end of a message."""

    def _serve(self):
        end, answer = self._answers
        connection, _peer = self._listener.accept()
        with connection:
            connection.settimeout(20)
            while not self.heard.endswith(end):
                self.heard += connection.recv(1 << 20)
            connection.sendall(answer)


# --- HTTP ---------------------------------------------------------------------------


def test_over_http(ready, odoo_server, token_file):
    url = odoo_server(ready).url + PATH
    raw = mail().replace(b"\r\n", b"\n") + BODY
    token = add_source(ready, unknown_recipient="refuse")
    named = ("--url", url, "--token-file", token_file(token))
    assert pipe(*named, "-f", "jane@customer.test", "sales@example.com", raw=raw) == (EX_OK, "")
    assert content(ready) == b"Return-Path: <jane@customer.test>\n" + raw
    assert states(ready) == [("delivered", "record_created")]
    # The same, named by the variables that Postfix and Exim set, with the line of an mbox.
    said = pipe(
        "--url",
        url,
        raw=b"From jane@customer.test Fri Nov 20 10:00:00 2026\n" + raw,
        POSTMASTER_TOKEN=token,
        SENDER="jane@customer.test",
        RECIPIENT="sales@example.com",
    )
    assert said == (EX_OK, "")
    with ready.env() as env:
        assert env[LOG].search([]).received_count == 2
    status, text = pipe(*named, "-f", "", "nobody@example.com", raw=raw)
    assert (status, text) == (EX_NOUSER, "postmaster-pipe: the recipient does not exist\n")
    wrong = ("--url", url, "--token-file", token_file("postmaster_000000000000_secret"))
    status, text = pipe(*wrong, "sales@example.com", raw=b"x" * 5_000_000)
    assert (status, "401" in text, "secret" in text) == (EX_TEMPFAIL, True, False)
    assert pipe(*named, "--database", "another", raw=raw)[0] == EX_TEMPFAIL


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 422 No\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\n\r\n",
        b"HTTP/1.1 500 Error\r\nX-Postmaster: stored\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: https://example.com/\r\n\r\n",
        b"\xff" * 2_000_000,
    ],
)
def test_what_the_ingress_did_not_say_decides_nothing(answer):
    """A proxy answers 200 to anything, or 422 to what it does not like."""
    with Scripted(b"", answer, None) as server:
        status, _text = pipe(
            "--url",
            f"http://{server.address}{PATH}",
            "a@example.com",
            POSTMASTER_TOKEN="x",
        )
    assert status == EX_TEMPFAIL


# --- LMTP ---------------------------------------------------------------------------


@pytest.mark.parametrize("is_unix", [False, True])
def test_over_lmtp(ready, serve, is_unix):
    path = short_folder("pipe") / "lmtp.sock"
    daemon = serve("--workers=1", "--no-watch", **({"lmtp": str(path)} if is_unix else {}))
    where = path if is_unix else f"{LOOPBACK}:{daemon.lmtp}"
    raw = mail().replace(b"\r\n", b"\n") + BODY
    assert pipe(
        "--lmtp",
        where,
        "-f",
        "jane@customer.test",
        "--",
        "sales@example.com",
        raw=raw,
    ) == (EX_OK, "")
    expected = raw.replace(b"\n", b"\r\n") + b"\r\n"
    assert content(ready) == b"Return-Path: <jane@customer.test>\r\n" + expected
    assert wait_until(lambda: states(ready) == [("delivered", "record_created")])
    status, text = pipe("--lmtp", where, "-f", "", "nobody@example.com", raw=raw)
    assert (status, "5.1.1" in text) == (EX_NOUSER, True)
    # One of two does not exist: the other gets the message, and the sender is notified of one.
    both = ("sales@example.com", "nobody@example.com")
    status, _text = pipe("--lmtp", where, "-f", "jane@customer.test", *both, raw=mail())
    assert (status, len(states(ready))) == (EX_NOUSER, 2)


HELLO = (b"220 x LMTP\r\n", b"250-x\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n")
ENVELOPE = (*HELLO, b"250 ok\r\n", b"250 ok\r\n")


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ((*ENVELOPE, b"354 go\r\n", b"250 ok\r\n", b"221 bye\r\n"), EX_OK),
        # What was said before counts, not how the connection ends.
        ((*ENVELOPE, b"354 go\r\n", b"250 ok\r\n", None), EX_OK),
        ((*ENVELOPE, b"354 go\r\n", b"451 4.3.0 later\r\n"), EX_TEMPFAIL),
        ((*ENVELOPE, b"354 go\r\n", b"552 5.3.4 too large\r\n"), EX_TEMPFAIL),
        ((*ENVELOPE, b"354 go\r\n", b"550 5.1.1 after all\r\n"), EX_TEMPFAIL),
        ((*ENVELOPE, b"354 go\r\n", None), EX_TEMPFAIL),
        ((*ENVELOPE, b"451 no\r\n"), EX_TEMPFAIL),
        ((*HELLO, b"250 ok\r\n", b"550 5.1.1 nobody\r\n", b"221 bye\r\n"), EX_NOUSER),
        ((*HELLO, b"250 ok\r\n", b"553 5.1.3 bad\r\n", b"221 bye\r\n"), EX_NOUSER),
        ((*HELLO, b"250 ok\r\n", b"550-5.1.1 no\r\n550 5.1.1 body\r\n", None), EX_NOUSER),
        ((*HELLO, b"250 ok\r\n", b"550 no\r\n"), EX_TEMPFAIL),
        ((*HELLO, b"250 ok\r\n", b"554 5.7.1 not you\r\n"), EX_TEMPFAIL),
        ((*HELLO, b"250 ok\r\n", b"450 4.1.1 later\r\n"), EX_TEMPFAIL),
        ((*HELLO, b"550 5.1.1 sender\r\n"), EX_TEMPFAIL),
        ((HELLO[0], b"500 no LMTP\r\n"), EX_TEMPFAIL),
        ((b"421 busy\r\n",), EX_TEMPFAIL),
        ((b"550 5.1.1 x\r\n",), EX_TEMPFAIL),
        ((None,), EX_TEMPFAIL),
        ((b"\0" * 2_000_000,), EX_TEMPFAIL),
    ],
)
def test_every_answer_of_a_server(answers, expected):
    with Scripted(*answers) as server:
        status, text = pipe("--lmtp", server.address, "-f", "jane@customer.test", "a@example.com")
    assert status == expected, text
    assert bool(text) == bool(expected)


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        (b"250 ok\r\n250 ok\r\n", EX_OK),
        (b"250 ok\r\n451 4.3.0 later\r\n", EX_TEMPFAIL),
        (b"451 4.3.0 later\r\n250 ok\r\n", EX_TEMPFAIL),
    ],
)
def test_each_recipient_has_a_reply(replies, expected):
    """The first reply after the message is not that of all (RFC 2033 section 4.2)."""
    with Scripted(*ENVELOPE, b"250 ok\r\n", b"354 go\r\n", replies) as server:
        status, text = pipe("--lmtp", server.address, "-f", "", "a@example.com", "b@example.com")
    assert status == expected, text


def test_what_is_said():
    with Scripted(*ENVELOPE, b"354 go\r\n", b"250 ok\r\n", None) as server:
        pipe(
            "--lmtp",
            server.address,
            "-f",
            "<j\xe4ne@customer.test>",
            "a@example.com",
            raw=b".a\n..b\r\nc",
        )
    assert server.heard == (
        b"lhlo localhost\r\nMAIL FROM:<j\xc3\xa4ne@customer.test> BODY=8BITMIME SMTPUTF8\r\n"
        b"RCPT TO:<a@example.com>\r\ndata\r\n..a\r\n...b\r\nc\r\n.\r\nQUIT\r\n"
    )


def test_what_is_posted():
    """The bytes of the message as they are, and those of an address in the encoding they had."""
    answer = b"HTTP/1.1 200 OK\r\nX-Postmaster: stored\r\n\r\n"
    raw = b"Subject: caf\xe9\n\n.\r\n" + BODY
    with Ingress(raw, answer) as server:
        said = pipe(
            "--url",
            f"http://{server.address}{PATH}?x=a@b",
            "--database",
            "name",
            "-f",
            "",
            "j\xe4ne@example.com",
            "<b@example.com>",
            raw=raw,
            POSTMASTER_TOKEN="token\n",
        )
    assert said == (EX_OK, "")
    head, _blank, body = server.heard.partition(b"\r\n\r\n")
    first, *fields = head.split(b"\r\n")
    assert (first, body) == (b"POST " + PATH.encode() + b"?x=a@b HTTP/1.1", raw)
    assert set(fields) == {
        b"Host: " + server.address.encode(),
        b"Accept-Encoding: identity",
        b"Content-Length: %d" % len(raw),
        b"Content-Type: message/rfc822",
        b"Authorization: Bearer token",
        b"X-Odoo-Database: name",
        b"X-Postmaster-Sender: <>",
        b"X-Postmaster-Recipient: <j\xc3\xa4ne@example.com>, <b@example.com>",
    }


@pytest.mark.parametrize(
    ("protocol", "line"), [("--lmtp", b"220-x\r\n"), ("--url", b"HTTP/1.1 200 OK\r\n")]
)
def test_server_that_never_ends(tmp_path, protocol, line):
    """Its time is bounded: Exim returns a message whose pipe was killed."""
    hasty = tmp_path / "pipe"
    hasty.write_text(PIPE.read_text().replace("LONGEST = 300, 900", "LONGEST = 300, 1"))
    hasty.chmod(0o755)
    with Endless(line, 0.2) as server:
        status, text = pipe(
            protocol,
            f"http://{server.address}/" if protocol == "--url" else server.address,
            "-f",
            "",
            "a@b",
            POSTMASTER_TOKEN="x",
            script=hasty,
        )
    assert (status, text) == (EX_TEMPFAIL, "postmaster-pipe: it takes too long\n")


def test_header_that_never_ends():
    """http.client reads 100 fields at most."""
    with Endless(b"HTTP/1.1 200 OK\r\n" * 1000, 0) as server:
        status, text = pipe("--url", f"http://{server.address}/", "a@b", POSTMASTER_TOKEN="x")
    assert (status, text) == (EX_TEMPFAIL, "postmaster-pipe: HTTPException \n")


def test_blanks_in_quotes():
    """Postfix quotes an address with the flag q; nothing gets past the angle brackets."""
    with Scripted(*ENVELOPE, b"354 go\r\n", b"250 ok\r\n", None) as server:
        said = pipe("--lmtp", server.address, "-f", '"a b"@customer.test', "a@example.com")
    assert said == (EX_OK, "")
    assert b'MAIL FROM:<"a b"@customer.test> BODY' in server.heard
    for odd in ('"a b', '"a"@b> SIZE=1', "a b@c", '"a\nb"@c', "a\n\tb@c", '"@" x'):
        assert pipe("--lmtp", f"{LOOPBACK}:1", "-f", odd, "a@b")[1].endswith("character\n"), odd
        assert pipe("--url", "http://x/", "-f", "", odd)[1].endswith("character\n"), odd


# --- arguments ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--help",),
        ("--lmtp",),
        ("--token", "x"),
        ("--lmtp", "no port", "-f", "", "a@b"),
        ("--lmtp", f"{LOOPBACK}:1", "-f", "", "a@b"),
        ("--lmtp", "/nowhere", "-f", "", "a@b"),
        ("--lmtp", f"{LOOPBACK}:1", "-f", ""),
        ("--lmtp", f"{LOOPBACK}:1", "a@b"),
        ("--url", "ftp://x/", "a@b"),
        ("--url", "http://user:token-of-the-test@localhost/", "a@b"),
        ("--url", "http:///x"),
        ("--url", "token-of-the-test", "a@b"),
        ("--url", f"http://{LOOPBACK}:1/", "--token-file", "/nowhere", "a@b"),
        ("--url", "http://nowhere.invalid/", "a@b"),
        ("--url", f"https://{LOOPBACK}:1/", "a@b"),
        ("--lmtp", f"{LOOPBACK}:1", "-f", "a@b\nRCPT TO:<x@y>", "a@b"),
    ],
)
def test_whatever_is_wrong_the_mail_server_keeps_the_mail(arguments):
    status, text = pipe(*arguments, POSTMASTER_TOKEN="token-of-the-test")
    assert status == EX_TEMPFAIL
    assert text.startswith("postmaster-pipe: ")
    assert text.count("\n") == 1
    assert "token-of-the-test" not in text


def test_empty_input():
    """Nothing is sent when the mail server hands nothing over."""
    status, text = pipe("--lmtp", f"{LOOPBACK}:1", "-f", "", "a@b", raw=b"")
    assert (status, text) == (EX_TEMPFAIL, "postmaster-pipe: standard input contains no message\n")


def test_nobody_listens():
    """Standard output and error may be closed, and nothing said."""
    with subprocess.Popen(
        ["/bin/sh", "-c", f'exec "{PIPE}" --lmtp {LOOPBACK}:1 -f "" a@b 2>&- >&-'],
        stdin=subprocess.PIPE,
    ) as process:
        process.communicate(b"x")
    assert process.returncode == EX_TEMPFAIL


# --- behind a real Postfix ------------------------------------------------------------


def test_behind_postfix(ready, odoo_server):
    """As docs/ingress.md says: delivered, refused with a report to the sender, or kept."""
    folder = short_folder("pipe")
    script = shutil.copy(PIPE, folder / "postmaster-pipe")
    token_file = folder / "token"
    token_file.write_text(add_source(ready, unknown_recipient="refuse"))
    os.chmod(script, 0o755)
    os.chmod(token_file, 0o644)
    server = odoo_server(ready)
    service = (
        "postmaster unix - n n - 2 pipe\n"
        f"  flags=Rq user=nobody null_sender= argv={script} --url {server.url}{PATH}\n"
        f"  --token-file {token_file} -f ${{sender}} -- ${{recipient}}\n"
    )
    settings = {
        "postmaster_destination_recipient_limit": "1",
        "transport_maps": "inline:{ { example.com = postmaster: } }",
    }
    with Postfix("test-pipe", settings, service) as postfix:

        def send(recipient, raw):
            with smtplib.SMTP(postfix.host, postfix.port) as connection:
                connection.sendmail("jane@customer.test", [recipient], raw)

        server.stop()
        raw = mail(body=b"caf\xe9\r\n.\r\nend\r\n")
        send("sales@example.com", raw)
        assert wait_until(lambda: "status=deferred" in postfix.log.read_text())
        second = odoo_server(ready)
        assert second.port != server.port
    # Its address has changed; a Postfix with the new one.
    service = service.replace(server.url, second.url)
    with Postfix("test-pipe", settings, service) as postfix:
        send("sales@example.com", raw)
        assert wait_until(lambda: states(ready) == [("delivered", "record_created")]), (
            postfix.log.read_text()
        )
        stored = content(ready)
        assert stored.startswith(b"Return-Path: <jane@customer.test>\n")
        assert stored.endswith(b"caf\xe9\n.\nend\n")
        send("nobody@example.com", mail(to="nobody@example.com"))
        assert wait_until(lambda: "status=bounced (user unknown" in postfix.log.read_text()), (
            postfix.log.read_text()
        )
        # Neither the report nor the log shows the token.
        assert token_file.read_text() not in postfix.log.read_text()
