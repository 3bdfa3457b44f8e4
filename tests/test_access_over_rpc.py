"""Every public method of this addon over HTTP: XML-RPC and JSON-2, with ids of another company.

The methods are found by introspection, so that a new one fails ``test_every_method_is_decided``
until it is decided who may call it.
"""

import json
import logging
from contextlib import contextmanager
from datetime import datetime, timedelta
from xmlrpc.client import Fault

from odoo.tests import HttpCase, tagged

from .screens_common import DOMAIN, ReceivedMail, raw_mail
from .test_access import METHODS, ROUTES, SOURCE

LOG, DELIVERY = "mail.postmaster.message", "mail.postmaster.delivery"
# The callers; the messages belong to a company that the administrator of another has no access to.
USERS = ("public", "portal", "employee", "reader", "stranger", "gateway", "system")
EMPLOYEES = {"employee", "reader", "stranger", "gateway", "system"}
SYSTEM = {"system"}
NOBODY = set()
# The codes of core's controller for AccessDenied and AccessError.
DENIED = (3, 4)
ACTIVE = {"active_model": LOG}
FOREIGN = "Zinnober"
# What no answer may contain, and the users who may read it.
SECRETS = {
    FOREIGN: ("reader", "system"),
    "postmaster_authserv": ("system",),
    "postmaster_limit": ("system",),
}


def call(model, method, may, /, *, of=None, **values):
    """Return an entry of :data:`CALLS`.

    :param may: the users whom the method does not deny this call
    :param of: name of the records to call it on, see ``TestAccessOverRpc.records``; None without
    :param values: its other arguments, in its order
    """
    return (model, method), (may, of, values)


