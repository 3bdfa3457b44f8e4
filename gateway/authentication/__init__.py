"""The authenticated sender of a message.

==================== =================================================================
module               purpose
==================== =================================================================
``results``          authentication results, method by method
``field``            reads an Authentication-Results field (RFC 8601)
``submission``       whether the author logged in to the server that took the message
``suggestion``       which servers to trust, from what was received
``trusted``          the Authentication-Results fields that the sender cannot have written
``domains``          which domains belong to the same organisation
``alignment``        the verdict for the domain in From (RFC 7489)
``author``           the address in From, and what is unusual about the field
``lookalikes``       which domains look like another
``sender``           author and alignment together: the user a message may act as
``signed``           the bytes of a message that its signatures cover
``dkim_check``       checks DKIM signatures that no trusted server has checked
``dmarc_record``     the DMARC policy a domain publishes
``own_check``        signatures and policy together, in the form of a server's results
``consequence``      how a message is handled by the sender it claims
``stored``           results as JSON, kept after the message is gone
==================== =================================================================

SPF and ARC are read from the results of a trusted server and never computed: both need the
connection that delivered the message, or trust in servers on its way.
"""

from .alignment import FAIL, NONE, PASS, Verdict, alignment
from .author import Author, Oddity, read_author
from .consequence import POLICIES, consequence
from .own_check import verify
from .results import Result, Results
from .sender import Identity, identity
from .stored import from_json, to_json
from .submission import is_submitted
from .suggestion import suggested_servers
from .trusted import BadServers, parse_trusted_ids, read_results

__all__ = [
    "FAIL",
    "NONE",
    "PASS",
    "POLICIES",
    "Author",
    "BadServers",
    "Identity",
    "Oddity",
    "Result",
    "Results",
    "Verdict",
    "alignment",
    "consequence",
    "from_json",
    "identity",
    "is_submitted",
    "parse_trusted_ids",
    "read_author",
    "read_results",
    "suggested_servers",
    "to_json",
    "verify",
]
