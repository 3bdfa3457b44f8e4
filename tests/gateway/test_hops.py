from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.hops import (
    MOST_HOPS,
    Hops,
    Loop,
    count_hops,
    loop_reason,
)

from .timing import GrowthCase

SUFFIX = "-loop-detection-bounce-email@odoo.example.com"
ONE = b"<1.1763629200.1-openerp-loop-detection-bounce-email@odoo.example.com>"
TWO = b"<2.1763629300.1-openerp-loop-detection-bounce-email@odoo.example.com>"
OURS = b"<3.1763629400.1-openerp-7-crm.lead@odoo.example.com>"
RECEIVED = b"Received: from a.test by b.test;\r\n Fri, 20 Nov 2026 10:00:00 +0100\r\n"


class TestCount(GrowthCase):
    def assertAnswers(self, header, count):
        with self.subTest(header=header):
            self.assertEqual(count_hops(header, SUFFIX).own_answers, count)

    def test_fields(self):
        header = RECEIVED * 3 + b"DELIVERED-TO: a@x.test\r\nDelivered-To: a@x.test\r\n"
        self.assertEqual(count_hops(header), Hops(received=3, delivered_to=2, own_answers=0))
        self.assertEqual(count_hops(header, SUFFIX), Hops(3, 2, 0))

    def test_only_fields_of_that_name(self):
        header = (
            b"X-Received: by a.test\nReceived-SPF: pass\nX-Delivered-To: a@x.test\n"
            b"Subject: a\n Received: by c.test\n\nReceived: in the body\n"
        )
        self.assertEqual(count_hops(header), Hops(0, 0, 0))

    def test_answers(self):
        self.assertAnswers(b"References: %s\n" % ONE, 1)
        self.assertAnswers(b"In-Reply-To: %s\n" % ONE, 1)
        self.assertAnswers(b"References: %s %s\n" % (ONE, TWO), 2)
        self.assertAnswers(b"References: %s%s\n" % (ONE, TWO), 2)
        self.assertAnswers(b"References: %s\nIn-Reply-To: %s\n" % (ONE, TWO), 2)
        self.assertAnswers(b"References: %s\nReferences: %s\n" % (ONE, TWO), 2)

    def test_the_same_answer_counts_once(self):
        self.assertAnswers(b"References: %s %s\nIn-Reply-To: %s\n" % (ONE, ONE, ONE), 1)

    def test_an_id_that_is_folded(self):
        folded = ONE.replace(b"-bounce", b"\r\n -bounce")
        self.assertAnswers(b"References: %s\r\n %s\r\n" % (folded, TWO), 2)

    def test_what_is_no_answer_of_ours(self):
        for other in (
            OURS,
            ONE.replace(b"odoo.example.com", b"odoo.example.org"),
            ONE.replace(b"odoo.example.com", b"odoo.example.com.example.org"),
            ONE.strip(b"<>"),
            b"<>",
            b"<" + ONE.strip(b"<>"),
            b"> <",
        ):
            self.assertAnswers(b"References: %s\n" % other, 0)
        # The id is ours, and the message is the notice itself.
        self.assertAnswers(b"Message-Id: %s\n" % ONE, 0)

    def test_answers_are_not_counted_without_a_suffix(self):
        self.assertEqual(count_hops(b"References: %s %s\n" % (ONE, TWO)).own_answers, 0)

    def test_odd_headers(self):
        for header in (b"", b"\0", b"\xff" * 100, b"Received", b": a\n", b" folded\nReceived: a\n"):
            with self.subTest(header=header):
                self.assertEqual(count_hops(header, SUFFIX)[2], 0)
        self.assertEqual(count_hops(b"Received: \xff\0\nReceived:\n").received, 2)

    def test_time_grows_with_the_size(self):
        for make in (
            lambda size: RECEIVED * (size // len(RECEIVED)),
            lambda size: b"References: " + b"<" * size,
            lambda size: b"References: " + (ONE + b" ") * (size // len(ONE)),
            lambda size: b"References: <" + b" a" * (size // 2) + b">",
            lambda size: b"References: a\n" + b" <a>\n" * (size // 5),
        ):
            with self.subTest(header=make(125_000)[:40]):
                self.assertGrowsWithSize(lambda header: count_hops(header, SUFFIX), make, 125_000)


class TestLoop(BaseCase):
    def test_limits(self):
        for header, loop in (
            (RECEIVED * MOST_HOPS, None),
            (RECEIVED * (MOST_HOPS + 1), Loop("too_many_received", 51, 50)),
            (b"Delivered-To: a@x.test\n" * MOST_HOPS, None),
            (b"Delivered-To: a@x.test\n" * (MOST_HOPS + 1), Loop("too_many_delivered_to", 51, 50)),
            (RECEIVED * 30 + b"Delivered-To: a@x.test\n" * 30, None),
            (b"References: %s\n" % ONE, None),
            (b"References: %s %s\n" % (ONE, TWO), Loop("own_answers", 2, 1)),
            (RECEIVED * 60 + b"References: %s %s\n" % (ONE, TWO), Loop("own_answers", 2, 1)),
        ):
            with self.subTest(header=header[:100]):
                self.assertEqual(loop_reason(count_hops(header, SUFFIX)), loop)

    def test_limit_is_a_parameter(self):
        hops = Hops(received=4, delivered_to=0, own_answers=0)
        self.assertIsNone(loop_reason(hops, most_hops=4))
        self.assertEqual(loop_reason(hops, most_hops=3), Loop("too_many_received", 4, 3))

    def test_an_ordinary_thread_is_no_loop(self):
        ids = b" ".join(OURS.replace(b"<3", b"<%d" % number) for number in range(30))
        header = (
            b"Delivered-To: sales@example.com\nDelivered-To: sales@example.com\n"
            b"Received: from odoo.example.com by odoo.example.com\n"
            * 2
            + b"Auto-Submitted: auto-replied\nMessage-Id: %s\nIn-Reply-To: %s\nReferences: %s\n"
            % (OURS, OURS, ids)
        )
        hops = count_hops(header, SUFFIX)
        self.assertEqual(hops, Hops(received=2, delivered_to=4, own_answers=0))
        self.assertIsNone(loop_reason(hops))