WIZARDS = ("mail.postmaster.assign", "mail.postmaster.redirect")
CALLS = dict(
    [
        # The log.
        *(
            call(LOG, name, SYSTEM, of="message")
            for name in (
                "action_download",
                "action_ignore",
                "action_process_again",
                "action_process_selected",
                "process_selected",
            )
        ),
        call(LOG, "action_open_received", {"reader", "stranger", "system"}, message_id="posted"),
        call(LOG, "read_warnings", {"reader", "stranger", "system"}),
        call(DELIVERY, "action_open_alias", {"reader", "system"}, of="delivery"),
        call(DELIVERY, "action_open_record", {"reader", "system"}, of="delivery"),
        # They write nothing and disclose nothing.
        call(LOG, "message_post_with_source", EMPLOYEES | {"portal"}, of="message", source_ref="x"),
        call(LOG, "message_subscribe", EMPLOYEES | {"portal"}, of="message", partner_ids=[1]),
        # The dialogs.
        *(
            entry
            for wizard in WIZARDS
            for entry in (
                call(wizard, "create", SYSTEM, vals_list="wizard"),
                call(wizard, "default_get", SYSTEM, fields=["mail_id"]),
                call(wizard, "write", SYSTEM, of=wizard, vals="wizard"),
                call(wizard, "action_process", SYSTEM, of=wizard),
            )
        ),
        call("mail.postmaster.erase", "action_erase", SYSTEM, of="erase"),
        # The settings.
        call("mail.postmaster.policy", "apply_preset", SYSTEM, name="odoo"),
        call("mail.postmaster.policy", "complete_preset", SYSTEM),
        call("mail.postmaster.policy", "confirm_database", SYSTEM),
        call("mail.postmaster.policy", "trust_servers", SYSTEM, names=["mx.example.com"]),
        # Others get the values of core alone, see SECRETS.
        call("res.config.settings", "get_values", EMPLOYEES | {"portal"}),
        call("res.config.settings", "set_values", SYSTEM, of="settings"),
        call("res.config.settings", "action_postmaster_apply_preset", SYSTEM, of="settings"),
        call("res.config.settings", "action_postmaster_confirm_database", SYSTEM, of="settings"),
        call("ir.config_parameter", "create", SYSTEM, vals_list={"key": "a.b", "value": "c"}),
        call("ir.config_parameter", "write", SYSTEM, of="parameter", vals={"value": "d"}),
        # Servers, sources and addresses.
        *(
            call("fetchmail.server", name, SYSTEM, of="server")
            for name in ("action_postmaster_messages", "action_start_all", "action_start_now")
        ),
        call("fetchmail.server", "create", SYSTEM, vals_list={"name": "Planted"}),
        call("fetchmail.server", "write", SYSTEM, of="server", vals={"name": "Changed"}),
        call("mail.postmaster.folder", "create", SYSTEM, vals_list="folder"),
        call("mail.postmaster.folder", "write", SYSTEM, of="folder", vals={"name": "Changed"}),
        call("mail.postmaster.source", "action_mails", SYSTEM, of="source"),
        call("mail.postmaster.source", "action_new_token", SYSTEM, of="source"),
        call("mail.postmaster.token", "action_revoke", SYSTEM, of="token"),
        call("mail.postmaster.retired.address", "create", NOBODY, vals_list={"local_part": "x"}),
        call("mail.postmaster.retired.address", "write", SYSTEM, of="retired", vals={}),
        call("mail.postmaster.retired.address", "unlink", SYSTEM, of="retired"),
        call("mail.alias.domain", "action_store_name_in_messages", SYSTEM, of="domain"),
        call("mail.alias.domain", "search", EMPLOYEES, domain=[]),
        call("mail.alias.domain", "create", SYSTEM, vals_list={"name": "planted.test"}),
        call("mail.alias.domain", "write", SYSTEM, of="domain", vals={"sequence": 7}),
        call("mail.alias.domain", "unlink", SYSTEM, of="other_domain"),
        call("mail.alias", "create", SYSTEM, vals_list="alias"),
        call("mail.alias", "write", SYSTEM, of="alias", vals={"alias_name": "changed"}),
        call("mail.alias", "unlink", SYSTEM, of="other_alias"),
        call("mail.gateway.allowed", "create", SYSTEM, vals_list={"email": "a@b.test"}),
        call("mail.gateway.allowed", "write", SYSTEM, of="allowed", vals={"email": "c@b.test"}),
        call("mail.gateway.allowed", "unlink", SYSTEM, of="allowed"),
        # Without a table.
        call("mail.postmaster.watched", "create", NOBODY, vals_list={}),
        call("mail.postmaster.watched", "write", NOBODY, of="none", vals={}),
        call("mail.postmaster.watched", "unlink", NOBODY, of="none"),
        call("mail.postmaster.scope", "create", NOBODY, vals_list={}),
        call("mail.postmaster.scope", "write", NOBODY, of="none", vals={}),
        # The entry, and what core calls on the way.
        call("mail.thread", "message_process", {"gateway", "system"}, model=False, message="raw"),
        call("mail.thread", "message_parse", EMPLOYEES | {"portal"}, message="x"),
        call("mail.thread", "message_route", EMPLOYEES | {"portal"}, message="x", message_dict={}),
        call("mail.thread", "fields_get", EMPLOYEES | {"portal"}),
        call("mail.mail", "create", SYSTEM, vals_list={"subject": "Planted"}),
        call("mail.mail", "send", SYSTEM, of="mail"),
        call("mail.mail", "send_after_commit", SYSTEM, of="mail"),
        call("mail.message", "create", EMPLOYEES, vals_list={"body": "x"}),
        call("mail.message", "write", SYSTEM, of="mail_message", vals={"subject": "Changed"}),
        call("res.partner", "search", EMPLOYEES | {"portal"}, domain=[]),
        call("res.company", "cache_invalidation_fields", EMPLOYEES | {"portal"}, of="company"),
    ]
)


