from odoo.addons.mail_postmaster.gateway.authentication.field import LONGEST_FIELD, read_field

from .timing import GrowthCase

# Fields as servers write them: value, authserv-id, results with what alignment reads from them.
FIELDS = {
    "gmail": (
        "mx.google.com;\r\n       dkim=pass header.i=@example.org header.s=s1 header.b=AbC+/1=;\r\n"
        "       spf=pass (google.com: domain of a@example.org designates 192.0.2.1 as permitted"
        " sender) smtp.mailfrom=a@example.org;\r\n       dmarc=pass (p=REJECT sp=REJECT dis=NONE)"
        " header.from=example.org",
        "mx.google.com",
        [
            ("dkim", "pass", {"header.i": "@example.org", "header.s": "s1", "header.b": "AbC+/1="}),
            ("spf", "pass", {"smtp.mailfrom": "a@example.org"}),
            ("dmarc", "pass", {"header.from": "example.org"}),
        ],
    ),
    "gmail with ARC": (
        "mx.google.com; arc=pass (i=1 spf=pass spfdomain=example.org dkim=pass"
        " dkdomain=example.org dmarc=pass fromdomain=example.org); dara=pass header.i=@example.com",
        "mx.google.com",
        [("arc", "pass", {}), ("dara", "pass", {"header.i": "@example.com"})],
    ),
    "Microsoft 365 has no id": (
        "spf=pass (sender IP is 192.0.2.1)\r\n smtp.mailfrom=example.org; dkim=pass (signature was"
        " verified)\r\n header.d=example.org;dmarc=pass action=none\r\n header.from=example.org;"
        "compauth=pass reason=100",
        "",
        [
            ("spf", "pass", {"smtp.mailfrom": "example.org"}),
            ("dkim", "pass", {"header.d": "example.org"}),
            ("dmarc", "pass", {"action": "none", "header.from": "example.org"}),
            ("compauth", "pass", {"reason": "100"}),
        ],
    ),
    "Exchange repeats the id": (
        "mx.example.com; dkim=none (message not signed) header.d=none;mx.example.com; "
        "dmarc=none action=none header.from=example.org;",
        "mx.example.com",
        [
            ("dkim", "none", {"header.d": "none"}),
            ("dmarc", "none", {"action": "none", "header.from": "example.org"}),
        ],
    ),
    "opendkim": (
        "mail.example.com;\n\tdkim=pass (2048-bit key; unprotected) header.d=example.org "
        "header.i=@example.org header.a=rsa-sha256 header.s=s1 header.b=abc;\n\tdkim-atps=neutral",
        "mail.example.com",
        [
            (
                "dkim",
                "pass",
                {
                    "header.d": "example.org",
                    "header.i": "@example.org",
                    "header.a": "rsa-sha256",
                    "header.s": "s1",
                    "header.b": "abc",
                },
            ),
            ("dkim-atps", "neutral", {}),
        ],
    ),
    "opendmarc": (
        "mail.example.com; dmarc=fail (p=none dis=none) header.from=example.org",
        "mail.example.com",
        [("dmarc", "fail", {"header.from": "example.org"})],
    ),
    "rspamd": (
        "mail.example.com;\n\tdkim=pass header.d=example.org header.s=s1 header.b=abc;\n"
        "\tdmarc=pass (policy=reject) header.from=example.org;\n\tspf=pass (mail.example.com: "
        "domain of a@example.org designates 192.0.2.1 as permitted sender) "
        "smtp.mailfrom=a@example.org",
        "mail.example.com",
        [
            ("dkim", "pass", {"header.d": "example.org", "header.s": "s1", "header.b": "abc"}),
            ("dmarc", "pass", {"header.from": "example.org"}),
            ("spf", "pass", {"smtp.mailfrom": "a@example.org"}),
        ],
    ),
    "Exim": (
        "mail.example.com;\n\tiprev=pass (a.example.org) smtp.remote-ip=192.0.2.1;\n"
        "\tspf=softfail smtp.mailfrom=example.org",
        "mail.example.com",
        [
            ("iprev", "pass", {"smtp.remote-ip": "192.0.2.1"}),
            ("spf", "softfail", {"smtp.mailfrom": "example.org"}),
        ],
    ),
    "Yahoo ends in a semicolon": (
        "a1.mail.yahoo.example.com;\n dkim=pass header.i=@example.org header.s=s1;\n "
        "dmarc=pass(p=REJECT) header.from=example.org;",
        "a1.mail.yahoo.example.com",
        [
            ("dkim", "pass", {"header.i": "@example.org", "header.s": "s1"}),
            ("dmarc", "pass", {"header.from": "example.org"}),
        ],
    ),
    "brackets": (
        "mx.example.com; dmarc=pass(p=reject dis=none) header.from=<a@example.org>",
        "mx.example.com",
        [("dmarc", "pass", {"header.from": "<a@example.org>"})],
    ),
    "8 bit": (
        "mx.example.com; spf=pass smtp.mailfrom=jörg@example.org",
        "mx.example.com",
        [("spf", "pass", {"smtp.mailfrom": "jörg@example.org"})],
    ),
    "empty values": (
        'mail.example.com; spf=none smtp.mailfrom="" smtp.helo=a.test; dkim=fail header.d=; ""',
        "mail.example.com",
        [
            ("spf", "none", {"smtp.mailfrom": "", "smtp.helo": "a.test"}),
            ("dkim", "fail", {}),
        ],
    ),
    "none": ("mail.example.com; none", "mail.example.com", []),
    "id alone": ("Mail.Example.com.", "mail.example.com", []),
    "version": (
        "mail.example.com 1; spf / 1 = pass smtp.mailfrom = example.org; dkim/1=pass",
        "mail.example.com",
        [("spf", "pass", {"smtp.mailfrom": "example.org"}), ("dkim", "pass", {})],
    ),
    "version of a method": (
        "mail.example.com; dkim/1=pass header.d=example.org",
        "mail.example.com",
        [("dkim", "pass", {"header.d": "example.org"})],
    ),
    "another version of the whole": ("mail.example.com 2; spf=pass", "mail.example.com", []),
    "another version of a method": ("mail.example.com; spf/2=pass", "mail.example.com", []),
    "blanks around the sign": (
        "mail.example.com; DKIM = Pass Header.D = example.org",
        "mail.example.com",
        [("dkim", "pass", {"header.d": "example.org"})],
    ),
    "quoted reason": (
        'mail.example.com; dkim=fail reason="no key; sorry" (2048-bit key) header.d=example.org',
        "mail.example.com",
        [("dkim", "fail", {"reason": "no key; sorry", "header.d": "example.org"})],
    ),
    "quoted local part": (
        'mail.example.com; spf=pass smtp.mailfrom="a; dmarc=pass \\" header.from=b"@example.org',
        "mail.example.com",
        [("spf", "pass", {"smtp.mailfrom": 'a; dmarc=pass " header.from=b@example.org'})],
    ),
    "quoted comment and id": (
        '"mail.example.com" (x (y) \\) ; dmarc=pass); spf=fail (; dkim=pass)',
        "mail.example.com",
        [("spf", "fail", {})],
    ),
    "a name twice": (
        "mail.example.com; dkim=pass header.d=example.org header.d=example.com",
        "mail.example.com",
        [("dkim", "pass", {"header.d": "example.org"})],
    ),
    "open comment": (
        "mail.example.com; spf=pass (domain of a( x); dkim=pass header.d=a.test; dmarc=fail",
        "mail.example.com",
        [("dmarc", "fail", {})],
    ),
    "open quote": (
        'mail.example.com; dkim=pass header.d=a.test; spf=fail smtp.mailfrom="a',
        "mail.example.com",
        [("spf", "fail", {"smtp.mailfrom": '"a'})],
    ),
    "closed too often": (
        "mail.example.com; spf=fail (a) x) dmarc=pass; dmarc=pass",
        "mail.example.com",
        [("spf", "fail", {"dmarc": "pass"})],
    ),
    "nothing": ("", "", []),
    "no results": (" ;; = ; =; a= ; =b;(", "", []),
}


