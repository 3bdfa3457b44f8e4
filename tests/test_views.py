"""The list and search of received messages; every view can be read."""

import re
from ast import literal_eval

from lxml import etree

from odoo.tests import tagged

from .screens_common import DOMAIN, ScreensCase, raw_mail


@tagged("post_install", "-at_install")
class TestViews(ScreensCase):
    MODELS = {
        "mail.postmaster.message": ["list", "form", "search", "graph", "pivot"],
        "mail.postmaster.download": ["list", "search"],
        "mail.postmaster.redirect": ["form"],
        "mail.postmaster.assign": ["form"],
        "mail.postmaster.retired.address": ["list", "kanban", "form"],
    }

    def test_views_can_be_read(self):
        reader = self.make_user("reader", "mail_postmaster.group_user")
        for model, views in self.MODELS.items():
            self.as_admin(self.env[model]).get_views([(False, view) for view in views])
        messages = self.env["mail.postmaster.message"].with_user(reader)
        arch = messages.get_view(view_type="form")["arch"]
        self.env["mail.postmaster.erase"].get_views([(False, "form")])
        self.env["mail.postmaster.source"].get_views(
            [(False, view) for view in ("list", "kanban", "form", "search")],
        )
        self.env["mail.postmaster.token.show"].get_views([(False, "form")])
        for hidden in ("trace_lines", "mail_postmaster_preview", '"error"', "action_process_again"):
            with self.subTest(hidden):
                self.assertNotIn(hidden, arch)
        self.assertIn('name="reason"', arch)

    def test_every_filter_and_grouping_works(self):
        self.receive(raw_mail())
        messages = self.as_admin(self.env["mail.postmaster.message"])
        search = etree.fromstring(messages.get_view(view_type="search")["arch"])
        for node in search.iter("filter"):
            with self.subTest(node.get("name")):
                if node.get("domain"):
                    messages.search(self._evaluated(node.get("domain")))
                if group := literal_eval(node.get("context") or "{}").get("group_by"):
                    groups = messages.web_read_group([], [group], ["__count"])["groups"]
                    self.assertTrue(groups)
        for node in search.iter("field"):
            with self.subTest(node.get("name"), filter=node.get("filter_domain")):
                domain = node.get("filter_domain") or f"[('{node.get('name')}', 'ilike', self)]"
                messages.search(self._evaluated(domain))

    def test_filters_of_aliases(self):
        held = self.make_alias("held", alias_mode="hold")
        anywhere = self.make_alias("anywhere", alias_incoming_local=True)
        arch = self.env["mail.alias"].get_view(view_type="search")["arch"]
        filters = etree.fromstring(arch).iter("filter")
        domains = {node.get("name"): node.get("domain") for node in filters}
        for name, expected in (
            ("not_accepting", held),
            ("by_local_part", anywhere),
            ("shared", held.browse()),
        ):
            with self.subTest(name):
                found = self.env["mail.alias"].search(literal_eval(domains[name]))
                self.assertEqual(found & (held + anywhere), expected)

    def _evaluated(self, domain):
        domain = re.sub(r"\buid\b", str(self.admin.id), domain)
        return literal_eval(re.sub(r"\bself\b", "'x'", domain))

    def test_search_by_alias_and_document(self):
        alias = self.make_alias("contacts")
        mail = self.receive(raw_mail(f"contacts@{DOMAIN}"))
        messages = self.as_admin(self.env["mail.postmaster.message"])
        for domain in (
            [("alias_id", "=", alias.id)],
            [("alias_id", "ilike", "contacts")],
            [("document_model", "=", "res.partner")],
            [("message_id", "=", "<Hello@customer.test>")],
        ):
            with self.subTest(domain=domain):
                self.assertIn(mail, messages.search(domain))
        domain = [("alias_id", "!=", False), ("state", "=", "parked")]
        self.assertNotIn(mail, messages.search(domain))