@contextmanager
def quiet():
    """Denied calls are logged, hundreds of times here."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


@tagged("post_install", "-at_install")
class TestAccessOverRpc(HttpCase, ReceivedMail):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_received_mail()
        cls.contacts = cls.make_alias("contacts")
        cls.delivered = cls.receive(raw_mail(f"contacts@{DOMAIN}", FOREIGN))
        cls.message = cls.receive(raw_mail(subject=f"{FOREIGN} parked"))
        groups = {
            "portal": "base.group_portal",
            "employee": "base.group_user",
            "reader": "mail_postmaster.group_user",
            "gateway": "base.group_user,mail_postmaster.group_gateway",
            "system": "base.group_system",
        }
        cls.users = {name: cls.make_user(f"{name}-rpc", group) for name, group in groups.items()}
        cls.users["stranger"] = cls.make_user(
            "stranger-rpc", "mail_postmaster.group_admin", cls.other_company
        )
        cls.users["public"] = cls.env.ref("base.public_user")
        cls.keys = {name: cls.make_key(user) for name, user in cls.users.items()}
        cls.records = cls.make_records()
        cls.env.flush_all()

    @classmethod
    def make_key(cls, user):
        keys = cls.env(user=user)["res.users.apikeys"].sudo()
        return keys._generate("rpc", "test", datetime.now() + timedelta(hours=1))

    @classmethod
    def make_records(cls):
        """Return ``{name: records}`` of what the calls are about, none of them a caller's."""
        env, system = cls.env, cls.env(user=cls.users["system"])
        domain = env["mail.alias.domain"].create({"name": "other.test"})
        source = env["mail.postmaster.source"].create({"name": "Source"})
        source.action_new_token()
        return {
            # An abstract model has no records, whose ids anyone may name all the same.
            "none": env["res.partner"].browse(1),
            "message": cls.message,
            "delivery": cls.delivered.delivery_ids,
            "mail_message": cls.delivered.delivery_ids.mail_message_id,
            **{name: system[name].create({"mail_id": cls.message.id}) for name in WIZARDS},
            "erase": system["mail.postmaster.erase"].create({"address": "x@y.test"}),
            "settings": system["res.config.settings"].create({}),
            "parameter": env["ir.config_parameter"].search([("key", "=", "database.uuid")]),
            "server": cls.server,
            "folder": env["mail.postmaster.folder"].create({"server_id": cls.server.id}),
            "source": source,
            "token": env["mail.postmaster.token"].search([], limit=1),
            "retired": cls.make_retired_address(),
            "domain": cls.domain,
            "other_domain": domain,
            "alias": cls.contacts,
            "other_alias": cls.make_alias("others"),
            "allowed": env["mail.gateway.allowed"].create({"email": "x@y.test"}),
            "mail": env["mail.mail"].create({"subject": "Outgoing", "state": "cancel"}),
            "company": cls.company,
        }

    @classmethod
    def make_retired_address(cls):
        alias = cls.make_alias("former")
        alias.alias_name = "current"
        return cls.env["mail.postmaster.retired.address"].search([], limit=1)

    def value(self, value):
        """Return an argument of a call, with the ids of this test."""
        model_id = self.env["ir.model"]._get_id("res.partner")
        named = {
            "wizard": {"mail_id": self.message.id},
            "folder": {"server_id": self.server.id, "name": "Planted"},
            "alias": {"alias_name": "planted", "alias_model_id": model_id},
            "posted": self.delivered.delivery_ids.mail_message_id.id,
            "raw": raw_mail(subject="Submitted").decode(),
        }
        return named.get(value, value) if isinstance(value, str) else value

    # --- the two protocols ------------------------------------------------------------

    def over_xmlrpc(self, user, model, method, ids, values, context):
        """Call a method; return whether that was denied, and the answer."""
        arguments = [*([] if ids is None else [ids]), *values.values()]
        try:
            answer = self.xmlrpc_object.execute_kw(
                self.env.cr.dbname,
                self.users[user].id,
                "" if user == "public" else self.keys[user],
                model,
                method,
                arguments,
                {"context": context} if context else {},
            )
        except Fault as fault:
            return fault.faultCode in DENIED, fault.faultString
        return False, str(answer)

    def over_json(self, user, model, method, ids, values, context):
        """The same with JSON-2."""
        body = {**values, **({} if ids is None else {"ids": ids})}
        key = "" if user == "public" else f"Bearer {self.keys[user]}"
        response = self.url_open(
            f"/json/2/{model}/{method}",
            data=json.dumps({**body, "context": context}),
            headers={"Content-Type": "application/json", **({"Authorization": key} if key else {})},
        )
        return response.status_code in (401, 403), response.text

    # --- the table --------------------------------------------------------------------

    def test_every_method_is_decided(self):
        """The other test class compares its table with what it finds in the code."""
        self.assertEqual(set(CALLS), set(METHODS))

    def test_calls(self):
        for user in USERS:
            for (model, method), (may, of, values) in CALLS.items():
                ids = self.records[of].ids if of else None
                values = {name: self.value(value) for name, value in values.items()}
                context = {**ACTIVE, "active_id": self.message.id}
                for protocol in (self.over_xmlrpc, self.over_json):
                    with self.subTest(f"{protocol.__name__} {user} {model} {method}"), quiet():
                        denied, answer = protocol(
                            user, model, method, ids, values, context if "default" in method else {}
                        )
                        self.assertEqual(not denied, user in may, answer[-500:])
                        for secret in SECRETS:
                            if user not in SECRETS[secret]:
                                self.assertNotIn(secret, answer)
                if user != "system":
                    self.assertEqual(self.message.state, "parked")

    def test_what_a_dialog_of_ones_own_takes(self):
        """An administrator of another company, with a foreign message by every way into it."""
        mine = self.receive(raw_mail(subject="Mine"))
        mine.company_id = self.other_company
        shown = {"mail_id": {"fields": {"display_name": {}}}, "subject": {}, "recipients": {}}
        foreign = {"mail_id": self.message.id}
        for wizard in WIZARDS:
            own = self.env(user=self.users["stranger"])[wizard].create({"mail_id": mine.id})
            for method, ids, values in (
                ("write", own.ids, {"vals": foreign}),
                ("web_save", own.ids, {"vals": foreign, "specification": shown}),
                ("web_save", [], {"vals": foreign, "specification": shown}),
                (
                    "onchange",
                    [],
                    {"values": foreign, "field_names": ["mail_id"], "fields_spec": shown},
                ),
                ("read", self.records[wizard].ids, {"fields": ["subject"]}),
                ("unlink", self.records[wizard].ids, {}),
            ):
                for protocol in (self.over_xmlrpc, self.over_json):
                    with self.subTest(f"{protocol.__name__} {wizard} {method}"), quiet():
                        denied, answer = protocol("stranger", wizard, method, ids, values, {})
                        self.assertTrue(denied, answer[-500:])
                        self.assertNotIn(FOREIGN, answer)
            self.assertEqual(own.mail_id, mine)

    def test_routes_with_a_foreign_message(self):
        shown = [route for route, who in ROUTES.items() if who != SOURCE]
        for user in USERS:
            self.authenticate(*([None, None] if user == "public" else [f"{user}-rpc"] * 2))
            for route in shown:
                url = route.replace("<int:mail_id>", str(self.delivered.id))
                with self.subTest(user=user, route=route), quiet():
                    response = self.url_open(url, allow_redirects=False)
                    expected = {"public": 303, "system": 200}.get(user, 404)
                    self.assertEqual(response.status_code, expected)
                    self.assertEqual(FOREIGN in response.text, "raw" in route and user == "system")
            for route in set(ROUTES) - set(shown):
                with self.subTest(user=user, route=route), quiet():
                    # A session is not a token.
                    response = self.url_open(route, data=raw_mail(subject="Submitted"))
                    self.assertEqual(response.status_code, 401)
