"""The rules: pure functions of facts, asked in order."""

from datetime import date, datetime, timedelta
from itertools import product
from types import SimpleNamespace

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway import screening, states, treatments
from odoo.addons.mail_postmaster.gateway.automatic import classify
from odoo.addons.mail_postmaster.gateway.own_mail import Marks
from odoo.addons.mail_postmaster.policy.settings import (
    ANSWER_HOURS,
    ANSWER_LIMIT,
    LIMITS,
    LOOP_MINUTES,
    LOOP_REPLIES,
    LOOPS,
    MOST_HOPS,
    NUMBERS,
    OTHER_CONTENT,
    Setting,
)
from odoo.addons.mail_postmaster.policy.snapshot import Policies
from odoo.addons.mail_postmaster.rules import table
from odoo.addons.mail_postmaster.rules.catchall import REFUSED, REPEATED, catchall
from odoo.addons.mail_postmaster.rules.notice import MOST_PER_MAILBOX, subject_of, unless_told
from odoo.addons.mail_postmaster.rules.verdict import (
    STRENGTH,
    Reason,
    Slot,
    Step,
    Verdict,
    stronger,
)

ACCEPTED = {LOOPS: "accepted"}
HUMAN = b"From: jane@customer.test\n\n"
OUT_OF_OFFICE = b"From: jane@customer.test\nAuto-Submitted: auto-replied\n\n"
BULK = b"From: jane@customer.test\nAuto-Submitted: auto-generated\n\n"


def judge(name, facts):
    """Return the verdict of the rule of this name."""
    rules = (*table.BEFORE_ROUTING, *table.AFTER_ROUTING)
    return next(rule for rule in rules if rule.name == name).judge(facts)


def message(texts=None, **facts):
    return SimpleNamespace(
        **{
            "raw": HUMAN,
            "header": HUMAN,
            "policies": Policies(texts or {}),
            "notice_suffix": "-notice@mx.test",
            "own_marks": Marks(),
            "own_addresses": set(),
            "own_reference": "",
            "is_of_another_database": False,
            "is_report": False,
            "text": "Hello",
            "rate_key": "jane@customer.test",
            **facts,
        }
    )


def target(texts=None, settings=(), **facts):
    policies = Policies(texts or {})
    settings = dict(settings)
    return SimpleNamespace(
        **{
            "policies": policies,
            "setting": lambda name: settings.get(name) or policies.setting(name, None, None),
            "name": "alias:1",
            "alias": SimpleNamespace(id=1, alias_mode="accept", alias_closed_since=False),
            "alias_name": "sales@example.com",
            "today": date(2026, 3, 1),
            "is_reply": False,
            "makes_record": True,
            "namesake": "",
            "text": "Hello",
            "is_quiet": False,
            "sender": "jane@customer.test",
            "sender_key": "jane@customer.test",
            "identity_policy": Setting("off", "database"),
            "is_sender_accepted": False,
            "is_sender_withheld": False,
            "is_sender_exempt": False,
            "finding": {"sender": "jane@customer.test", "finding": "dmarc_fail", "domain": "c.t"},
            "automatic": classify(HUMAN),
            "reply": None,
            **facts,
        }
    )


class TestOrder(BaseCase):
    def test_first_reason_ends_it(self):
        asked = []

        def rule(name, verdict):
            return table.Rule(name, lambda _facts: asked.append(name) or verdict)

        down = Verdict(reason=Reason(states.PARKED, "held"))
        step = Verdict(Step("seen"))
        rules = (rule("a", None), rule("b", step), rule("c", down), rule("d", step))
        self.assertEqual(list(table.verdicts(rules, None)), [step, down])
        self.assertEqual(asked, ["a", "b", "c"])

    def test_treatments_have_an_order(self):
        for first, second in product((None, *STRENGTH), repeat=2):
            with self.subTest(first=first, second=second):
                found = stronger(first, second)
                self.assertEqual(found, stronger(second, first))
                self.assertIn(found, (first, second))
        self.assertEqual(stronger(treatments.SILENT, treatments.REVIEW), treatments.REVIEW)
        self.assertEqual(stronger(treatments.REVIEW, treatments.NOTE), treatments.NOTE)

    def test_plain_message_passes_all_of_them(self):
        self.assertEqual(list(table.verdicts(table.BEFORE_ROUTING, message(ACCEPTED))), [])
        for verdict in table.verdicts(table.AFTER_ROUTING, target(ACCEPTED)):
            self.assertIsNone(verdict.reason)
            self.assertIsNone(verdict.treatment)


