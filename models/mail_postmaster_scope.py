from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..gateway.addresses import BadDomains, parse_domains
from ..policy.settings import SCOPED

POLICIES = [
    ("accept", "Accept"),
    ("silent", "Accept without notifying"),
    ("note", "Note in its conversation, no new record"),
    ("ignore", "Ignore"),
    ("park", "Let somebody look at it"),
]
REPLY_POLICIES = [
    ("accept", "Accept"),
    ("note", "Internal note for review"),
    ("park", "Let somebody look at it"),
    ("new", "Treat as new mail"),
]
IDENTITY_POLICIES = [
    ("off", "Accept, as Odoo does"),
    ("mark", "Accept and mark"),
    ("withhold", "Accept, but not as its sender"),
    ("park", "Let somebody look at it"),
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
        "Mails per sender",
        help="How many mails one sender may write to this address in the minutes beside it "
        "before it counts as a loop. 0: as the domain or the database says.",
    )
    loop_minutes = fields.Integer("Minutes per sender")
    record_limit = fields.Integer(
        "Records in a period",
        help="How many new records mail to this address may make in the minutes beside it, "
        "whoever writes; the rest waits in the log. 0: as the domain or the database says.",
    )
    record_limit_minutes = fields.Integer("Minutes for records")
    auto_reply_policy = fields.Selection(
        POLICIES,
        "Automatic answers",
        help="Out of office messages and other answers that a program gave. Empty: as the "
        "domain or the database says.",
    )
    automatic_mail_policy = fields.Selection(
        POLICIES,
        "Other automatic mail",
        help="Mail of programs, forms and mailing lists. Empty: as the domain or the database "
        "says.",
    )
    reply_policy = fields.Selection(
        REPLY_POLICIES,
        "Answers of strangers",
        help="Answers in a conversation that their sender is no part of. Private records and "
        "internal notes have a policy of their own in the settings. Empty: as the domain or the "
        "database says.",
    )
    identity_policy = fields.Selection(
        IDENTITY_POLICIES,
        "Senders that are not proved",
        help="Mail that somebody else has written than stands in From, as far as the mail "
        "server can tell. What is chosen here holds for mail in the name of your own users as "
        "well. Empty: as the domain or the database says.",
    )
    policies_in_force = fields.Text(compute="_compute_policies_in_force")

    _loop_threshold_bounds = models.Constraint(
        "CHECK (loop_threshold BETWEEN 0 AND 1000000)",
        "The number of mails per sender is between 1 and 1000000, or 0 for no opinion.",
    )
    _loop_minutes_bounds = models.Constraint(
        "CHECK (loop_minutes BETWEEN 0 AND 10080)",
        "The minutes are between 1 and 10080, a week, or 0 for no opinion.",
    )
    _record_limit_bounds = models.Constraint(
        "CHECK (record_limit BETWEEN 0 AND 1000000)",
        "The number of records is between 1 and 1000000, or 0 for no opinion.",
    )
    _record_limit_minutes_bounds = models.Constraint(
        "CHECK (record_limit_minutes BETWEEN 0 AND 10080)",
        "The minutes are between 1 and 10080, a week, or 0 for no opinion.",
    )

    @api.constrains("allowed_domains")
    def _check_allowed_domains(self):
        for scope in self.filtered("allowed_domains"):
            try:
                parse_domains(scope.allowed_domains)
            except BadDomains as error:
                raise bad_domains(self.env, error) from error

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
                "%(count)s mails per sender in %(minutes)s minutes%(origin)s",
                count=loop.value,
                minutes=minutes.value,
                origin=self._decided_by(loop),
            )
        ]
        if settings["record_limit"].value:
            limit, minutes = settings["record_limit"], settings["record_limit_minutes"]
            lines.append(
                self.env._(
                    "%(count)s new records in %(minutes)s minutes%(origin)s",
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
    """Return values with the allowed domains in the form that messages are compared with.

    A list with an invalid entry stays as it is, for the check to name it.
    """
    if not vals.get("allowed_domains"):
        return vals
    try:
        domains = ", ".join(parse_domains(vals["allowed_domains"]))
    except BadDomains:
        return vals
    return {**vals, "allowed_domains": domains or False}


def bad_domains(env, error):
    """Return the ``ValidationError`` of a ``BadDomains``, in the reader's language."""
    return ValidationError(
        env._(
            "%(entry)s is not a domain name. "
            "Domains are separated by commas, as in: example.com, *.example.com",
            entry=error.entry,
        )
    )
