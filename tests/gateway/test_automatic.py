from odoo.addons.mail_postmaster.gateway.automatic import (
    AUTO_GENERATED,
    AUTO_REPLY,
    HUMAN,
    LIST,
    LONGEST_PROOF,
    Automatic,
    classify,
)

from . import automatic_headers as headers
from .timing import GrowthCase

WEAK = False


class TestAutomatic(GrowthCase):
    def assertSign(self, header, kind, proof, is_strong=True):
        # Evidence of a program also forbids a notice.
        self.assertEqual(classify(header), Automatic(kind, proof, is_strong, proof))

    def assertSigns(self, cases):
        for header, *expected in cases:
            with self.subTest(header=header):
                self.assertSign(header, *expected)

    def test_mail_of_programs(self):
        exchange = "X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent"
        auto_generated = "Auto-Submitted: auto-generated"
        for name, *expected in (
            ("EXCHANGE_ONLINE_OUT_OF_OFFICE", AUTO_REPLY, exchange),
            ("EXCHANGE_ONLINE_RULE_REPLY", AUTO_REPLY, exchange),
            (
                "EXCHANGE_2003_OUT_OF_OFFICE",
                AUTO_REPLY,
                "Subject: Out of Office AutoReply: Offer",
                WEAK,
            ),
            ("GMAIL_VACATION", AUTO_REPLY, "Auto-Submitted: auto-replied"),
            ("LOTUS_OUT_OF_OFFICE", AUTO_REPLY, auto_generated),
            (
                "LOTUS_7_OUT_OF_OFFICE",
                AUTO_REPLY,
                "Subject: Jane Doe is out of the office.",
                WEAK,
            ),
            ("PIGEONHOLE_VACATION", AUTO_REPLY, "Auto-Submitted: auto-replied (vacation)"),
            ("CPANEL_AUTORESPONDER", AUTO_REPLY, "Precedence: auto_reply"),
            ("CPANEL_AUTORESPONDER_ON_A_LIST", AUTO_REPLY, "Precedence: auto_reply"),
            ("POSTFIX_BOUNCE", AUTO_REPLY, "Auto-Submitted: auto-replied"),
            (
                "EXCHANGE_BOUNCE",
                AUTO_REPLY,
                "Content-Type: multipart/report; report-type=delivery-status; "
                'boundary="b688ae68-97c9-434e-8b45-5e0c0c9b8f52"',
            ),
            (
                "READ_RECEIPT",
                AUTO_REPLY,
                'Content-Type: multipart/report; boundary="mdn1"; '
                'report-type="disposition-notification"',
            ),
            ("EXCHANGE_ONLINE_FORWARD", AUTO_GENERATED, auto_generated),
            ("ZENDESK", AUTO_GENERATED, auto_generated),
            ("FRESHDESK", AUTO_GENERATED, auto_generated),
            ("CRON", AUTO_GENERATED, "X-Cron-Env: <SHELL=/bin/sh>"),
            (
                "MONITORING",
                AUTO_GENERATED,
                'Auto-Submitted: auto-notified; owner-email="ops@example.org"',
            ),
            (
                "ABUSE_REPORT",
                AUTO_GENERATED,
                'Content-Type: multipart/report; report-type=feedback-report; boundary="arf"',
            ),
            (
                "MARKETING",
                AUTO_GENERATED,
                "List-Unsubscribe: <https://news.example.org/u/123>, "
                "<mailto:u-123@news.example.org>",
                WEAK,
            ),
            ("MAILMAN_POST", LIST, "List-Id: Developers <dev.lists.example.org>"),
            ("GOOGLE_GROUP_POST", LIST, "List-Id: <team.example.org>"),
            ("GITHUB_NOTIFICATION", LIST, "List-Id: example/project <project.example.github.com>"),
        ):
            with self.subTest(name=name):
                self.assertSign(getattr(headers, name), *expected)

    def test_mail_of_people(self):
        for name, header in headers.PEOPLE.items():
            with self.subTest(name=name):
                self.assertEqual(classify(header), Automatic(HUMAN))
                self.assertTrue(classify(header).may_be_answered)

    def test_auto_submitted(self):
        for value, kind in (
            (b"auto-replied", AUTO_REPLY),
            (b"Auto-Replied", AUTO_REPLY),
            (b"auto_replied", AUTO_REPLY),
            (b"auto-replied; owner-email=a@x.test", AUTO_REPLY),
            (b"auto-replied;", AUTO_REPLY),
            (b"(a (nested) one) auto-replied", AUTO_REPLY),
            (b"auto-replied(vacation)", AUTO_REPLY),
            (b'"auto-replied"', AUTO_REPLY),
            (b"auto-reply", AUTO_REPLY),
            (b"auto-replied)", AUTO_GENERATED),
            (b") auto-replied", AUTO_GENERATED),
            (b"auto-generated", AUTO_GENERATED),
            (b"auto-notified", AUTO_GENERATED),
            (b"x-something-new", AUTO_GENERATED),
            (b"yes", AUTO_GENERATED),
            (b"no", HUMAN),
            (b"NO", HUMAN),
            (b"no (auto-replied)", HUMAN),
            (b"no; a=b", HUMAN),
            (b"", HUMAN),
            (b"(auto-replied)", HUMAN),
            (b"(auto-replied", HUMAN),
        ):
            with self.subTest(value=value):
                self.assertEqual(classify(b"Auto-Submitted: %s\n" % value).kind, kind)

    def test_every_other_strong_sign(self):
        self.assertSigns(
            [
                (b"Precedence: Auto_Reply\n", AUTO_REPLY, "Precedence: Auto_Reply"),
                (b"X-Precedence: auto_reply\n", AUTO_REPLY, "X-Precedence: auto_reply"),
                (b"X-Autorespond:\n", AUTO_REPLY, "X-Autorespond: "),
                (b"x-autoresponder: yes\n", AUTO_REPLY, "X-Autoresponder: yes"),
                (b"X-AutoReply-From: a@x.test\n", AUTO_REPLY, "X-Autoreply-From: a@x.test"),
                (b"X-Mail-Autoreply: a\n", AUTO_REPLY, "X-Mail-Autoreply: a"),
                (b"X-Autogenerated: Reply\n", AUTO_REPLY, "X-Autogenerated: Reply"),
                (
                    b"X-POST-MessageClass: 9; Autoresponder\n",
                    AUTO_REPLY,
                    "X-POST-MessageClass: 9; Autoresponder",
                ),
                (
                    b"Delivered-To: sales@example.com\nDelivered-To: Autoresponder\n",
                    AUTO_REPLY,
                    "Delivered-To: Autoresponder",
                ),
                (
                    b"X-MS-Exchange-Generated-Message-Source: Journal Agent\n",
                    AUTO_GENERATED,
                    "X-MS-Exchange-Generated-Message-Source: Journal Agent",
                ),
                (b"X-Precedence: list\n", LIST, "X-Precedence: list"),
                (b"X-Precedence: bulk\n", AUTO_GENERATED, "X-Precedence: bulk"),
                (b"X-Autogenerated: Group\n", LIST, "X-Autogenerated: Group"),
                (b"X-Mailing-List: a@x.test\n", LIST, "X-Mailing-List: a@x.test"),
                (b"X-BeenThere: a@x.test\n", LIST, "X-BeenThere: a@x.test"),
                (b"List-Post: NO\n", LIST, "List-Post: NO"),
                (b"Precedence: list\n", LIST, "Precedence: list"),
                (b"Precedence: bulk\n", AUTO_GENERATED, "Precedence: bulk"),
                (b"Precedence: junk\n", AUTO_GENERATED, "Precedence: junk"),
                (b"X-Autogenerated: Letter\n", AUTO_GENERATED, "X-Autogenerated: Letter"),
                (b"X-FC-MachineGenerated: true\n", AUTO_GENERATED, "X-FC-MachineGenerated: true"),
                (b"Return-Path: <>\n", AUTO_GENERATED, "Return-Path: <>"),
                (b"Return-Path: < >\n", AUTO_GENERATED, "Return-Path: < >"),
                (b"Return-Path: <MAILER-DAEMON>\n", AUTO_GENERATED, "Return-Path: <MAILER-DAEMON>"),
                (
                    b"Return-Path: <MAILER-DAEMON@mx.test>\n",
                    AUTO_GENERATED,
                    "Return-Path: <MAILER-DAEMON@mx.test>",
                ),
            ]
        )

    def test_every_name_of_a_mark(self):
        for name, kind, is_strong in (
            *(
                (name, AUTO_REPLY, True)
                for name in (
                    "X-Autoreply",
                    "X-Auto-Reply",
                    "X-Autorespond",
                    "X-Autoresponse",
                    "X-Autoresponder",
                    "X-Auto-Responder",
                    "X-Autoreply-From",
                    "X-Auto-Reply-From",
                    "X-Mail-Autoreply",
                )
            ),
            *(
                (name, LIST, True)
                for name in (
                    "List-Id",
                    "List-Post",
                    "Mailing-List",
                    "X-Mailing-List",
                    "X-Mailman-Version",
                    "X-BeenThere",
                )
            ),
            *(
                (name, AUTO_GENERATED, WEAK)
                for name in (
                    "List-Unsubscribe",
                    "List-Subscribe",
                    "List-Help",
                    "List-Owner",
                    "List-Archive",
                )
            ),
        ):
            with self.subTest(name=name):
                header = f"{name.upper()}: 2.1\n".encode()
                self.assertSign(header, kind, f"{name}: 2.1", is_strong)

    def test_no_signs(self):
        for header in (
            b"X-Autoreply: no\n",
            b"X-Autorespond: false\n",
            b"X-Autoreply: Off\n",
            b"X-Autoreply: none\n",
            b"X-Autoreply: 0\n",
            b"X-FC-MachineGenerated: false\n",
            b"X-Autogenerated: Forward\n",
            b"X-Autogenerated: Redirect\n",
            b"X-Loop: a@x.test\n",
            b"X-MS-Exchange-Inbox-Rules-Loop: a@x.test\n",
            b"Feedback-ID: a:b:c\n",
            b"Precedence: first-class\n",
            b"Precedence:\n",
            b"Delivered-To: autoresponder@x.test\n",
            b"X-POST-MessageClass: 1\n",
            b"Return-Path:\n",
            b"Content-Type: multipart/mixed; boundary=report-type=delivery-status\n",
            b"Content-Type: text/plain; name=multipart/report\n",
            b'Content-Type: text/plain; name="multipart/report; report-type=delivery-status"\n',
            # Only the topmost one is from the delivering server.
            b"Return-Path: <jane@example.org>\nReturn-Path: <>\n",
            b"From: noreplyton@example.org\n",
            b"From: Postmaster <jane@example.org>\n",
        ):
            with self.subTest(header=header):
                self.assertEqual(classify(header), Automatic(HUMAN))

    def test_subjects(self):
        for subject in (
            "Automatic reply: Offer",
            "automatic reply: Offer",
            "Réponse automatique : Devis",
            "Respuesta automática: Oferta",
            "Automatische Antwort: Angebot",
            "Abwesenheitsnotiz",
            "Out of office",
            "Out of Office AutoReply: Offer",
            "自動応答: 見積",
            "自动答复：报价",
            "Автоматический ответ: Заказ",
            "AUTO: Jane Doe is out of the office (returning 11/24/2026)",
        ):
            with self.subTest(subject=subject):
                self.assertSign(
                    b"Subject: %s\n" % subject.encode(), AUTO_REPLY, f"Subject: {subject}", WEAK
                )

    def test_subjects_that_people_write(self):
        for subject in (
            "Re: Automatic reply: Offer",
            "AW: Abwesenheitsnotiz",
            "Out of office next week",
            "Auto: Kaufvertrag",
            "Automatic reply does not work",
            "Automatic replying: how?",
            "My colleague is out of the office, what now?",
            "Auto reply settings",
            "",
        ):
            with self.subTest(subject=subject):
                self.assertEqual(classify(b"Subject: %s\n" % subject.encode()), Automatic(HUMAN))

    def test_subject_tells_a_reply_where_a_program_is_proven(self):
        for header, kind in (
            (b"Auto-Submitted: auto-generated\nSubject: Auto: Kaufvertrag\n", AUTO_REPLY),
            (b"Return-Path: <>\nSubject: Automatic reply: Offer\n", AUTO_REPLY),
            (b"Auto-Submitted: auto-generated\nSubject: Re: Auto: a\n", AUTO_GENERATED),
            # On a list it is a person's message about it; otherwise the list itself would be
            # replying.
            (b"List-Id: <a.x.test>\nSubject: Automatic reply: Offer\n", LIST),
        ):
            with self.subTest(header=header):
                answer = classify(header)
                self.assertEqual((answer.kind, answer.is_strong), (kind, True))
                self.assertEqual(answer.proof, header.decode().splitlines()[0])

    def test_weak_senders(self):
        for address in (
            "no-reply@x.test",
            "NoReply@x.test",
            "noreply+7@x.test",
            "do-not-reply@x.test",
            "MAILER-DAEMON@x.test",
            "no-reply-accounts@x.test",
        ):
            with self.subTest(address=address):
                self.assertSign(
                    b"From: Example <%s>\n" % address.encode(),
                    AUTO_GENERATED,
                    f"From: Example <{address}>",
                    WEAK,
                )

    def test_a_weak_sign_is_outweighed(self):
        for weak in (
            b"Subject: Automatic reply: Offer\n",
            b"From: no-reply@x.test\n",
            b"List-Unsubscribe: <https://x.test>\n",
        ):
            with self.subTest(weak=weak):
                self.assertNotEqual(classify(weak).kind, HUMAN)
                self.assertEqual(classify(b"Auto-Submitted: no\n" + weak).kind, HUMAN)
                self.assertTrue(classify(b"Precedence: list\n" + weak).is_strong)

    def test_fields_that_contradict_each_other(self):
        self.assertSigns(
            [
                (
                    b"Auto-Submitted: %s\nAuto-Submitted: %s\n" % values,
                    AUTO_REPLY,
                    "Auto-Submitted: auto-replied",
                )
                for values in ((b"no", b"auto-replied"), (b"auto-replied", b"no"))
            ]
        )
        self.assertSigns(
            [
                (b"Auto-Submitted: no\nPrecedence: bulk\n", AUTO_GENERATED, "Precedence: bulk"),
                (b"Precedence: first-class\nPrecedence: list\n", LIST, "Precedence: list"),
                (
                    b"Auto-Submitted: auto-generated\nAuto-Submitted: auto-replied\n",
                    AUTO_REPLY,
                    "Auto-Submitted: auto-replied",
                ),
            ]
        )

    def test_who_may_not_be_answered_although_a_person_wrote(self):
        for field in (
            "X-Auto-Response-Suppress: All",
            "X-Auto-Response-Suppress: DR, OOF, AutoReply",
            "X-Auto-Response-Suppress: autoreply",
            "X-Auto-Response-Suppress: NDR",
            "Return-Path: <no-reply@example.org>",
            "Return-Path: <owner-dev@example.org>",
            "Return-Path: <dev-request@example.org>",
            "From: dev-bounces@example.org",
            "From: majordomo@example.org",
            "From: listserv@example.org",
            "From: Postmaster@example.org",
            "Return-Path: <postmaster@example.org>",
            "From: dev-owner@example.org",
        ):
            with self.subTest(field=field):
                answer = classify(f"{field}\n".encode())
                self.assertEqual(answer, Automatic(HUMAN, forbidding=field))
                self.assertFalse(answer.may_be_answered)
        self.assertEqual(
            classify(b"Auto-Submitted: no\nList-Help: <https://x.test>\n").forbidding,
            "List-Help: <https://x.test>",
        )

    def test_who_may_be_answered(self):
        for field in (
            b"X-Auto-Response-Suppress: OOF",
            b"X-Auto-Response-Suppress: DR, RN, NRN, OOF",
            b"X-Auto-Response-Suppress: None",
            b"X-Auto-Response-Suppress:",
            b"From: request@example.org",
            b"Return-Path: <jane-owner-doe@example.org>",
        ):
            with self.subTest(field=field):
                self.assertTrue(classify(field + b"\n").may_be_answered)

    def test_odd_bytes(self):
        for header, proof in (
            (b"Auto-Submitted: auto-replied \xff\xfe\n", "Auto-Submitted: auto-replied ÿþ"),
            (b"Auto-Submitted: auto-\0replied\n", "Auto-Submitted: auto-replied"),
            (b"Auto-Submitted: auto-replied \x07\n", "Auto-Submitted: auto-replied \ufffd"),
            (b"Auto-Submitted:\r\n auto-replied\r\n", "Auto-Submitted: auto-replied"),
            (
                b"Auto-Submitted:\r\n\t(one\r\n two)\r\n auto-replied\r\n",
                "Auto-Submitted: (one two) auto-replied",
            ),
            (b"Auto-Submitted: =?utf-8?q?auto-replied?=\n", "Auto-Submitted: auto-replied"),
            (b"AUTO-SUBMITTED:auto-replied", "Auto-Submitted: auto-replied"),
        ):
            with self.subTest(header=header):
                self.assertSign(header, AUTO_REPLY, proof)

    def test_proof_is_bounded(self):
        answer = classify(b"Auto-Submitted: auto-replied " + b"x" * 1_000_000 + b"\n")
        self.assertEqual(answer.kind, AUTO_REPLY)
        self.assertEqual(len(answer.proof), LONGEST_PROOF)

    def test_of_a_field_only_the_beginning_is_read(self):
        for size, may_be_answered in ((1000, False), (1_000_000, True)):
            header = b"X-Auto-Response-Suppress: " + b"x" * size + b", All\n"
            self.assertEqual(classify(header).may_be_answered, may_be_answered)

    def test_time_grows_with_the_size(self):
        for make in (
            lambda size: b"Auto-Submitted: no\n" * (size // 19),
            lambda size: b"Auto-Submitted: " + b"(" * size,
            lambda size: b"From: " + b"a@b, " * (size // 5),
            lambda size: b"Subject: " + b"=?utf-8?q?a?= " * (size // 14),
            lambda size: b"Subject: a\n" + b" is out of the office" * (size // 21),
            lambda size: b"Content-Type: multipart/report" + b"; report-type=" * (size // 14),
            lambda size: b"Subject: a\n" + b" \n" * (size // 2),
        ):
            with self.subTest(header=make(125_000)[:40]):
                self.assertGrowsWithSize(classify, make, 125_000)
