"""The decisions about the recipients of a message, compared with reviewed texts.

After an intended change, run with ``POSTMASTER_GOLDEN=write``, and review the difference.
"""

import os
from datetime import date
from pathlib import Path

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.address_book import AddressBook, Alias, Domain, Retired
from odoo.addons.mail_postmaster.gateway.recipients import PRESETS, envelope_recipients

from .explanation import explain

GOLDEN = Path(__file__).parent / "golden"

BOOK = AddressBook(
    aliases=(
        Alias(1, "sales", 1),
        Alias(2, "info", 2, True, ("partner.test", "*.group.test")),
        Alias(3, "commercial", 1, True),
        Alias(4, "sales+eu", 1),
        Alias(5, "works", 3),
    ),
    domains=(
        Domain(1, "example.com", "catchall", "bounce", "notifications"),
        Domain(2, "other.test", "catchall", "bounce", "notifications"),
        Domain(3, "münchen.test", "catchall", "bounce"),
    ),
    retired=(
        Retired("alias", 1, "verkauf", "example.com"),
        Retired("alias", 1, "vertrieb", "example.com", date(2026, 1, 31)),
        Retired("domain", 2, domain="former.test"),
    ),
    allowed=("example.com",),
    separators="+",
    today=date(2026, 11, 20),
)

POSTFIX = PRESETS["postfix"].fields

MAILS = {
    "blind_copy": (
        b"X-Original-To: sales+ref@example.com\nDelivered-To: everything@example.com\n"
        b"To: undisclosed-recipients:;\n",
        (),
        POSTFIX,
        "",
    ),
    "transport": (
        b"To: info@other.test\n",
        ("Works@München.test", "sales@example.com"),
        POSTFIX,
        "",
    ),
    "mailing_list": (
        b"Delivered-To: sales@example.com\nDelivered-To: commercial@example.com\n"
        b"To: list@lists.test\nCc: commercial@gmail.com\n",
        (),
        ("Delivered-To",),
        "",
    ),
    "virtual_domain": (
        b"Delivered-To: example-com-sales@example.com\nTo: x@y.test\n",
        (),
        ("Delivered-To",),
        "example-com-",
    ),
    "hop": (
        b"Received: from a by mx.example.com with LMTP id 1 for <bounce+t0k3n@example.com>; Fri\n"
        b"Received: from b by a for <commercial@example.com>; Fri\n",
        (),
        ("Received",),
        "",
    ),
    "documentation_from": (b"From: commercial@gmail.com\nTo: somebody@example.com\n", (), (), ""),
    "documentation_to": (
        b"From: a@b.test\nTo: commercial@gmail.com, commercial@odoo.net\n",
        (),
        (),
        "",
    ),
    "documentation_cc": (
        b"From: a@b.test\nTo: sales@example.com\nCc: commercial@gmail.com\n",
        (),
        (),
        "",
    ),
    "copy_to_an_alias": (b"To: catchall@example.com\nCc: sales@example.com\n", (), (), ""),
    "local_part": (
        b"To: info@partner.test, info@x.group.test, info@group.test, info@example.com\n",
        (),
        (),
        "",
    ),
    "names_with_a_separator": (
        b"To: sales+eu@example.com, sales+eu+x@example.com, sales+us@example.com, +x@example.com,"
        b" mailer-daemon@example.com, notifications@other.test\n",
        (),
        (),
        "",
    ),
    "retired": (
        b"To: verkauf@example.com, vertrieb@example.com, info@former.test, catchall@former.test\n",
        (),
        (),
        "",
    ),
    "malformed": (
        b"To: sa\0les@example.com, sales@xn--a.test, sales@@example.com, Doe, "
        + b"s" * 10_000
        + b"@example.com, sales@example.com\n",
        (),
        (),
        "",
    ),
}


class TestExplanation(BaseCase):
    maxDiff = None

    def test_explanations(self):
        for name, (header, told, trusted, prefix) in MAILS.items():
            recipients = envelope_recipients(header, told, trusted, prefix)
            text = "\n".join(explain(recipients, BOOK)) + "\n"
            file = GOLDEN / f"{name}.txt"
            if os.environ.get("POSTMASTER_GOLDEN") == "write":
                file.write_text(text, encoding="utf-8")
            with self.subTest(name=name):
                self.assertEqual(text, file.read_text(encoding="utf-8"))

    def test_every_text_is_compared(self):
        self.assertEqual({file.stem for file in GOLDEN.glob("*.txt")}, set(MAILS))
