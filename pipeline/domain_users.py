"""The contacts that use a domain, by which ``gateway.participants`` knows an organisation.

Contacts of every company of the database count, whatever the record rules: that a domain belongs to
someone else is a fact about the domain. Archived contacts count as users of it, but an archived
company does not make it an organisation.
"""

from odoo import api, models

from ..gateway import participants
from ..gateway.addresses import display_domain
from . import participants as replies  # noqa: F401  what is extended here

# A domain with more contacts is not looked at any further, so its users are in doubt.
MOST_CONTACTS = 1000

# Both expressions have an index (models/core/res_partner.py), in which the addresses at a domain,
# and those below it, are next to each other. A website reads as an address without a name.
ADDRESS = "reverse(email_normalized)"
WEBSITE = "reverse('@' || substring(lower(website) FROM '^(?:[a-z]+://)?([^/:?#]+)'))"

# One range of an index for each spelling of the domain, each bounded: the number of contacts at a
# domain does not matter, nor does that of the database.
USERS = f"""
    WITH part AS (
        SELECT * FROM unnest(%(starts)s::text[], %(ends)s::text[]) AS part(start, stop)
    ), contact AS (
        SELECT found.* FROM part, LATERAL (
            SELECT COALESCE(commercial_partner_id, id) AS entity_id FROM res_partner
            WHERE {ADDRESS} ~>=~ part.start AND {ADDRESS} ~<~ part.stop
            LIMIT %(most)s
        ) AS found
        UNION ALL SELECT found.* FROM part, LATERAL (
            SELECT COALESCE(commercial_partner_id, id) FROM res_partner
            WHERE is_company AND {WEBSITE} ~>=~ part.start AND {WEBSITE} ~<~ part.stop
            LIMIT %(most)s
        ) AS found
    ), entity AS (
        SELECT DISTINCT entity_id AS id FROM contact LIMIT 2
    )
    SELECT
        (SELECT count(*) FROM entity) AS entities,
        (
            SELECT count(*) FROM res_partner
            WHERE id = ANY(ARRAY(SELECT id FROM entity)) AND is_company AND active
        ) AS companies,
        (SELECT count(*) FROM contact) < %(most)s AS is_complete
"""  # noqa: S608  made of constants


class MailPostmasterReply(models.AbstractModel):
    """Who uses the domain of a sender, if nothing else makes them a participant."""

    _inherit = "mail.postmaster.reply"

    @api.model
    def _users(self, domain):
        """Return the :class:`gateway.participants.Users` of a canonical domain and those below."""
        starts, ends = zip(*_ranges(domain), strict=True)
        self.env["res.partner"].flush_model()
        self.env.cr.execute(
            USERS, {"starts": list(starts), "ends": list(ends), "most": MOST_CONTACTS}
        )
        return participants.Users(**self.env.cr.dictfetchone())


def _ranges(domain):
    """Yield ``(first, after the last)`` of the reversed addresses at a domain and below it."""
    for name in {domain, display_domain(domain)}:
        for separator in "@.":
            start = name[::-1] + separator
            yield start, start[:-1] + chr(ord(separator) + 1)
