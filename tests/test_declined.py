"""Another addon drops routes, answers by itself or returns nothing, above or below this one."""

import uuid
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.mail.models.mail_thread import MailThread

from .common import GatewayCase

ROUTE, PROCESS = "message_route", "_message_route_process"
BLOCKER = "odoo.addons.sender_blocker.models.mail_thread"


def first_only(routes):
    return routes[:1]


def none(_routes):
    return []


@tagged("post_install", "-at_install")
class TestDeclined(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.make_alias("others", "res.partner")

    def neighbour(self, method, is_above, filtered, module):
        """Return a patch: another addon that passes on what is left of the routes.

        :param filtered: function of routes; or None: it returns False and calls nothing
        :param module: where the method of that addon is defined
        """
        owner = type(self.env["mail.thread"]) if is_above else MailThread
        below = getattr(owner, method)

        def message_route(thread, message, message_dict, *arguments, **options):
            if not filtered:
                return []
            return filtered(below(thread, message, message_dict, *arguments, **options))

        def _message_route_process(thread, message, message_dict, routes):
            return filtered is not None and below(thread, message, message_dict, filtered(routes))

        double = {ROUTE: message_route, PROCESS: _message_route_process}[method]
        double.__module__ = module
        return patch.object(owner, method, double)

    def receive_two(self):
        """Receive a message for both aliases and return its row."""
        to = "people@postmaster.test, others@postmaster.test"
        return self.receive(self.mail(message_id=f"<two.{uuid.uuid4()}@customer.test>", to=to))[1]

    def test_matrix(self):
        for method in (ROUTE, PROCESS):
            for is_above in (True, False):
                for filtered in (none, first_only, None):
                    for module in (BLOCKER, "odoo.addons.mail.models.mail_thread"):
                        # Core was asked, for no route: whose decision that was is not known.
                        is_asked = method == PROCESS and not is_above and filtered is none
                        is_named = module == BLOCKER and not is_asked
                        with self.subTest(
                            method=method, is_above=is_above, filtered=filtered, named=is_named
                        ):
                            with self.neighbour(method, is_above, filtered, module):
                                row = self.receive_two()
                            # Below, each target is processed by itself, so the first is all.
                            is_one = method == PROCESS and not is_above and filtered is first_only
                            is_silent = method == ROUTE and not filtered
                            if not is_silent:
                                self.check(row, filtered, is_named, is_one)

    def check(self, row, filtered, is_named, is_one):
        served = 2 if is_one else 1 if filtered is first_only else 0
        states = sorted(row.delivery_ids.mapped("state"))
        other = "ignored" if is_named else "parked"
        self.assertEqual(states, sorted(["delivered"] * served + [other] * (2 - served)))
        reason = "declined" if is_named else "made_nothing"
        for delivery in row.delivery_ids.filtered(lambda one: one.state == other):
            self.assertEqual(delivery.reason_code, reason)
            self.assertFalse(delivery.res_id)
            self.assertIn("sender_blocker" if is_named else "no reason", delivery.reason)

    def test_core_makes_nothing_beside_an_addon_that_only_watches(self):
        """The addon calls core, so that nothing was made is not its decision."""
        below = MailThread._message_route_process

        def _message_route_process(thread, message, message_dict, routes):
            return below(thread, message, message_dict, routes)

        _message_route_process.__module__ = BLOCKER
        partners = type(self.env["res.partner"])
        with (
            patch.object(MailThread, PROCESS, _message_route_process),
            patch.object(partners, "message_new", lambda thread, *_values: thread.browse()),
            patch.object(partners, "message_post", lambda thread, **_values: thread.browse()),
        ):
            row = self.receive(self.mail(message_id="<watched@customer.test>"))[1]
        self.assertReason(row, "parked", "made_nothing")

    def test_core_is_not_asked_for_routes(self):
        """Then what it would have found is not known."""
        for is_above in (True, False):
            with self.subTest(is_above=is_above):
                with self.neighbour(ROUTE, is_above, None, BLOCKER):
                    row = self.receive_two()
                self.assertReason(row, "parked", "not_routed")

    def test_neighbour_that_raises(self):
        def refuse(_routes):
            raise ValueError("blocked")

        for method in (ROUTE, PROCESS):
            for is_above in (True, False):
                with self.subTest(method=method, is_above=is_above):
                    with self.neighbour(method, is_above, refuse, BLOCKER):
                        row = self.receive_two()
                    self.assertEqual(row.state, "parked")
                    self.assertIn("failed", row.reason_code)

    def test_neighbour_that_delivers_by_itself(self):
        def _message_route_process(thread, message, message_dict, routes):
            partner = thread.env["res.partner"].create({"name": "By another"})
            partner.message_post(body="Hello", message_type="email")
            return partner.id

        owner = type(self.env["mail.thread"])
        with patch.object(owner, PROCESS, _message_route_process):
            row = self.receive(self.mail(message_id="<itself@customer.test>"))[1]
        self.assertReason(row, "delivered", "made_by_another")
        made = self.env["res.partner"].search([("name", "=", "By another")])
        self.assertEqual(row.delivery_ids.res_id, made.id)

    def test_neighbour_that_answers_by_itself(self):
        """As accounting does with an invoice without a file, in the model of the alias."""
        self.env["mail.postmaster.policy"].apply_preset("recommended")

        def _routing_check_route(thread, message, message_dict, route, raise_exception=True):
            thread._routing_create_bounce_email(message_dict["from"], "No file", message)
            return ()

        _routing_check_route.__module__ = BLOCKER
        owner = type(self.env["res.partner"])
        with patch.object(owner, "_routing_check_route", _routing_check_route):
            row = self.receive(self.mail(message_id="<answered@customer.test>"))[1]
        self.assertReason(row, "refused", "declined_told")
        self.assertIn("sender_blocker", row.reason)
        self.assertEqual(row.delivery_ids.target, f"alias:{self.alias.id}")