class TestBeforeRouting(BaseCase):
    def test_limits_are_those_in_force(self):
        lines = LIMITS["lines"]
        _default, smallest, _largest = NUMBERS[lines]
        raw = HUMAN + b"line\n" * smallest
        self.assertIsNone(judge("limits", message(raw=raw)))
        found = judge("limits", message({lines: str(smallest)}, raw=raw))
        self.assertEqual((found.reason.state, found.reason.code), (states.PARKED, "limit_lines"))
        self.assertEqual(found.reason.params["parameter"], lines)
        self.assertEqual(found.step, Step("limits", True, found.reason.params))

    def test_hops(self):
        header = b"Received: from a by b\n" * 12 + HUMAN
        for loops, most, is_hit in (
            ("accepted", "10", True),
            ("accepted", "12", False),
            ("odoo", "10", False),
        ):
            with self.subTest(loops=loops, most=most):
                found = judge("hops", message({LOOPS: loops, MOST_HOPS: most}, header=header))
                self.assertEqual(bool(found), is_hit)
                if found:
                    self.assertEqual(found.reason.params, {"count": 12, "most": 10})

    def test_own_message(self):
        ours = {"own_marks": Marks(senders=("n@own.test",)), "own_addresses": {"n@own.test"}}
        named = {"own_reference": "X-Odoo-Objects: crm.lead-7"}
        for facts, loops, is_report, proof in (
            (ours, "accepted", False, "From: n@own.test"),
            (named, "accepted", False, "X-Odoo-Objects: crm.lead-7"),
            ({}, "accepted", False, None),
            (ours, "odoo", False, None),
            (named, "odoo", False, None),
            (ours, "accepted", True, None),
            ({**ours, "is_of_another_database": True}, "accepted", False, None),
        ):
            with self.subTest(facts=facts, loops=loops, is_report=is_report):
                found = judge("own_message", message({LOOPS: loops}, is_report=is_report, **facts))
                reason = proof and Reason(states.IGNORED, "own_notification", {"proof": proof})
                self.assertEqual(found and found.reason, reason)

    def test_catchall(self):
        self.assertEqual(catchall(message()), Verdict(reason=REFUSED))
        found = catchall(message(ACCEPTED))
        self.assertEqual((found.reason, found.when_full.reason), (REFUSED, REPEATED))
        self.assertEqual((found.slot.limit, found.slot.sender), (1, "jane@customer.test"))
        self.assertEqual(catchall(message(ACCEPTED)).slot, found.slot)
        self.assertNotEqual(catchall(message(ACCEPTED, text="Other")).slot, found.slot)


