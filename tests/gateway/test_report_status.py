from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.reports.delivery_status import (
    RecipientStatus,
    outcome,
)
from odoo.addons.mail_postmaster.gateway.reports.enhanced_status import CODES, explain


def recipient(status, diagnostic="", action="failed"):
    return RecipientStatus(
        address="jane@example.org",
        action=action,
        status=status,
        outcome=outcome(action, status),
        diagnostic=diagnostic,
        remote_mta="mx.example.org",
        original_recipient="",
    )


class TestExplain(BaseCase):
    def assertCodes(self, cases):
        for case, expected in cases.items():
            with self.subTest(case=case):
                code, _params = explain(recipient(*case))
                self.assertEqual(code, expected)
                self.assertIn(code, CODES)

    def test_status(self):
        self.assertCodes(
            {
                ("5.1.1",): "mailbox_unknown",
                ("4.2.2",): "mailbox_full",
                ("5.1.2",): "domain_unknown",
                ("5.1.10",): "domain_takes_no_mail",
                ("5.3.4",): "message_too_large",
                ("5.4.6",): "loop",
                ("5.4.99",): "network_problem",
                ("5.6.1",): "content_rejected",
                ("5.7.26",): "authentication",
                ("5.7.1",): "policy",
                ("5.9.9",): "refused",
                ("4.9.9",): "delayed",
                ("",): "refused",
                ("", "", ""): "unknown",
                ("2.0.0",): "unknown",
                ("5.1.1", "", "delivered"): "delivered",
                ("2.1.5", "", "relayed"): "relayed",
                ("2.1.5", "", "expanded"): "expanded",
                ("2.1.5", "", ""): "delivered",
            }
        )

    def test_text_where_the_status_says_little(self):
        self.assertCodes(
            {
                ("5.0.0", "550 No such user here"): "mailbox_unknown",
                ("5.7.1", "blocked using zen.example.net"): "blocked_as_spam",
                ("5.7.1", "Message rejected: DMARC policy"): "authentication",
                ("4.7.1", "Greylisted, please try again"): "greylisted",
                ("5.7.1", "relaying denied"): "policy",
                ("5.1.10", "RESOLVER.ADR.RecipientNotFound; not found"): "mailbox_unknown",
                ("4.0.0", "mailbox is full"): "mailbox_full",
                ("5.0.0", "552 message size exceeds the maximum"): "message_too_large",
                ("4.0.0", "connection timed out"): "server_not_answering",
                ("5.0.0", "retry timeout exceeded"): "expired",
                ("5.0.0", "all relevant MX records point to non-existent hosts"): "domain_unknown",
            }
        )

    def test_a_status_that_says_why_is_not_overruled(self):
        self.assertCodes(
            {
                ("5.2.2", "user unknown"): "mailbox_full",
                ("5.1.1", "blocked as spam"): "mailbox_unknown",
            }
        )

    def test_parameters(self):
        _code, params = explain(recipient("5.1.1", "User unknown"))
        self.assertEqual(
            params,
            {
                "address": "jane@example.org",
                "server": "mx.example.org",
                "status": "5.1.1",
                "diagnostic": "User unknown",
            },
        )
