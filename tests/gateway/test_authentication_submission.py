"""Whether the client logged in at the first hop that is neither LMTP nor private."""

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.authentication import is_submitted

from .timing import GrowthCase

CLIENT = "from laptop (host.example.net [203.0.113.9])"
LAN = "from laptop (unknown [192.168.1.20])"
LOCAL = "from localhost (localhost [127.0.0.1]) by mx.example.com (Postfix) with ESMTP id 3"
LMTP = "from mx.example.com ([10.0.0.2]) by store.example.com with LMTP id 2"
FORGED = f"{CLIENT} by mx.example.com (Postfix) with ESMTPSA id 9"


def by(protocol, client=CLIENT):
    return f"{client} by mx.example.com (Postfix) with {protocol} id 1 for <a@example.com>"


# The hops from the top, and whether the author had logged in.
TABLE = (
    ([], False),
    ([by("ESMTPSA")], True),
    ([by("ESMTPA")], True),
    ([by("esmtpsa")], True),
    ([by("UTF8SMTPSA")], True),
    ([by("ESMTP")], False),
    ([by("ESMTPS")], False),
    ([by("SMTP")], False),
    ([by("HTTPS")], False),
    ([by("mapi")], False),
    ([by("LMTP")], False),
    # As Postfix, Exim, Sendmail and qmail write it.
    (
        [
            "from [10.0.0.5] (host.example.net [203.0.113.9])\r\n\t(using TLSv1.3 with cipher "
            "TLS_AES (256/256 bits))\r\n\t(Authenticated sender: boss@example.com)\r\n\tby "
            "mx.example.com (Postfix) with ESMTPSA id 4\r\n\tfor <a@example.com>; Fri, 20 Nov"
        ],
        True,
    ),
    (
        [
            "from host.example.net ([203.0.113.9]:5521 helo=laptop) by mx.example.com with "
            "esmtpsa (TLS1.3) tls TLS_AES (Exim 4.96) (envelope-from <b@example.com>) id 5"
        ],
        True,
    ),
    (["from a (host.example.net [203.0.113.9] (may be forged)) by mx with ESMTP id 6"], False),
    (["from unknown (HELO a) (203.0.113.9) by mx with SMTP; 20 Nov 2026"], False),
    (["by mx.example.com (Postfix, from userid 33) id 7"], False),
    (["from a ([IPv6:2001:db8::1]) by mx with ESMTPSA id 8"], True),
    # Deliveries within the installation are skipped.
    ([LMTP, by("ESMTPSA")], True),
    ([LMTP, LOCAL, by("ESMTPSA")], True),
    ([by("ESMTP", "from a ([IPv6:::1])"), by("ESMTPSA")], True),
    ([by("ESMTP", "from a ([fe80::1%eth0])"), by("ESMTPSA")], True),
    ([by("ESMTP", "from a ([::ffff:10.0.0.1])"), by("ESMTPSA")], True),
    ([LMTP, LOCAL, by("ESMTP")], False),
    # Whatever the sender writes lies below the hop that decides.
    ([by("ESMTP"), FORGED], False),
    ([LMTP, LOCAL, by("ESMTP"), FORGED], False),
    (["by mx.example.com with ESMTP id 1", FORGED], False),
    # The server relays within the installation, and logs in there.
    ([by("ESMTPSA", "from mx ([10.0.0.2])"), by("ESMTP")], False),
    # No outsider handed it over: the lowest hop decides.
    ([LMTP, by("ESMTPSA", LAN)], True),
    ([LMTP, by("ESMTP", LAN)], False),
    ([by("ESMTPSA", "from mx ([10.0.0.2])"), by("ESMTP", LAN)], False),
    # A name that the client gives itself is not its address.
    ([by("ESMTP", "from [10.0.0.5] (host.example.net [203.0.113.9])"), FORGED], False),
    ([by("ESMTP", "from [10.0.0.5]"), FORGED], False),
    ([by("ESMTP", "from 10.0.0.5"), FORGED], False),
    ([by("ESMTP", "from a (10.0.0.5.evil.test [203.0.113.9])"), FORGED], False),
    ([by("ESMTP", "from a ([10.0.0.999])"), FORGED], False),
    ([by("ESMTP", "from a ([100.64.0.1])"), FORGED], False),
    # The server's address is not the client's either.
    (["from a by mx ([10.0.0.2]) with ESMTP id 1", FORGED], False),
    # Nor do the client's words name the protocol.
    ([by("ESMTP", "from a by b with ESMTPSA (a.test [203.0.113.9])"), FORGED], False),
    ([by("ESMTP", "from with (by mx with ESMTPSA [203.0.113.9])")], False),
    ([by("ESMTP", "from a( (a.test [203.0.113.9])")], False),
    ([by("ESMTP", "from a) (a.test [203.0.113.9])")], False),
    ([f"{CLIENT} by mx (Postfix) id 1 for <with ESMTPSA@example.com>"], False),
    ([f'{CLIENT} by mx (Postfix) id 1 for <"with ESMTPSA by x"@example.com>'], False),
    ([f"{CLIENT} by mx (Postfix) with ESMTP id 1 for with ESMTPSA"], False),
    ([by("ESMTPSA", f"from {'a' * 3000} (a.test [203.0.113.9])")], False),
)


def header(hops):
    return "".join(f"Received: {hop}\r\n" for hop in hops).encode() + b"Subject: x\r\n"


class TestSubmission(BaseCase):
    def test_table(self):
        for hops, expected in TABLE:
            with self.subTest(hops):
                self.assertEqual(is_submitted(header(hops)), expected)

    def test_far_below(self):
        """A message has passed few servers of the own installation."""
        self.assertTrue(is_submitted(header([LOCAL] * 10 + [by("ESMTPSA")])))
        self.assertFalse(is_submitted(header([LOCAL] * 100 + [by("ESMTPSA")])))

    def test_whatever_the_bytes(self):
        for value in (b"", b"\xff\xfe", b"(" * 5000, b")", b"by with", b"with", b"from\0by"):
            with self.subTest(value[:9]):
                self.assertFalse(is_submitted(b"Received: " + value + b"\r\nSubject: x\r\n"))


class TestTime(GrowthCase):
    def test_growth(self):
        for part in (b"(", b"()", b"by with ", b"[10.0.0.1]", b"<", b'"', b"Received: (\r\n"):
            with self.subTest(part):
                self.assertGrowsWithSize(
                    is_submitted,
                    lambda size, part=part: b"Received: " + part * size + b"\r\n",
                    20_000,
                )