class TestAfterRouting(BaseCase):
    def test_shared_message_id(self):
        for policy, namesake, state in (
            ("ignore", "", None),
            ("park", "", None),
            ("ignore", "paul@supplier.test", states.IGNORED),
            ("park", "paul@supplier.test", states.PARKED),
            ("deliver", "paul@supplier.test", None),
        ):
            with self.subTest(policy=policy, namesake=namesake):
                facts = target({OTHER_CONTENT: policy}, namesake=namesake)
                found = judge("shared_message_id", facts)
                params = {"sender": namesake, "target": "alias:1"}
                reason = state and Reason(state, "shared_message_id", params)
                self.assertEqual(found and found.reason, reason)

    def test_repeated_reply(self):
        reply = {"is_reply": True, "makes_record": False, "name": "thread:crm.lead,7"}
        found = judge("repeated_reply", target(ACCEPTED, **reply))
        self.assertIsNone(found.reason)
        self.assertEqual((found.slot.limit, found.slot.sender), (1, "jane@customer.test"))
        self.assertEqual(found.slot.minutes, NUMBERS[LOOP_MINUTES][0])
        self.assertEqual(found.when_full.reason.state, states.IGNORED)
        self.assertEqual(found.when_full.reason.code, "reply_repeated")
        self.assertEqual(judge("repeated_reply", target(ACCEPTED, **reply)).slot, found.slot)
        for other in ({"text": "Other"}, {"sender_key": "paul@x"}, {"name": "thread:crm.lead,8"}):
            with self.subTest(other):
                facts = target(ACCEPTED, **{**reply, **other})
                self.assertNotEqual(judge("repeated_reply", facts).slot, found.slot)
        for other in (
            {"is_reply": False},
            {"is_quiet": True},
            {"is_sender_exempt": True},
            {"automatic": classify(OUT_OF_OFFICE)},
            {"automatic": classify(BULK)},
        ):
            with self.subTest(other):
                self.assertIsNone(judge("repeated_reply", target(ACCEPTED, **{**reply, **other})))
        self.assertIsNone(judge("repeated_reply", target({LOOPS: "odoo"}, **reply)))
        doubted = target(ACCEPTED, **reply, is_sender_exempt=True, is_sender_withheld=True)
        self.assertTrue(judge("repeated_reply", doubted).slot)

    def test_alias_mode(self):
        day = date(2026, 3, 1)
        for mode, since, is_reply, code in (
            ("accept", False, False, None),
            ("hold", False, False, "alias_held"),
            ("hold", False, True, "alias_held"),
            ("refuse", False, False, "alias_refuses"),
            ("refuse", False, True, None),
            ("closed", False, False, "alias_refuses"),
            ("closed", day, False, "alias_closed"),
            ("closed", day, True, None),
            ("closed", date(2026, 3, 2), False, None),
        ):
            with self.subTest(mode=mode, since=since, is_reply=is_reply):
                alias = SimpleNamespace(id=1, alias_mode=mode, alias_closed_since=since)
                found = judge("alias_mode", target(alias=alias, is_reply=is_reply))
                self.assertEqual(found and found.reason.code, code)
                if code == "alias_closed":
                    self.assertEqual(found.reason.params["since"], "2026-03-01")
        self.assertIsNone(judge("alias_mode", target(alias=None)))

    def test_sender_identity(self):
        for policy, is_accepted, expected in (
            ("off", False, None),
            ("mark", False, None),
            ("withhold", False, None),
            ("park", False, (states.PARKED, "identity_parked")),
            ("refuse", False, (states.REFUSED, "identity_refused")),
            ("park", True, None),
            ("refuse", True, None),
        ):
            with self.subTest(policy=policy, is_accepted=is_accepted):
                facts = target(
                    identity_policy=Setting(policy, "alias"), is_sender_accepted=is_accepted
                )
                found = judge("sender_identity", facts)
                self.assertEqual(found and (found.reason.state, found.reason.code), expected)

    def test_automatic_mail(self):
        for policy, is_reply in product(screening.POLICIES, (False, True)):
            expected = screening.treatment(policy, is_reply)
            for header, name in ((OUT_OF_OFFICE, "auto_reply"), (BULK, "automatic_mail")):
                with self.subTest(policy=policy, is_reply=is_reply, name=name):
                    settings = {f"{name}_policy": Setting(policy, "domain")}
                    facts = target(settings=settings, automatic=classify(header), is_reply=is_reply)
                    found = judge("automatic_mail", facts)
                    self.assertEqual(found.step.params["treatment"], expected)
                    code = found.reason and found.reason.code
                    if expected == treatments.PARK:
                        self.assertEqual(code, f"{name}_parked")
                    elif expected == treatments.IGNORE:
                        self.assertEqual(code, f"{name}_ignored")
                    else:
                        self.assertIsNone(code)
                    is_treated = expected in (treatments.SILENT, treatments.NOTE)
                    self.assertEqual(found.treatment, expected if is_treated else None)

    def test_reply(self):
        for policy, is_private, expected in (
            (None, False, None),
            ("accept", False, None),
            ("note", False, treatments.REVIEW),
            ("park", False, "reply_parked"),
            ("park", True, "reply_parked_private"),
        ):
            for changes, is_asked in (({}, True), ({"is_quiet": True}, False)):
                with self.subTest(policy=policy, is_private=is_private, **changes):
                    reply = SimpleNamespace(
                        target="thread:x,1",
                        is_private=is_private,
                        policy=policy and Setting(policy, "database"),
                    )
                    facts = target(name="thread:x,1", is_reply=True, reply=reply, **changes)
                    found = judge("reply", facts)
                    outcome = found and (found.treatment or found.reason.code)
                    self.assertEqual(outcome, expected if is_asked else None)
        other = SimpleNamespace(target="thread:x,2", policy=Setting("park", "alias"))
        self.assertIsNone(judge("reply", target(name="thread:x,1", reply=other)))

    def test_sender_limit(self):
        settings = {
            "loop_threshold": Setting(3, "alias"),
            "loop_minutes": Setting(60, "database"),
        }
        found = judge("sender_limit", target(ACCEPTED, settings))
        self.assertEqual(found.slot, Slot("alias:1", 3, 60, "jane@customer.test"))
        self.assertIsNone(found.reason)
        self.assertEqual(found.when_full.reason.code, "sender_limit")
        self.assertEqual(found.when_full.reason.params["origin"], "alias")

    def test_sender_limit_of_replies(self):
        for policy, is_refused in (("silent", False), ("refuse", True)):
            facts = target({**ACCEPTED, LOOP_REPLIES: policy}, is_reply=True)
            full = judge("sender_limit", facts).when_full
            self.assertEqual(bool(full.reason), is_refused)
            self.assertEqual(full.treatment, None if is_refused else treatments.SILENT)

    def test_who_is_not_counted(self):
        for facts, is_counted in (
            (target(), False),
            (target(ACCEPTED, is_quiet=True), False),
            (target(ACCEPTED, is_sender_exempt=True), False),
            (target(ACCEPTED, is_sender_exempt=True, is_sender_withheld=True), True),
        ):
            found = judge("sender_limit", facts)
            self.assertEqual(bool(found and found.slot), is_counted)

    def test_record_limit(self):
        ten = {"record_limit": Setting(10, "alias")}
        for settings, changes, minutes in (
            ({}, {}, None),
            (ten, {}, 60),
            ({**ten, "record_limit_minutes": Setting(5, "alias")}, {}, 5),
            (ten, {"makes_record": False}, None),
            (ten, {"alias": None}, None),
            (ten, {"is_quiet": True}, None),
        ):
            with self.subTest(settings=settings, **changes):
                found = judge("record_limit", target({}, settings, **changes))
                if minutes is None:
                    self.assertIsNone(found)
                    continue
                self.assertEqual(found.slot, Slot("records:1", 10, minutes))
                self.assertEqual(found.when_full.reason.code, "record_limit")


