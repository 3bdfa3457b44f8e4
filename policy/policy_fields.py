from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..gateway.addresses import BadDomains, parse_domains
from ..gateway.forwarding import BadForwarders, parse_forwarders
from .settings import SCOPED

POLICIES = [
    ("accept", "Accept"),
    ("silent", "Accept without notifications"),
    ("note", "Post as an internal note, create no record"),
    ("ignore", "Ignore"),
    ("park", "Hold for review"),
]
REPLY_POLICIES = [
    ("accept", "Accept"),
    ("note", "Internal note for review"),
    ("park", "Hold for review"),
    ("new", "Treat as a new message"),
]
IDENTITY_POLICIES = [
    ("off", "Accept, as Odoo does"),
    ("mark", "Accept and mark"),
    ("withhold", "Accept without its sender"),
    ("park", "Hold for review"),
    ("refuse", "Refuse"),
]


class MailPostmasterScope(models.AbstractModel):
    """The policies that can be set for an alias or an alias domain.

    Empty, or 0, means not set: then the next level decides, alias before alias domain before
    database.
    """

    _name = "mail.postmaster.scope"
    _description = "Policies for received mail"

    allowed_domains = fields.Char()
    loop_threshold = fields.Integer(
        "Messages per sender",
        help="How many messages one sender may send to this address within the period beside it; "
        "more are treated as a mail loop. 0: as set for the domain or the database.",
    )
    loop_minutes = fields.Integer("Minutes per sender")
    record_limit = fields.Integer(
        "Records per period",
        help="How many records messages to this address may create within the period beside it, "
        "counting all senders; further messages wait in the log. 0: as set for the domain or "
        "the database.",
    )
    record_limit_minutes = fields.Integer("Minutes for records")
    auto_reply_policy = fields.Selection(
        POLICIES,
        "Auto-replies",
        help="Out-of-office messages and other replies sent by programs. Empty: as set for the "
        "domain or the database.",
    )
    automatic_mail_policy = fields.Selection(
        POLICIES,
        "Other automatic messages",
        help="Messages from programs, forms and mailing lists. Empty: as set for the domain or the "
        "database.",
    )
    reply_policy = fields.Selection(
        REPLY_POLICIES,
        "Replies from non-participants",
        help="Replies from senders who are not participants of the conversation. Private records "
        "and internal notes have a policy of their own in the settings. Empty: as set for the "
        "domain or the database.",
    )
    identity_policy = fields.Selection(
        IDENTITY_POLICIES,
        "Unauthenticated senders",
        help="Messages whose From address fails authentication. The choice also applies to "
        "messages in the name of your own users. Empty: as set for the domain or the "
        "database.",
    )
    postmaster_form_senders = fields.Char(
        "Form senders",
        help="Web forms and other programs that send the messages of many people with one From "
        "address, separated by commas: noreply@example.org, example.org for all its addresses, "
        "*.example.org for all subdomains. The limit per sender then counts each address in "
        "Reply-To separately. An alias also uses the list of its domain.",
    )
    policies_in_force = fields.Text(compute="_compute_policies_in_force")

    _loop_threshold_bounds = models.Constraint(
        "CHECK (loop_threshold BETWEEN 0 AND 1000000)",
        "The number of messages per sender must be between 1 and 1000000, or 0 if not set.",
    )
    _loop_minutes_bounds = models.Constraint(
        "CHECK (loop_minutes BETWEEN 0 AND 10080)",
        "The minutes must be between 1 and 10080 (one week), or 0 if not set.",
    )
    _record_limit_bounds = models.Constraint(
        "CHECK (record_limit BETWEEN 0 AND 1000000)",
        "The number of records must be between 1 and 1000000, or 0 if not set.",
    )
    _record_limit_minutes_bounds = models.Constraint(
        "CHECK (record_limit_minutes BETWEEN 0 AND 10080)",
        "The minutes must be between 1 and 10080 (one week), or 0 if not set.",
    )

    @api.constrains("allowed_domains")
    def _check_allowed_domains(self):
        for scope in self.filtered("allowed_domains"):
            try:
                parse_domains(scope.allowed_domains)
            except BadDomains as error:
                raise bad_domains(self.env, error) from error

    @api.constrains("postmaster_form_senders")
    def _check_form_senders(self):
        for scope in self.filtered("postmaster_form_senders"):
            try:
                parse_forwarders(scope.postmaster_form_senders)
            except BadForwarders as error:
                raise ValidationError(
                    self.env._(
                        "%(entry)s is neither an address nor a domain name. Form senders are "
                        "separated by commas, as in: noreply@example.org, example.org, "
                        "*.example.org",
                        entry=error.entry,
                    )
                ) from error

    @api.model_create_multi
    def create(self, vals_list):
        self._forget_reply_policies(*vals_list)
        return super().create([_in_one_form(vals) for vals in vals_list])

    def write(self, vals):
        self._forget_reply_policies(vals)
        return super().write(_in_one_form(vals))

    def _forget_reply_policies(self, *vals_list):
        """Make the new policy visible to others: replies are judged only if there is a policy."""
        if any("reply_policy" in vals for vals in vals_list):
            self.env.registry.clear_cache()

    @api.depends(
        "loop_threshold",
        "loop_minutes",
        "record_limit",
        "record_limit_minutes",
        "auto_reply_policy",
        "automatic_mail_policy",
        "reply_policy",
        "identity_policy",
    )
    @api.depends_context("lang")
    def _compute_policies_in_force(self):
        # Readable by all users who may read the alias; the parameters are for administrators.
        policies = self.env["mail.postmaster.policy"].sudo()._in_force()
        for scope in self:
            alias, domain = scope._levels()
            settings = {name: policies.setting(name, alias, domain) for name in SCOPED}
            scope.policies_in_force = "\n".join(scope._policy_lines(settings))

    def _levels(self):
        """Return ``(alias, alias domain)``, each possibly empty, to resolve the policies from."""
        return self.env["mail.alias"], self.env["mail.alias.domain"]

    def _policy_lines(self, settings):
        loop, minutes = settings["loop_threshold"], settings["loop_minutes"]
        lines = [
            self.env._(
                "%(count)s messages per sender within %(minutes)s minutes%(origin)s",
                count=loop.value,
                minutes=minutes.value,
                origin=self._decided_by(loop),
            )
        ]
        if settings["record_limit"].value:
            limit, minutes = settings["record_limit"], settings["record_limit_minutes"]
            lines.append(
                self.env._(
                    "%(count)s new records within %(minutes)s minutes%(origin)s",
                    count=limit.value,
                    minutes=minutes.value,
                    origin=self._decided_by(limit),
                )
            )
        names = ["auto_reply_policy", "automatic_mail_policy", "reply_policy"]
        # Without verdicts on senders, no policy on senders can apply.
        if self.env["mail.postmaster.authentication"]._is_in_force():
            names.append("identity_policy")
        for name in names:
            labels = dict(self._fields[name]._description_selection(self.env))
            lines.append(
                self.env._(
                    "%(what)s: %(policy)s%(origin)s",
                    what=self._fields[name]._description_string(self.env),
                    policy=labels[settings[name].value],
                    origin=self._decided_by(settings[name]),
                )
            )
        return lines

    def _decided_by(self, setting):
        if setting.origin == "alias":
            return self.env._(" (from this alias)")
        if setting.origin == "domain":
            domain = self._levels()[1]
            return self.env._(" (from the domain %(name)s)", name=domain.name)
        return self.env._(" (from the database)")


def _in_one_form(vals):
    """Return values with the lists in the form that messages are compared with.

    A list with an invalid entry stays as it is, for the check to name it.
    """
    for name, parse in (
        ("allowed_domains", parse_domains),
        ("postmaster_form_senders", parse_forwarders),
    ):
        if vals.get(name):
            try:
                vals = {**vals, name: ", ".join(parse(vals[name])) or False}
            except (BadDomains, BadForwarders):
                continue
    return vals


def bad_domains(env, error: BadDomains) -> ValidationError:
    """Return the ``ValidationError`` of a ``BadDomains``, in the reader's language."""
    return ValidationError(
        env._(
            "%(entry)s is not a domain name. "
            "Domains are separated by commas, as in: example.com, *.example.com",
            entry=error.entry,
        )
    )
