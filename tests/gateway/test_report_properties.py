"""Properties of every message read as a report."""

from dataclasses import asdict

from odoo.addons.mail_postmaster.gateway.reports import LONGEST_TEXT, read_report
from odoo.addons.mail_postmaster.gateway.reports.enhanced_status import CODES, explain

from .properties import CASES, given, settings, st
from .report_case import SAMPLES, ReportCase, delivery_report
from .test_report_bounds import texts

NAMES = sorted(path.name for path in SAMPLES.glob("*.eml"))
KINDS = ("delivery_status", "disposition", "feedback", "unstructured_bounce")
OUTCOMES = ("hard", "soft", "success", "unknown")
FIELDS = (
    b"Final-Recipient",
    b"Original-Recipient",
    b"action",
    b"STATUS",
    b"Diagnostic-Code",
    b"Remote-MTA",
    b"Reporting-MTA",
    b"X-Foo",
    b"",
    b" ",
)
VALUES = (
    b"rfc822; a@b.test",
    b"utf-8; \\x{110000}@b.test",
    b"failed",
    b"delayed",
    b"5.1.1",
    b"4",
    b";",
    b"=?utf-7?q?+2AA-?=",
    b"=?x?b?!?=",
    b"\xff\xfe",
    b"\0",
    b"dns; x",
    b"smtp; 550 no\n more",
)

octets = st.binary(max_size=200)
value = st.sampled_from(VALUES) | octets
block = st.lists(st.tuples(st.sampled_from(FIELDS), value), max_size=6).map(
    lambda fields: b"\n".join(name + b": " + text for name, text in fields)
)
made = st.builds(
    lambda blocks, header, extra: delivery_report(*blocks, header=header, extra=extra),
    st.lists(block, max_size=4),
    st.builds(b"Return-Path: %b".__mod__, octets),
    octets,
)


@st.composite
def damaged(draw):
    """A sample with a piece of it replaced, moved or lost."""
    raw = (SAMPLES / draw(st.sampled_from(NAMES))).read_bytes()
    for _change in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(raw)))
        end = start + draw(st.integers(0, 300))
        filling = draw(octets | st.just(raw[start:end] * 3) | st.sampled_from(VALUES))
        raw = raw[:start] + filling + raw[end:]
    return raw


class TestProperties(ReportCase):
    @settings(CASES, max_examples=300)
    @given(damaged() | made | octets)
    def test_any_mail_is_read(self, raw):
        report = read_report(raw)
        self.assertEqual(read_report(raw), report)
        if report is None:
            return
        self.assertIn(report.kind, KINDS)
        if report.disposition is not None:
            self.assertEqual(report.kind, "disposition")
        # A report without a machine-readable part has none.
        if report.feedback is not None:
            self.assertEqual(report.kind, "feedback")
        for text in texts(asdict(report)):
            self.assertLessEqual(len(text), LONGEST_TEXT)
            self.assertNotIn("\0", text)
            # No lone surrogates: these texts go into a database.
            text.encode()
        for recipient in report.recipients:
            self.assertIn(report.kind, ("delivery_status", "unstructured_bounce"))
            self.assertIn(recipient.outcome, OUTCOMES)
            self.assertRegex(recipient.status, r"\A(?:[245]\.\d{1,3}\.\d{1,3})?\Z")
            self.assertIn(explain(recipient)[0], CODES)
            self.assertEqual(recipient.address, recipient.address.lower())

    @settings(CASES)
    @given(octets)
    def test_a_part_added_to_the_end_changes_no_outcome(self, octets_added):
        raw = (SAMPLES / "postfix_two_failed.eml").read_bytes()
        changed = read_report(raw + b"\n" + octets_added)
        self.assertEqual(changed.recipients, read_report(raw).recipients)