class TestNotices(BaseCase):
    """The first rule that applies withholds a notice, and says why."""

    NOW = datetime(2026, 3, 1, 12)

    def facts(self, **facts):
        return SimpleNamespace(
            **{
                "policies": Policies({}),
                "is_quiet": False,
                "is_confirmed_database": True,
                "is_sender_doubted": False,
                "is_repeated_to_catchall": False,
                "automatic": classify(HUMAN),
                "sent_at": self.NOW,
                "now": self.NOW,
                "notice_address": "jane@customer.test",
                "notice_mailbox": "jane@customer.test",
                "is_own_address": False,
                "about": "catchall",
                "window": None,
                "is_limit_told": False,
                **facts,
            }
        )

    def found(self, rules, **facts):
        return list(table.verdicts(rules, self.facts(**facts)))

    def test_each_rule(self):
        hours = NUMBERS[ANSWER_HOURS][0]
        for code, facts, params in (
            ("imported", {"is_quiet": True}, {}),
            ("unconfirmed_copy", {"is_confirmed_database": False}, {}),
            ("unauthenticated", {"is_sender_doubted": True}, {}),
            ("repeated_text", {"is_repeated_to_catchall": True}, {}),
            (
                "automatic",
                {"automatic": classify(BULK)},
                {"field": "Auto-Submitted: auto-generated"},
            ),
            ("old", {"sent_at": self.NOW - timedelta(hours=hours, seconds=1)}, {"hours": hours}),
            ("other_address", {"notice_address": ""}, {}),
            ("own_address", {"is_own_address": True}, {}),
            ("limit_told", {"is_limit_told": True}, {}),
        ):
            with self.subTest(code):
                [verdict] = self.found(table.BEFORE_OUR_NOTICE, **facts)
                self.assertEqual(verdict.reason.code, code)
                self.assertEqual(verdict.step, Step("answer", False, {"why": code, **params}))
                is_always = code in ("imported", "unconfirmed_copy", "unauthenticated")
                self.assertEqual(bool(self.found(table.BEFORE_NOTICE, **facts)), is_always)

    def test_sent_within_the_hours(self):
        hours = NUMBERS[ANSWER_HOURS][0]
        for sent_at in (None, self.NOW - timedelta(hours=hours), self.NOW + timedelta(days=9)):
            with self.subTest(sent_at=sent_at):
                for verdict in self.found(table.BEFORE_OUR_NOTICE, sent_at=sent_at):
                    self.assertIsNone(verdict.reason)

    def test_told_once(self):
        day = 24 * 60
        for about, window, minutes in (
            ("catchall", None, day),
            ("catchall", 5, day),
            ("loop_limit", 5, 5),
            ("loop_limit", None, NUMBERS[LOOP_MINUTES][0]),
            # Who is told of the limit is told once a day.
            ("loop_limit", 7 * day, day),
        ):
            with self.subTest(about=about, window=window):
                facts = {"about": about, "window": window, "is_limit_told": about == "loop_limit"}
                verdicts = self.found(table.BEFORE_OUR_NOTICE, **facts)
                slots = [
                    Slot(f"answer:{about}", 1, minutes, "jane@customer.test"),
                    Slot("answers", MOST_PER_MAILBOX, day, "jane@customer.test"),
                    Slot("answers", NUMBERS[ANSWER_LIMIT][0], 60),
                ]
                self.assertEqual([verdict.slot for verdict in verdicts], slots)
                codes = [verdict.when_full.reason.code for verdict in verdicts]
                # The first that is full decides, and only after the first is a message refused.
                self.assertEqual(codes, ["told", "mailbox_limit", "hourly_limit"])
                self.assertFalse(any(verdict.reason for verdict in verdicts))

    def test_refusal_that_the_sender_does_not_hear_of(self):
        refused = Reason(states.REFUSED, "sender_limit", {"count": 20})
        self.assertEqual(unless_told(refused, None), refused)
        withheld = Reason(states.IGNORED, "automatic", {"field": "From: x", "count": 1})
        self.assertEqual(
            unless_told(refused, withheld),
            Reason(
                states.PARKED,
                "sender_limit",
                {"count": 20, "field": "From: x", "untold": "automatic"},
            ),
        )

    def test_subject_of_each_refusal(self):
        for code, alias_id, subject in (
            ("alias_security", 7, "alias_security:7"),
            ("alias_closed", 7, "alias_closed:7"),
            ("sender_limit", 7, "loop_limit"),
            ("loop_limit", None, "loop_limit"),
            ("catchall", None, "catchall"),
            ("of_another_addon", 7, "other"),
        ):
            with self.subTest(code):
                self.assertEqual(subject_of(code, alias_id), subject)
