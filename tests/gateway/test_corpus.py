"""Messages as servers, services and ticket systems send them, and the classification of each.

``tests/data/corpus.json`` has it for each sample in ``tests/data/corpus`` and
``tests/data/reports``:

- ``automatic``: its class (``gateway.automatic``), from its header alone
- ``report``: the kind of its report (``gateway.reports``), or null if it is not one
- ``recipients``: of that report: address, status and outcome
- ``original``: a Message-Id by which the message it is about can be found
"""

import json
from pathlib import Path

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.automatic import HUMAN, classify
from odoo.addons.mail_postmaster.gateway.fingerprint import split_header
from odoo.addons.mail_postmaster.gateway.reports import read_report

DATA = Path(__file__).resolve().parents[1] / "data"
FOLDERS = ("corpus", "reports")
EXPECTED = json.loads((DATA / "corpus.json").read_text(encoding="utf-8"))
# The services whose messages an Odoo receives most; each has a sample with its name as prefix.
SENDERS = (
    "exchange",
    "exim",
    "freshdesk",
    "gmail",
    "gmx",
    "jira",
    "lotus",
    "m365",
    "mailjet",
    "mailman",
    "otrs",
    "outlook",
    "postfix",
    "qmail",
    "sendgrid",
    "sendmail",
    "ses",
    "yahoo",
    "zendesk",
    "znuny",
)
# Samples that no rule matches.
ODD = ("multipart_of_nothing", "no_header", "no_text", "noise", "nothing")


def found(raw):
    """Return the classification of a message, in the form of the manifest, and its original ids."""
    report = read_report(raw)
    row = {"automatic": classify(split_header(raw)[0]).kind, "report": report and report.kind}
    if report and report.recipients:
        row["recipients"] = [
            [(*each.candidates, "")[0], each.status, each.outcome] for each in report.recipients
        ]
    return row, [each.message_id for each in report.original_ids] if report else []


class TestCorpus(BaseCase):
    def test_each_sample_is_in_the_manifest(self):
        files = {
            f"{folder}/{file.name}" for folder in FOLDERS for file in (DATA / folder).iterdir()
        }
        self.assertEqual(files, EXPECTED.keys())

    def test_each_sample_is_what_the_manifest_says(self):
        for name, expected in EXPECTED.items():
            with self.subTest(name):
                row, original_ids = found((DATA / name).read_bytes())
                original = expected.get("original")
                self.assertEqual(
                    row, {key: value for key, value in expected.items() if key != "original"}
                )
                self.assertIn(original, original_ids or [None])

    def test_line_endings_do_not_matter(self):
        for name in EXPECTED:
            raw = (DATA / name).read_bytes()
            if Path(name).stem in ODD:
                continue
            with self.subTest(name):
                travelled = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
                self.assertEqual(found(travelled), found(raw))

    def test_each_sender_has_a_sample(self):
        names = [Path(name).name for name in EXPECTED]
        for sender in SENDERS:
            with self.subTest(sender):
                self.assertTrue(
                    [
                        name
                        for name in names
                        if name.startswith(f"{sender}_") or name == f"{sender}.eml"
                    ]
                )

    def test_what_fits_no_rule_is_human(self):
        for name in ODD:
            with self.subTest(name):
                row = EXPECTED[f"corpus/{name}.eml"]
                self.assertEqual(row, {"automatic": HUMAN, "report": None})
