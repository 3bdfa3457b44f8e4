"""What version 19.0.1.0.0 wrote into the log is read as it was meant.

The data has all codes of that version, each with the parameters of its sentence, and the rows that
it wrote for the samples of ``make run``.
"""

import json
from pathlib import Path

from odoo.tests import TransactionCase, tagged

from odoo.addons.mail_postmaster.pipeline.submission import LMTP, Submission
from odoo.addons.mail_postmaster.rules.reasons import DEFINITIONS
from odoo.addons.mail_postmaster.words.sentences import STEPS

DATA = Path(__file__).parent / "data" / "log_19.0.1.0.0.json"
UNKNOWN = "?"


@tagged("post_install", "-at_install")
class TestOldLog(TransactionCase):
    def setUp(self):
        super().setUp()
        self.old = json.loads(DATA.read_text())
        self.log = self.env["mail.postmaster.message"]

    def test_reasons(self):
        self.assertGreater(len(self.old["reasons"]), 70)
        for code, names in self.old["reasons"].items():
            with self.subTest(code):
                self.assertIn(code, DEFINITIONS)
                text = self.log._sentence(code, dict.fromkeys(names, "x"))
                self.assertNotIn(UNKNOWN, text)

    def test_steps(self):
        self.assertGreater(len(self.old["steps"]), 70)
        for code, outcomes in self.old["steps"].items():
            for outcome, names in outcomes.items():
                with self.subTest(code, outcome=outcome):
                    is_hit = outcome == "hit"
                    self.assertIn(is_hit, STEPS.get(code, {}))
                    step = {"step": code, "hit": is_hit, "params": dict.fromkeys(names, "x")}
                    self.assertNotIn(UNKNOWN, self.log._step_sentence(step)["text"])

    def test_rows(self):
        self.assertGreater(len(self.old["rows"]), 20)
        for number, values in enumerate(self.old["rows"]):
            row = self.log.sudo().create({"mail_key": f"<{number}@old.test>", **values})
            with self.subTest(row.subject):
                self.assertIn(row.reason_code, DEFINITIONS)
                self.assertNotIn(UNKNOWN, row.reason)
                self.assertEqual(len(row.trace_lines), len(values["trace"]))
                for line, step in zip(row.trace_lines, values["trace"], strict=True):
                    self.assertEqual(line["hit"], step["hit"])
                    self.assertNotIn(UNKNOWN, line["text"])
                    self.assertNotEqual(line["text"], step["step"])
                    if why := step["params"].get("why"):
                        # It was stored as a sentence then.
                        self.assertIn(why, line["text"])

    def test_call_is_stored_as_before(self):
        """During an upgrade, hosts with the earlier code process the same messages."""
        submission = Submission(b"", "res.partner", LMTP, options={"model": "res.partner"})
        self.assertEqual(submission.stored_options, {"door": "res.partner", "model": "res.partner"})
