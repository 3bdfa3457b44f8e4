"""Properties of every header, forwarded or not, tested with generated cases."""

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.addresses import canonical
from odoo.addons.mail_postmaster.gateway.forwarding import is_trusted, restored_sender
from odoo.addons.mail_postmaster.gateway.srs import read_rewritten

from .properties import CASES, given, settings, st
from .test_address_properties import address_text, few, text

NAMES = (
    "From",
    "Reply-To",
    "Cc",
    "X-Original-From",
    "X-Original-Sender",
    "Return-Path",
    "Resent-From",
    "Resent-Sender",
    "X-Forwarded-For",
    "X-Mailman-Version",
)
PEOPLE = (
    "list@x.test",
    "Jane via List <list@x.test>",
    "A <a@y.test>",
    "b@x.test",
    "b",
    "",
    "SRS0=h=t=y.test=a@x.test",
    "\"'a@y.test' via L\" <l@y.test>",
    "a@y.test, b@z.test",
)
TRUSTED = ("list@x.test", "x.test", "*.x.test", "y.test")

people = st.sampled_from(PEOPLE)
headers = st.lists(
    st.tuples(st.sampled_from(NAMES), people | people | address_text),
    max_size=7,
).map(
    lambda fields: "\n".join(f"{name}: {value}" for name, value in fields).encode(
        "utf-8", "surrogatepass"
    )
) | st.binary(max_size=200)


class TestForwardingProperties(BaseCase):
    @settings(CASES, max_examples=400)
    @given(headers, few(st.sampled_from(TRUSTED)))
    def test_sender_is_restored_by_a_trusted_forwarder_only(self, header, trusted):
        found = restored_sender(header, trusted)
        if not found or not found.sender:
            return
        self.assertTrue(is_trusted(found.forwarding.forwarder, trusted))
        # It is in From.
        own = found.forwarding.forwarder.encode()
        self.assertIn(own, header.lower())
        sender = found.sender
        self.assertEqual(canonical(sender.address), sender.address)
        self.assertNotIn(sender.address, (found.forwarding.forwarder, *trusted))
        self.assertTrue(sender.name.isprintable())
        self.assertNotIn("@", sender.name)

    @settings(CASES, max_examples=400)
    @given(headers)
    def test_nothing_is_restored_without_trust(self, header):
        found = restored_sender(header)
        self.assertIsNone(found and found.sender)

    @settings(CASES)
    @given(text | address_text)
    def test_rewritten_addresses_never_raise(self, value):
        found = read_rewritten(value)
        if found and found.original:
            self.assertEqual(canonical(found.original), found.original)
