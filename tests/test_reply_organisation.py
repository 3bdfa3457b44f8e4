"""Which domains are organisations: those that the contacts of one company use, and no others."""

from unittest import skipUnless

from odoo.tests import tagged

from ..gateway.authentication import domains
from ..pipeline import domain_users
from .replies_common import ReplyCase


@tagged("post_install", "-at_install")
class TestOrganisation(ReplyCase):
    """Replies at a domain of a recipient whose company the database does not know yet."""

    def setUp(self):
        super().setUp()
        self.mary = self.make_partner("Mary", "mary@works.test")
        self.question = self.post(self.record, partner_ids=self.mary.ids)

    def make_company(self, **values):
        return self.env["res.partner"].create({"name": "Company", "is_company": True} | values)

    def reply(self, sender="boss@works.test"):
        # From a different conversation each time: an accepted sender has then written in it.
        question = self.post(
            self.env["res.partner"].create({"name": "Talk"}), partner_ids=self.mary.ids
        )
        return self.answer(question, sender=sender)

    def assertColleague(self, **values):
        self.assertJoins(self.reply(**values), "organisation")

    def assertDoubted(self, step, **values):
        row = self.reply(**values)
        self.assertNoted(row)
        self.assertStep(row, f"reply_{step}", hit=False)

    def test_company_of_a_contact(self):
        self.assertDoubted("no_company")
        self.mary.parent_id = self.make_company()
        self.assertColleague()

    @skipUnless(domains.is_available(), domains.ABSENT)
    def test_subdomain_of_a_company(self):
        self.mary.parent_id = self.make_company()
        self.assertColleague(sender="boss@mail.works.test")

    def test_company_by_its_address(self):
        self.mary.parent_id = self.make_company(email="Info <info@Works.test>")
        self.assertColleague()

    def test_company_by_its_website(self):
        self.mary.parent_id = self.make_company(website="https://www.works.test")
        self.assertColleague()
        self.mary.parent_id.unlink()
        self.mary.email = "mary@elsewhere.test"
        for website in (
            "works.test",
            "https://works.test:8080/about",
            "http://www.works.test/?a=b@c",
            "HTTPS://Shop.Works.Test",
        ):
            company = self.make_company(website=website)
            with self.subTest(website=company.website):
                self.assertEqual(self.users("works.test"), (1, 1, True))
            company.unlink()
        for website in ("notworks.test", "http://example.test/works.test", "works.test.example"):
            company = self.make_company(website=website)
            with self.subTest(website=company.website):
                self.assertEqual(self.users("works.test"), (0, 0, True))
            company.unlink()

    def users(self, domain):
        return self.env["mail.postmaster.reply"]._users(domain)

    def test_contact_without_a_company_is_unrelated(self):
        """As at a provider that one customer's company uses, and others privately."""
        self.mary.parent_id = self.make_company()
        self.make_partner("Private", "private@works.test")
        self.assertDoubted("unrelated")

    def test_second_company(self):
        self.mary.parent_id = self.make_company()
        other = self.make_company(name="Other", email="other@sub.works.test")
        self.assertDoubted("unrelated")
        # An archived contact still shows that the domain serves others.
        other.active = False
        self.assertDoubted("unrelated")
        other.unlink()
        self.assertColleague()

    def test_second_company_by_its_website(self):
        self.mary.parent_id = self.make_company()
        self.make_company(name="Other", website="https://other.works.test")
        self.assertDoubted("unrelated")

    def test_archived_company(self):
        company = self.make_company(email="info@works.test")
        self.mary.parent_id = company
        self.mary.flush_recordset()
        company.with_context(active_test=False).child_ids.active = False
        company.active = False
        self.assertDoubted("no_company")

    def test_contacts_of_another_company_of_the_database_count(self):
        self.mary.parent_id = self.make_company()
        company = self.env["res.company"].create({"name": "Second"})
        other = self.make_company(name="Other", email="x@works.test", company_id=company.id)
        self.assertDoubted("unrelated")
        other.company_id = False
        self.mary.parent_id.company_id = company
        other.unlink()
        self.assertColleague()

    def test_authenticated_mail_alone_makes_no_organisation(self):
        self.identify("pass")
        self.assertDoubted("no_company")

    def test_listed_provider_is_none_even_if_one_company_uses_it(self):
        for domain in ("telia.com", "docomo.ne.jp", "hispeed.ch", "riseup.net", "anonaddy.com"):
            self.mary.email = f"mary@{domain}"
            self.mary.parent_id = self.make_company(email=f"info@{domain}")
            with self.subTest(domain=domain):
                self.assertNoted(self.reply(sender=f"stranger@{domain}"))

    def test_domain_beyond_ascii(self):
        self.mary.email = "mary@bücher.test"
        self.mary.parent_id = self.make_company(email="info@bücher.test")
        self.assertColleague(sender="boss@xn--bcher-kva.test")
        self.make_company(name="Other", email="x@xn--bcher-kva.test")
        self.assertDoubted("unrelated", sender="boss@xn--bcher-kva.test")

    def test_more_subdomains_than_are_read(self):
        self.patch(domain_users, "MOST_HOSTS", 3)
        self.mary.parent_id = self.make_company()
        for number in range(2):
            email = f"a@{number}.works.test"
            self.make_partner("P", email).parent_id = self.mary.parent_id
        self.assertColleague()
        self.make_partner("P", "a@third.works.test").parent_id = self.mary.parent_id
        self.assertDoubted("unrelated")

    def test_other_company_between_contacts_of_one(self):
        """At one host, and at the last of several hosts."""
        for host in ("works.test", "b.works.test"):
            company = self.make_company()
            other = self.make_company(email=f"other@{host}")
            self.mary.parent_id = company
            for email in ("a@works.test", "z@works.test", "a@a.works.test", f"z@{host}"):
                self.make_partner("P", email).parent_id = company
            with self.subTest(host=host):
                self.assertEqual(self.users("works.test"), (2, 2, True))
            other.unlink()
            self.assertEqual(self.users("works.test"), (1, 1, True))
            company.child_ids.filtered(lambda one: one != self.mary).unlink()

    def test_indexes_are_used(self):
        """Contacts are never read one by one, as the expressions of the indexes show."""
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        self.env.cr.execute(f"EXPLAIN {domain_users.USERS}", {"names": ["tset.skrow"], "most": 50})
        plan = "\n".join(line for (line,) in self.env.cr.fetchall())
        for index in ("res_partner_address_host", "res_partner_website_host"):
            self.assertEqual(plan.count(f"using {index}"), 3, plan)
        self.assertNotIn("Seq Scan", plan)

    def test_domains_that_look_alike(self):
        self.mary.parent_id = self.make_company()
        for email in ("a@notworks.test", "a@not-works.test", "a@works.test.example"):
            self.make_partner("Other", email)
        self.assertColleague()
        self.assertNoted(self.reply(sender="boss@notworks.test"))