class TestField(GrowthCase):
    maxDiff = None

    def test_fields_of_servers(self):
        for name, (value, authserv_id, results) in FIELDS.items():
            with self.subTest(name):
                field = read_field(value)
                self.assertEqual(field.authserv_id, authserv_id)
                self.assertEqual(
                    [(one.method, one.result, one.properties) for one in field.results], results
                )

    def test_comment_is_for_a_person(self):
        value = "a.test; dkim=pass (2048-bit\r\n key); spf=none; dmarc=fail (p=none (dis)) (x)"
        comments = [result.comment for result in read_field(value).results]
        self.assertEqual(comments, ["2048-bit key", "", "p=none dis x"])

    def test_long_fields_take_time_in_proportion(self):
        for piece in ("(", '"', "\\", ";", "=", " ", "a=b ", "a=b;", '"(', '\\"', "(;", 'a="'):
            with self.subTest(piece):
                self.assertGrowsWithSize(
                    read_field,
                    lambda number, piece=piece: "a.test; spf=fail; " + piece * number,
                    125_000,
                )

    def test_reads_to_a_bound(self):
        tail = "; dmarc=pass"
        fill = "x" * (LONGEST_FIELD - len("a.test; spf=fail y=") - len(tail))
        inside = read_field(f"a.test; spf=fail y={fill}{tail}")
        self.assertEqual([one.method for one in inside.results], ["spf", "dmarc"])
        outside = read_field(f"a.test; spf=fail y={fill}xxxxx{tail}")
        self.assertNotIn("pass", [one.result for one in outside.results])
