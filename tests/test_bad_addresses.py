"""Invalid addresses: a reason in the trace, no exception, nothing lost."""

from odoo.tests import tagged

from .common import GatewayCase

# Texts in place of an address, and why they are invalid.
NONSENSE = {
    b"people\0@postmaster.test": "control_character",
    b"people\x01@postmaster.test": "control_character",
    b"people@xn--a.test": "bad_idn",
    b"people@\xf0\x9f\x98\x80.test": "bad_idn",
    b"people@": "empty_domain",
    b"@postmaster.test": "empty_local_part",
    b"people": "no_at",
    b"people@-.test": "bad_domain",
    b"people@[192.0.2.1]": "domain_literal",
    b"p" * 300 + b"@postmaster.test": "local_part_too_long",
    b"people@" + b"postmaster." * 30 + b"test": "domain_too_long",
    b"\xe4\xf6\xfc\xff": "no_at",
    b"<<<people@postmaster.test": None,
    b'"people@postmaster.test': None,
    b"=?x-unknown?b?////?=": None,
    b"": None,
}
# Texts on which core's parser would take long.
HOSTILE = (
    b"p" * 10_000 + b"@postmaster.test",
    b"people@" + b"postmaster." * 1000 + b"test",
    b"(" * 5000,
    b", ".join(b"%d@elsewhere.test" % number for number in range(20_000)),
)
HEADER = (
    b"Return-Path: <jane@customer.test>\r\nFrom: Jane <jane@customer.test>\r\n"
    b"Subject: Hello\r\nMessage-Id: <%d@customer.test>\r\n"
)


@tagged("post_install", "-at_install")
class TestBadAddresses(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mail.postmaster.policy"].apply_preset("recommended")
        cls.server = cls.env["fetchmail.server"].create(
            {
                "name": "Everything",
                "recipient_fields": "Delivered-To",
            }
        )

    def fetch(self, raw):
        before = self.log.search([], limit=1).id or 0
        entry = self.env["mail.thread"].with_context(default_fetchmail_server_id=self.server.id)
        try:
            entry.message_process(False, raw)
        except ValueError as error:
            # Core's error for a caller that has written, about a message without a route.
            self.assertIn("No possible route found", str(error))
        return self.log.search([("id", ">", before)], limit=1)

    def test_in_a_recipient_field(self):
        for number, (nonsense, reason) in enumerate(NONSENSE.items()):
            for other, field in enumerate((b"To", b"Cc", b"Resent-To", b"Delivered-To")):
                raw = HEADER % (number * 10 + other) + field + b": " + nonsense
                with self.subTest(nonsense=nonsense[:40], field=field):
                    row = self.fetch(raw + b"\r\n\r\nText\r\n")
                    self.assertIn(row.state, ("parked", "delivered"))
                    self.assertIn(row.reason_code, ("no_recipient", "no_route", "record_created"))
                    self.assertEqual(
                        self.env["mail.postmaster.raw"]._read_content(row.id),
                        raw + b"\r\n\r\nText\r\n",
                    )
                    if reason:
                        steps = {step["step"]: step["params"] for step in row.trace}
                        self.assertEqual(steps["rejected_address"]["reason"], reason)

    def test_beside_a_good_one(self):
        for number, nonsense in enumerate(NONSENSE):
            raw = HEADER % number + b"To: people@postmaster.test\r\nCc: " + nonsense
            with self.subTest(nonsense=nonsense[:40]):
                row = self.fetch(raw + b"\r\n\r\nText\r\n")
                self.assertReason(row, "delivered", "record_created")
                self.assertEqual(row.delivery_ids.alias_id, self.alias)

    def test_as_the_sender(self):
        for number, nonsense in enumerate(NONSENSE):
            raw = (HEADER % number).replace(b"Jane <jane@customer.test>", nonsense)
            with self.subTest(nonsense=nonsense[:40]):
                row = self.fetch(raw + b"To: people@postmaster.test\r\n\r\nText\r\n")
                self.assertIn(
                    (row.state, row.reason_code),
                    (("delivered", "record_created"), ("parked", "unreadable")),
                )

    def test_too_much_waits_for_a_person(self):
        for number, hostile in enumerate(HOSTILE):
            for other, field in enumerate((b"To", b"Cc", b"From")):
                header = (HEADER % (number * 10 + other)).replace(b"From:", b"X-From:")
                raw = header + field + b": " + hostile + b"\r\n\r\nText\r\n"
                with self.subTest(hostile=hostile[:40], field=field):
                    row = self.fetch(raw)
                    self.assertEqual(row.state, "parked")
                    self.assertTrue(row.reason_code.startswith("limit_"), row.reason_code)
                    self.assertEqual(self.env["mail.postmaster.raw"]._read_content(row.id), raw)
