"""Signatures are checked if no trusted server has done so and the check is enabled."""

from unittest import skipUnless
from unittest.mock import patch

from odoo.tests import tagged

from ..gateway import dns_answers
from ..gateway.authentication import dkim_check
from ..gateway.dns_answers import Answers
from ..pipeline import authentication as module
from ..policy.settings import AUTHENTICATION_OWN, AUTHSERV, IDENTITY_OWN, IDENTITY_UNCHECKED
from .gateway.test_authentication_dkim import Key, sign
from .identity_common import AMY, BOSS, JANE, IdentityCase, failed, passed

CUSTOMER, OWN = "customer.test", "postmaster.test"


class Zone:
    """DNS as a dictionary of names and texts; it records the queries."""

    def __init__(self, records):
        self.records, self.asked = records, []

    def look_up(self, name, record_type, seconds):
        self.asked.append((name, seconds))
        found = self.records.get(name, ())
        if isinstance(found, Exception):
            raise found
        return [found] if found else [], 600


@tagged("post_install", "-at_install")
@skipUnless(dkim_check.is_available(), dkim_check.ABSENT)
class TestOwnCheck(IdentityCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key, cls.other_key = Key(1024), Key(1024)
        cls.parameters.set_param(AUTHSERV, False)
        cls.parameters.set_param(AUTHENTICATION_OWN, "on")
        cls.classPatch(dns_answers, "is_available", lambda: True)

    def setUp(self):
        super().setUp()
        self.zone = Zone(
            {
                f"s1._domainkey.{CUSTOMER}": self.key.record,
                f"_dmarc.{CUSTOMER}": "v=DMARC1; p=reject",
                f"s1._domainkey.{OWN}": self.key.record,
                f"_dmarc.{OWN}": "v=DMARC1; p=none",
            }
        )
        self.answers = Answers(self.zone.look_up)
        self.enterContext(patch.object(module, "ANSWERS", self.answers))

    def signed(self, sender, key=None, top=b"", **fields):
        """Deliver a signed message, and return its row of the log."""
        fields.setdefault("message_id", f"<{self.id()}.{len(self.log.search([]))}@x>")
        domain = sender.rpartition("@")[2]
        raw = sign(self.mail(sender=sender, **fields), key or self.key, domain)
        return self.receive(top + raw)[1]

    def test_claim_lasts_longer_than_the_questions(self):
        """Another worker would take the message, and a message taken too often is parked."""
        pipeline = self.env["mail.postmaster.pipeline"]
        self.assertGreater(pipeline._claim_lease().total_seconds(), module.LONGEST_CHECK)
        without = pipeline._claim_lease()
        self.parameters.set_param(AUTHENTICATION_OWN, "off")
        self.assertLess(pipeline._claim_lease(), without)

    def test_signed_by_the_domain_of_the_sender(self):
        row = self.signed(JANE)
        self.assertEqual(row.authentication, "pass")
        self.assertEqual(self.message_of(row).author_id, self.jane)
        self.assertIn("Checked by: this database", row.authentication_lines)
        self.assertActs(self.signed(BOSS), self.boss)

    def test_not_signed_where_the_domain_signs_all(self):
        row = self.from_(JANE)
        self.assertEqual(row.authentication, "fail")
        self.assertActsAsNobody(row, JANE)

    def test_signed_by_somebody_else(self):
        row = self.signed(JANE, self.other_key)
        self.assertEqual(row.authentication, "fail")
        self.assertActsAsNobody(row, JANE)
        # From one of us, although our domain does not ask receivers to reject such messages.
        self.assertActsAsNobody(self.signed(BOSS, self.other_key), BOSS)
        self.zone.records[f"_dmarc.{OWN}"] = "v=DMARC1; p=quarantine"
        self.answers.__init__(self.zone.look_up)
        self.assertReason(self.signed(BOSS, self.other_key), "parked", "identity_parked")

    def test_text_that_was_changed_on_the_way(self):
        raw = sign(self.mail(sender=JANE), self.key, CUSTOMER)
        row = self.receive(raw.replace(b"know more", b"pay more"))[1]
        self.assertEqual(row.authentication, "fail")
        self.assertIn("reason=body_changed", row.authentication_lines)

    def test_user_with_an_address_elsewhere(self):
        """That domain publishes nothing, so there is no result against the message either."""
        row = self.from_(AMY)
        self.assertEqual(row.authentication, "none")
        self.assertActsAsNobody(row, AMY)

    def test_dns_that_does_not_answer(self):
        for name in self.zone.records:
            self.zone.records[name] = TimeoutError()
        row = self.signed(JANE)
        self.assertEqual(row.authentication, "none")
        self.assertEqual(self.message_of(row).author_id, self.jane)
        self.assertActsAsNobody(self.signed(BOSS), BOSS)

    def test_time_is_over(self):
        """In a transaction of the caller, which others may wait for."""
        with patch.object(module, "LONGEST_JOINED_CHECK", 0):
            row = self.signed(JANE)
        self.assertEqual(row.authentication, "none")
        self.assertFalse(self.zone.asked)
        self.signed(JANE)
        self.assertTrue(self.zone.asked)
        for _name, seconds in self.zone.asked:
            self.assertLessEqual(seconds, module.LONGEST_JOINED_CHECK)

    def test_answers_are_remembered(self):
        self.signed(JANE)
        asked = len(self.zone.asked)
        self.signed(JANE)
        self.assertEqual(len(self.zone.asked), asked)

    def test_trusted_server_first(self):
        self.parameters.set_param(AUTHSERV, "mx.postmaster.test")
        row = self.signed(JANE, top=failed(JANE))
        self.assertEqual(row.authentication, "fail")
        self.assertFalse(self.zone.asked)
        row = self.from_(JANE, passed(JANE))
        self.assertEqual(row.authentication, "pass")
        self.assertFalse(self.zone.asked)
        # Messages without a verdict, and with a verdict by an untrusted server.
        self.assertEqual(self.signed(JANE).authentication, "pass")
        row = self.from_(JANE, passed(JANE).replace(b"mx.postmaster", b"mx.evil"))
        self.assertEqual(row.authentication, "fail")

    def test_what_was_found_stays(self):
        """A message released weeks later is judged by the keys of the day it arrived."""
        self.parameters.set_param(IDENTITY_OWN, "withhold")
        self.alias.alias_mode = "hold"
        row = self.signed(BOSS)
        self.assertReason(row, "parked", "alias_held")
        self.zone.records.clear()
        self.answers.__init__(self.zone.look_up)
        self.zone.asked.clear()
        row.action_process_again()
        self.assertActs(row, self.boss)
        self.assertFalse(self.zone.asked)

    def test_dns_that_answers_later(self):
        self.parameters.set_param(IDENTITY_OWN, "withhold")
        self.alias.alias_mode = "hold"
        records = dict(self.zone.records)
        self.zone.records.update(dict.fromkeys(records, TimeoutError()))
        row = self.signed(BOSS)
        self.assertEqual(row.authentication, "none")
        self.zone.records.update(records)
        self.answers.__init__(self.zone.look_up)
        row.action_process_again()
        self.assertEqual(row.authentication, "pass")
        self.assertActs(row, self.boss)

    def test_preset(self):
        """Checked wherever it can be, without anything that an administrator types."""
        authentication = self.env["mail.postmaster.authentication"]
        for preset, expected in (("recommended", True), ("strict", True), ("odoo", False)):
            self.policy.apply_preset(preset)
            for library in (dns_answers, dkim_check):
                with self.subTest(preset), patch.object(library, "is_available", lambda: False):
                    self.assertFalse(authentication._is_in_force())
            with self.subTest(preset):
                self.assertEqual(authentication._is_in_force(), expected)
        self.policy.apply_preset("recommended")
        self.assertEqual(self.signed(JANE).authentication, "pass")
        self.assertEqual(self.signed(JANE, self.other_key).authentication, "fail")
        settings = self.env["res.config.settings"].create({})
        self.assertEqual(settings.postmaster_authentication_own, "auto")
        self.assertTrue(settings.postmaster_checks_senders)

    def test_colleague_who_had_logged_in(self):
        """Many servers sign only what leaves them."""
        hop = b"Received: from a (a.test [203.0.113.9]) by mx.test with %s id 1\r\n"
        self.assertActs(self.receive(hop % b"ESMTPSA" + self.mail(sender=BOSS))[1], self.boss)
        row = self.receive(hop % b"ESMTP" + self.mail(sender=BOSS))[1]
        self.assertActsAsNobody(row, BOSS)

    def test_switched_off(self):
        self.parameters.set_param(AUTHENTICATION_OWN, "off")
        self.parameters.set_param(IDENTITY_UNCHECKED, "off")
        row = self.signed(BOSS, self.other_key)
        self.assertActs(row, self.boss)
        self.assertFalse(row.authentication)
        self.assertFalse(self.zone.asked)

    def test_without_the_libraries(self):
        authentication = self.env["mail.postmaster.authentication"]
        self.assertFalse(authentication._missing_libraries(True, True))
        with patch.object(dns_answers, "is_available", lambda: False):
            # Nothing checks senders then, and this one is ours.
            row = self.signed(BOSS)
            self.assertActsAsNobody(row, BOSS)
            self.assertFalse(row.authentication_results)
            self.assertIn("dnspython", str(authentication._missing_libraries(False, True)[0]))
            self.assertFalse(authentication._missing_libraries(True, False))
            settings = self.env["res.config.settings"].create({})
            self.assertIn("dnspython", settings.postmaster_authentication_note)
