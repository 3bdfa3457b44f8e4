from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway import trace


class TestTrace(BaseCase):
    def test_hits_and_misses_in_order(self):
        steps = trace.Trace()
        steps.miss("report")
        steps.hit("alias", alias="sales@example.com", count=2)
        self.assertEqual(
            steps.steps,
            [
                {"step": "report", "hit": False, "params": {}},
                {
                    "step": "alias",
                    "hit": True,
                    "params": {"alias": "sales@example.com", "count": 2},
                },
            ],
        )

    def test_bounded(self):
        steps = trace.Trace()
        for number in range(trace.MOST_STEPS * 2):
            steps.hit("recipients", recipients="a@x.test, " * 1000, number=number)
        self.assertEqual(len(steps.steps), trace.MOST_STEPS)
        self.assertEqual(len(steps.steps[0]["params"]["recipients"]), trace.LONGEST_PARAMETER)

    def test_what_a_database_takes(self):
        steps = trace.Trace()
        steps.hit("alias", alias="a\0b\ud800", error=ValueError("\0"))
        self.assertEqual(steps.steps[0]["params"], {"alias": "ab?", "error": ""})

    def test_same_answer_once(self):
        steps = trace.Trace()
        for hit in (False, False, True):
            (steps.hit if hit else steps.miss)("catchall")
        self.assertEqual([step["hit"] for step in steps.steps], [False, True])
