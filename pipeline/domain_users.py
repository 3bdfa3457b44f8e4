"""The contacts that use a domain, by which ``gateway.participants`` knows an organisation.

Contacts of every company of the database count, whatever the record rules: that a domain belongs to
someone else is a fact about the domain. Archived contacts count as users of it, but an archived
company does not make it an organisation.
"""

from odoo import api, models

from ..gateway import participants
from ..gateway.addresses import display_domain
from . import participants as replies  # noqa: F401  what is extended here

# If contacts use more subdomains, the users of the domain are in doubt.
MOST_HOSTS = 50

# The reversed host of a contact's address, and of the website of a company: a domain and those
# below it are next to each other in the indexes of these (models/core/res_partner.py).
ADDRESS = "split_part(reverse(email_normalized), '@', 1)"
ADDRESS_IS_SET = "email_normalized IS NOT NULL"
WEBSITE = "reverse(substring(lower(website) FROM '^(?:[a-z]+://)?([^/:?#]+)'))"
WEBSITE_IS_SET = "is_company AND website IS NOT NULL"

# The hosts below these names, one after the other. Each step reads one row of an index, so that
# the number of contacts at a domain does not matter.
_HOSTS = """
    {name}(host, stop, level) AS (
        SELECT name || '.', name || '/', 0 FROM unnest(%(names)s::text[]) AS name
        UNION ALL SELECT next.host, before.stop, before.level + 1
        FROM {name} AS before, LATERAL (
            SELECT {host} AS host FROM res_partner
            WHERE {host} ~>~ before.host AND {host} ~<~ before.stop AND {is_set}
            ORDER BY {host} USING ~<~ LIMIT 1
        ) AS next
        WHERE before.level < %(most)s
    )"""
# The first and the last commercial entity at each host: if they are the same, there is one.
_ENTITIES = """
        SELECT entity.id
        FROM (SELECT unnest(%(names)s::text[]) AS host UNION ALL SELECT host FROM {name}) AS at,
        LATERAL (
            (
                SELECT commercial_partner_id AS id FROM res_partner
                WHERE {host} = at.host AND {is_set} AND commercial_partner_id IS NOT NULL
                ORDER BY commercial_partner_id LIMIT 1
            ) UNION ALL (
                SELECT commercial_partner_id FROM res_partner
                WHERE {host} = at.host AND {is_set} AND commercial_partner_id IS NOT NULL
                ORDER BY commercial_partner_id DESC LIMIT 1
            )
        ) AS entity"""
_ADDRESSES = {"name": "address_host", "host": ADDRESS, "is_set": ADDRESS_IS_SET}
_WEBSITES = {"name": "website_host", "host": WEBSITE, "is_set": WEBSITE_IS_SET}

USERS = f"""
    WITH RECURSIVE {_HOSTS.format(**_ADDRESSES)}, {_HOSTS.format(**_WEBSITES)},
    entity AS ({_ENTITIES.format(**_ADDRESSES)} UNION {_ENTITIES.format(**_WEBSITES)})
    SELECT
        (SELECT LEAST(count(*), 2) FROM entity) AS entities,
        (
            SELECT LEAST(count(*), 2) FROM res_partner
            WHERE id = ANY(ARRAY(SELECT id FROM entity)) AND is_company AND active
        ) AS companies,
        (
            SELECT max(level) FROM (
                SELECT level FROM address_host UNION ALL SELECT level FROM website_host
            ) AS found
        ) < %(most)s AS is_complete
"""  # noqa: S608  made of constants


class MailPostmasterReply(models.AbstractModel):
    """Who uses the domain of a sender, if nothing else makes them a participant."""

    _inherit = "mail.postmaster.reply"

    @api.model
    def _users(self, domain):
        """Return the :class:`gateway.participants.Users` of a canonical domain and those below."""
        names = [name[::-1] for name in {domain, display_domain(domain)}]
        self.env["res.partner"].flush_model()
        self.env.cr.execute(USERS, {"names": names, "most": MOST_HOSTS})
        return participants.Users(**self.env.cr.dictfetchone())
