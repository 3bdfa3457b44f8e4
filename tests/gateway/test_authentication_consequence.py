from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.authentication import (
    POLICIES,
    Results,
    consequence,
    from_json,
    identity,
    to_json,
)
from odoo.addons.mail_postmaster.gateway.authentication.results import OWN, Result

from .authentication_case import judged

JANE = b"From: Jane <jane@example.org>"
PASS = judged("spf=pass smtp.mailfrom=jane@example.org; dmarc=pass header.from=example.org")
FAIL = judged("spf=fail smtp.mailfrom=x@example.net; dmarc=fail header.from=example.org")
NOTHING = judged("spf=none smtp.mailfrom=x@example.net; dkim=none; dmarc=none")
# Written by Microsoft 365 for messages of its own users.
FROM_INSIDE = judged("dkim=none; dmarc=none action=none header.from=example.org")
UNJUDGED = Results()
SUBMITTED = b"\r\nReceived: from a (a.test [192.0.2.1]) by b with ESMTPSA id 1\r\n"
# In the order of the policies: off, mark, withhold, park, refuse.
AS_CORE = ("off",) * 5
AS_IT_SAYS = POLICIES
AT_MOST_WITHHELD = ("off", "mark", "withhold", "withhold", "withhold")
MARKED = ("off", "mark", "mark", "mark", "mark")

# From, results, whether it claims to be one of us: the result for each policy.
TABLE = (
    (JANE, PASS, False, AS_CORE),
    (JANE, PASS, True, AS_CORE),
    (JANE, FAIL, False, AS_IT_SAYS),
    (JANE, FAIL, True, AS_IT_SAYS),
    (JANE, NOTHING, False, AS_CORE),
    (JANE, NOTHING, True, AT_MOST_WITHHELD),
    (JANE, FROM_INSIDE, False, AS_CORE),
    (JANE, FROM_INSIDE, True, AS_CORE),
    (JANE, UNJUDGED, False, AS_CORE),
    (JANE, UNJUDGED, True, AS_CORE),
    (JANE, Results(OWN, "", (Result("dkim", "none", {}),)), False, AS_CORE),
    (JANE, Results(OWN, "", (Result("dkim", "none", {}),)), True, AT_MOST_WITHHELD),
    # The same, but its author had logged in to our mail server.
    (JANE + SUBMITTED, Results(OWN, "", (Result("dkim", "none", {}),)), True, AS_CORE),
    (JANE + SUBMITTED, NOTHING, True, AT_MOST_WITHHELD),
    # Nothing checks senders.
    (JANE, None, False, AS_CORE),
    (JANE, None, True, AT_MOST_WITHHELD),
    (b"Subject: x", None, False, AS_CORE),
    (JANE + b", ceo@example.com", None, True, AT_MOST_WITHHELD),
    (b"From: J\xfcrgen <jane@example.org>", None, False, AS_CORE),
    (b"Subject: x", UNJUDGED, False, AT_MOST_WITHHELD),
    (b"From: nobody", PASS, False, AT_MOST_WITHHELD),
    (JANE + b", ceo@example.com", PASS, False, AS_IT_SAYS),
    (JANE + b", ceo@example.com", UNJUDGED, False, AS_IT_SAYS),
    (b"From: ceo@example.com <jane@example.org>", PASS, False, MARKED),
    (b"From: J\xfcrgen <jane@example.org>", UNJUDGED, False, MARKED),
)


class TestConsequence(BaseCase):
    def test_table(self):
        for header, results, claims_us, expected in TABLE:
            for policy, decided in zip(POLICIES, expected, strict=True):
                with self.subTest(header, results=results, claims_us=claims_us, policy=policy):
                    found = identity(header, results or UNJUDGED, ("example.com",))
                    self.assertEqual(consequence(policy, found, results, claims_us), decided)

    def test_sender_that_is_read_otherwise(self):
        """The message would act as another sender than the one checked."""
        found = identity(JANE, PASS)
        decided = tuple(
            consequence(policy, found, PASS, is_read_otherwise=True) for policy in POLICIES
        )
        self.assertEqual(decided, AT_MOST_WITHHELD)


class TestStored(BaseCase):
    def test_there_and_back(self):
        for results in (PASS, FAIL, UNJUDGED, judged("dkim=pass (a comment) header.d=x.test")):
            with self.subTest(results=results):
                self.assertEqual(from_json(to_json(results)), results)

    def test_what_no_database_takes(self):
        odd = Result("dkim", "pass\0", {"a\0": "\ud800"}, "x" * 999)
        stored = to_json(Results(OWN, "", (odd,)))
        only = stored["found"][0]
        self.assertEqual((only["result"], only["properties"]), ("pass", {"a": "?"}))
        self.assertEqual(len(only["comment"]), 300)

    def test_what_is_none(self):
        for content in (None, False, [], "x", {}, {"found": 1}, {"found": [{}]}, {"found": []}):
            with self.subTest(content=content):
                self.assertIsNone(from_json(content))