@tagged("post_install", "-at_install")
class TestSpellings(ReplyCase):
    def test_customer_answers_from_another_spelling(self):
        for known, sender in (
            ("jane.doe@gmail.com", "JaneDoe@googlemail.com"),
            ("janedoe@googlemail.com", "j.ane.doe+shop@gmail.com"),
            ("jane@icloud.com", "jane@me.com"),
            ("jane@mac.com", "jane@icloud.com"),
            ("jane-doe@protonmail.com", "jane.doe@pm.me"),
            ("jane_doe@proton.me", "janedoe@protonmail.ch"),
            ("jane@ya.ru", "jane@yandex.com"),
            ("jane@fastmail.com", "shop@jane.fastmail.com"),
        ):
            customer = self.make_partner("Jane", known)
            question = self.post(self.record, partner_ids=customer.ids)
            with self.subTest(known=known, sender=sender):
                self.assertJoins(self.answer(question, sender=sender), "recipient")

    def test_another_person(self):
        for known, sender in (
            ("jane.doe@gmail.com", "jane@gmail.com"),
            ("jane.doe@outlook.com", "janedoe@outlook.com"),
            ("jane.doe@icloud.com", "janedoe@icloud.com"),
            ("jane_doe@gmail.com", "janedoe@gmail.com"),
        ):
            customer = self.make_partner("Jane", known)
            question = self.post(self.record, partner_ids=customer.ids)
            with self.subTest(known=known, sender=sender):
                self.assertNoted(self.answer(question, sender=sender))

    def test_spelling_of_a_recipient_among_many_similar_ones(self):
        customer = self.make_partner("Jane", "jane.doe@gmail.com")
        question = self.post(self.record, partner_ids=customer.ids)
        similar = ", ".join(f"janedoe{number}@x{number}.test" for number in range(400))
        question.outgoing_email_to = similar
        self.assertJoins(self.answer(question, sender="janedoe@googlemail.com"), "recipient")
