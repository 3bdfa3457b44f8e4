"""A warning names what a preset lacks; one click completes it, and no upgrade does."""

import importlib.util
from pathlib import Path

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ..policy.settings import (
    ADDED,
    ADDRESSING,
    ALLOWED_DOMAINS,
    AUTHENTICATION_OWN,
    AUTHSERV,
    IDENTITY,
    IDENTITY_OWN,
    IDENTITY_UNCHECKED,
    LOCAL_PARTS,
    PRESET_DOMAINS,
)
from .identity_common import SERVER, IdentityCase, passed

MIGRATIONS = Path(__file__).parents[1] / "migrations"


@tagged("post_install", "-at_install")
class TestPresetOffers(IdentityCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.parameters.set_param(AUTHSERV, False)

    def warnings(self):
        return self.log.read_warnings()

    def receive_from(self, networks, field=True):
        for network in networks:
            hop = f"Received: from a (a.test [198.{network}.100.7]) by {SERVER} with ESMTP id 1\r\n"
            sender = f"x@c{network}.test"
            self.from_(sender, (passed(sender) if field else b"") + hop.encode())

    def test_standing_warning(self):
        authentication = self.env["mail.postmaster.authentication"]
        for values, expected in (
            ({}, "withheld"),
            ({IDENTITY_UNCHECKED: "off"}, "accepted"),
            ({IDENTITY_UNCHECKED: "withhold", IDENTITY_OWN: "mark"}, "accepted"),
            ({IDENTITY_OWN: "off"}, "accepted"),
            ({IDENTITY: "off"}, False),
            # Without the libraries.
            ({IDENTITY: "withhold", AUTHENTICATION_OWN: "on"}, "accepted"),
            ({AUTHSERV: SERVER}, False),
        ):
            for key, value in values.items():
                self.parameters.set_param(key, value)
            with self.subTest(values):
                self.assertEqual(self.warnings()["unchecked_senders"], expected)
                self.assertEqual(bool(expected), authentication._is_unsettled())
        self.parameters.set_param(AUTHSERV, False)
        self.policy.apply_preset("odoo")
        self.assertFalse(self.warnings()["unchecked_senders"])

    def test_one_click(self):
        self.receive_from(range(4))
        self.assertFalse(self.warnings()["suggested_servers"])
        self.receive_from(range(4, 9))
        warnings = self.warnings()
        self.assertEqual(warnings["suggested_servers"], (SERVER,))
        settings = self.env["res.config.settings"].create({})
        self.assertEqual(settings.postmaster_suggested_servers, SERVER)
        self.policy.trust_servers(list(warnings["suggested_servers"]))
        self.assertEqual(self.parameters.get_param(AUTHSERV), SERVER)
        self.assertFalse(self.warnings()["unchecked_senders"])
        self.assertFalse(self.warnings()["suggested_servers"])
        self.policy.trust_servers(["mx.example.org"])
        self.assertEqual(
            self.env["mail.postmaster.authentication"]._trusted_ids(), (SERVER, "mx.example.org")
        )
        with self.assertRaises(ValidationError):
            self.policy.trust_servers(["no server!"])

    def test_server_that_writes_nothing(self):
        self.receive_from(range(9), field=False)
        self.receive_from([200] * 20)
        self.assertFalse(self.warnings()["suggested_servers"])

    # --- databases from before ------------------------------------------------------------

    def old(self, preset="recommended", **values):
        """Make the parameters what an earlier version has written."""
        self.policy.apply_preset(preset)
        written = {**dict.fromkeys(ADDED, False), **values}
        for key, value in written.items():
            self.parameters.set_param(key, value)

    def upgrade(self):
        self.env.flush_all()
        for path in sorted(MIGRATIONS.glob("*/post-presets.py")):
            spec = importlib.util.spec_from_file_location("post_presets", path)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            module.migrate(self.env.cr, "19.0.1.1.0")
        self.env.invalidate_all()
        self.env.registry.clear_all_caches()

    def test_upgrade_never_tightens(self):
        addressing = self.env["mail.postmaster.addressing"]
        own = ",".join(self.env["mail.alias.domain"].search([]).mapped("name"))
        for title, values, becomes_own in (
            ("nothing was written", {}, False),
            ("the alias domains", {ALLOWED_DOMAINS: own, PRESET_DOMAINS: own}, True),
            ("some of them", {ALLOWED_DOMAINS: "postmaster.test"}, True),
            ("one that is gone", {ALLOWED_DOMAINS: f"{own},gone.test"}, False),
            ("typed", {ALLOWED_DOMAINS: own, PRESET_DOMAINS: "x.test"}, False),
            ("core decides", {ALLOWED_DOMAINS: own, ADDRESSING: False}, False),
            ("another preset", {ALLOWED_DOMAINS: own, "preset": "odoo"}, False),
        ):
            values = {**values}
            preset = values.pop("preset", "recommended")
            if allowed := values.get(ALLOWED_DOMAINS):
                values = {PRESET_DOMAINS: allowed, **values}
            self.parameters.set_param(ALLOWED_DOMAINS, False)
            self.old(preset, **values)
            before = addressing._allowed()
            self.upgrade()
            with self.subTest(title):
                typed = self.parameters.get_param(ALLOWED_DOMAINS)
                expected = not becomes_own and values.get(ALLOWED_DOMAINS, False)
                self.assertEqual(typed, expected)
                after = addressing._allowed()
                self.assertTrue(after is None or before and set(before) <= set(after))
                policies = self.policy._in_force()
                self.assertEqual(policies.choice(IDENTITY_UNCHECKED), "off")
                self.assertEqual(policies.choice(AUTHENTICATION_OWN), "off")
                self.assertEqual(policies.choice(LOCAL_PARTS), "own" if becomes_own else "any")
                self.assertEqual(self.warnings()["offers_added"], preset != "odoo")
                self.upgrade()
                self.assertEqual(addressing._allowed(), after)

    def test_what_is_new_is_taken_by_one_click(self):
        own = "postmaster.test"
        self.old(**{ALLOWED_DOMAINS: own, PRESET_DOMAINS: own, IDENTITY: "mark"})
        self.assertTrue(self.warnings()["offers_added"])
        self.policy.complete_preset()
        self.assertFalse(self.warnings()["offers_added"])
        policies = self.policy._in_force()
        self.assertEqual(policies.choice(LOCAL_PARTS), "own")
        self.assertEqual(policies.choice(IDENTITY_UNCHECKED), "withhold")
        self.assertEqual(policies.choice(AUTHENTICATION_OWN), "auto")
        self.assertFalse(self.parameters.get_param(ALLOWED_DOMAINS))
        # What was changed since stays, and so does what was chosen among the new ones.
        self.assertEqual(policies.choice(IDENTITY), "mark")
        self.old(**{IDENTITY_UNCHECKED: "off", ALLOWED_DOMAINS: "partner.test"})
        self.policy.complete_preset()
        self.assertEqual(self.policy._in_force().choice(IDENTITY_UNCHECKED), "off")
        self.assertEqual(self.parameters.get_param(ALLOWED_DOMAINS), "partner.test")

    def test_without_a_preset_nothing_is_offered(self):
        for preset in ("odoo", False):
            self.old()
            self.parameters.set_param("mail.postmaster.preset", preset)
            self.assertFalse(self.warnings()["offers_added"])
            self.policy.complete_preset()
            self.assertFalse(any(map(self.parameters.get_param, ADDED)))
