import ast
from functools import partial

from odoo import api, fields, models, tools
from odoo.exceptions import MissingError
from odoo.tools import SQL

from ...context_keys import ATTEMPT
from ...gateway import address_book, states
from ...pipeline.attempt import NoticeInHand, Stage
from ...pipeline.ledger import RouteResult
from ...policy import policy_fields  # noqa: F401  what is extended here
from ...rules.notice import subject_of
from ...rules.verdict import Reason
from ...shortcuts.cache_prefill import columns, put_into_cache
from ...shortcuts.memoize import note_change

NAMED = """
    FROM "mail_alias"
    WHERE alias_name = ANY(%(names)s) AND (
        %(anywhere)s OR alias_incoming_local OR alias_domain_id = ANY(%(homes)s)
    ) OR id = ANY(%(ids)s)
    ORDER BY id
"""


class MailAlias(models.Model):
    _name = "mail.alias"
    _inherit = ["mail.alias", "mail.postmaster.scope"]

    allowed_domains = fields.Char(
        "Allowed domains",
        help="With local-part based detection: the domains for which this alias accepts mail, "
        "separated by commas; *.example.com for all subdomains. Empty: as set for the alias "
        "domain, or else by the System Parameter mail.catchall.domain.allowed. Alias domains "
        "are always allowed.",
    )
    retired_address_ids = fields.One2many(
        "mail.postmaster.retired.address",
        "alias_id",
        "Former addresses",
        readonly=False,
    )

    # Core searches by it for the reply address of a record, for each message it sends: without an
    # index it reads all aliases.
    _parent = models.Index("(alias_parent_thread_id, alias_parent_model_id)")

    # The alias of a record is searched by it when a reply arrives there.
    _forced = models.Index("(alias_force_thread_id) WHERE alias_force_thread_id > 0")

    is_open_to_any_domain = fields.Boolean(compute="_compute_reached_by")
    reached_by = fields.Char(
        "Reached by",
        compute="_compute_reached_by",
        help="The addresses whose mail reaches this alias, including former addresses. @* stands "
        "for any domain.",
    )

    @api.depends(
        "alias_name",
        "alias_domain_id.name",
        "alias_incoming_local",
        "allowed_domains",
        "alias_domain_id.allowed_domains",
        "retired_address_ids.until",
    )
    def _compute_reached_by(self):
        # What reaches an alias depends on aliases that the reader may not be allowed to see.
        addressing = self.env["mail.postmaster.addressing"].sudo()
        book = addressing._book_around(self)
        for alias in self:
            alias.is_open_to_any_domain = addressing._is_open(alias)
            alias.reached_by = ", ".join(addressing._reaching(alias, book))

    @api.model
    def _named(self, names, homes, ids):
        """Return the aliases with one of these names, and those with one of these ids, by id.

        Return all their columns: core reads the rest of the alias that it finds.

        :param homes: ids of alias domains, or None; in any other domain, a name counts only with
        local-part detection
        """
        self.flush_model()
        statement, names_of_columns = self._statement_of_named()
        self.env.cr.execute(
            statement,
            {
                "names": list(names),
                "ids": list(ids),
                "homes": list(homes or ()),
                "anywhere": homes is None,
            },
        )
        rows = list(zip(*self.env.cr.fetchall(), strict=True)) or [()]
        aliases = self.browse(rows[0])
        put_into_cache(aliases, dict(zip(names_of_columns, rows[1:], strict=False)))
        return aliases

    @api.model
    @tools.ormcache()
    def _statement_of_named(self):
        """Return ``(statement, columns)``; the id comes before the columns."""
        names = columns(self)
        selected = SQL(", ").join(map(SQL.identifier, ("id", *names)))
        return f"SELECT {selected.code} {NAMED}", names

    @api.model_create_multi
    def create(self, vals_list):
        note_change(self.env, self._name)
        return super().create(vals_list)

    def write(self, vals):
        """Keep the former address of an alias working: replies to earlier messages use it."""
        if not vals.keys() <= {"alias_status"}:
            # Core marks an alias as valid with the first message that it accepts.
            note_change(self.env, self._name)
        if not {"alias_name", "alias_domain_id"} & vals.keys():
            return super().write(vals)
        former = {alias: alias._address_values() for alias in self}
        result = super().write(vals)
        # The pipeline owns former addresses, regardless of which user renames an alias.
        retired = self.env["mail.postmaster.retired.address"].sudo()
        retired._retire(
            [
                values
                for alias, values in former.items()
                # Without a domain, it was reachable only by its local part.
                if values["local_part"]
                and (values["domain"] or alias.alias_incoming_local)
                and values != alias._address_values()
            ]
        )
        retired._forget([alias._address_values() for alias in self])
        return result

    def _address_values(self):
        """Return the current address as values of a former address."""
        return {
            "kind": address_book.ALIAS,
            "alias_id": self.id,
            "local_part": self.alias_name,
            "domain": address_book.compared_domain(self.alias_domain_id.name),
        }

    def _take_full_name_for_read(self, name):
        """Let this transaction read a full name other than the stored one.

        Core compares the recipients with the full names of the aliases it has found.
        """
        self._fields["alias_full_name"]._update_cache(self, name)

    @api.model
    def _search(self, domain, *args, **kwargs):
        """Find the recipients of a message by the stored full names, too.

        Core searches for recipients in lower case (``message_route`` of 19.0), whatever is stored.
        """
        attempt = self.env.context.get(ATTEMPT)
        if attempt and attempt.found.addressing and attempt.found.addressing.stored_as:
            domain = fields.Domain(domain).map_conditions(
                partial(_with_stored_names, attempt.found.addressing.stored_as)
            )
        return super()._search(domain, *args, **kwargs)

    def unlink(self):
        note_change(self.env, self._name)
        # The database deletes its former addresses with it.
        self.env.registry.clear_cache()
        return super().unlink()

    def _alias_bounce_incoming_email(self, message, message_dict, set_invalid=True):
        """Record a refused sender; hold back the notice for a broken alias.

        Core notifies the sender and marks the alias as invalid on any exception, including a
        temporary conflict. During an attempt this is only recorded; it is done once, when the
        message is given up.
        """
        attempt = self.env.context.get(ATTEMPT)
        if attempt and attempt.route and not attempt.mail.is_callers:
            # Nothing is read here: core calls this with a separate cursor, which may not see the
            # alias.
            attempt.ledger.alias_failures.append((self.id, message, message_dict))
            attempt.ledger.miss("alias_bounce")
            return
        if attempt and not attempt.route and attempt.stage < Stage.GIVEN_UP:
            self._note_refusal(attempt, set_invalid)
        elif attempt:
            attempt.notice = NoticeInHand(subject_of("alias_failed", self.id))
        alias = self
        if attempt and self.env["mail.postmaster.answer"]._is_careful():
            alias = self._for_answer(message_dict)
            message_dict = alias.env["mail.postmaster.answer"]._quote(attempt, message_dict)
        super(MailAlias, alias)._alias_bounce_incoming_email(
            message, message_dict, set_invalid=set_invalid
        )

    def _for_answer(self, message_dict):
        """Return this alias as it sends notices: for its company, in the sender's language."""
        return self.env["mail.postmaster.answer"]._speaking_for(
            self,
            self._gateway_company() or self.env.company,
            message_dict["email_from"],
        )

    def _note_refusal(self, attempt, set_invalid):
        contact = dict(self._fields["alias_contact"]._description_selection(self.env))
        attempt.ledger.miss(
            "alias_security",
            alias=self.display_name,
            contact=contact.get(self.alias_contact),
        )
        code = "alias_misconfigured" if set_invalid else "alias_security"
        reason = Reason(states.REFUSED, code, {"alias": self.display_name})
        attempt.notice = NoticeInHand(subject_of(code, self.id))
        attempt.ledger.results.append(RouteResult(f"alias:{self.id}", reason, alias_id=self.id))

    def _levels(self):
        return self, self.alias_domain_id

    def _gateway_company(self):
        """Return the company that messages to this alias belong to, or an empty recordset."""
        self.ensure_one()
        companies = self.env["res.company"]
        defaults = self._literal_defaults()
        company_id = defaults.get("company_id")
        # True is an int in Python, but not an id.
        if isinstance(company_id, int) and company_id is not True:
            if company := companies.browse(company_id).exists():
                return company
        owner_model = self.alias_parent_model_id.model
        if owner_model in self.env and self.alias_parent_thread_id:
            owner = self.env[owner_model].browse(self.alias_parent_thread_id)
            if company := self._company_of(owner):
                return company
        return self.alias_domain_id._only_company()

    def _company_of(self, owner):
        try:
            return owner.company_id if "company_id" in owner._fields else None
        except MissingError:
            # The owner was deleted without its alias.
            return None

    def _literal_defaults(self):
        try:
            defaults = ast.literal_eval(self.alias_defaults or "{}")
        except (ValueError, SyntaxError):
            return {}
        return defaults if isinstance(defaults, dict) else {}


def _with_stored_names(stored_as, condition):
    """Return a condition of a domain that also searches for full names as they are stored."""
    if (condition.field_expr, condition.operator) != ("alias_full_name", "in"):
        return condition
    stored = [stored_as[name] for name in condition.value if name in stored_as]
    return fields.Domain("alias_full_name", "in", [*condition.value, *stored])
