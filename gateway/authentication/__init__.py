"""Who wrote a mail, as far as somebody has proved it.

==================== =================================================================
module               what it answers
==================== =================================================================
``results``          what authentication found, method by method
``field``            what an Authentication-Results field says (RFC 8601)
``trusted``          which of those fields the sender cannot have written
``domains``          which domains belong to one organisation
``alignment``        whether what was found speaks for the domain in From (RFC 7489)
``author``           which address stands in From, and what is odd about it
``lookalikes``       which domains look like another one
``sender``           author and alignment together: whom a mail may act as
``signed``           which bytes of a mail its signatures speak of
``dkim_check``       whether the signatures of a mail are valid, where no server has said so
``dmarc_record``     which policy a domain publishes
``own_check``        signatures and policy together, in the form of a server's results
``consequence``      what becomes of a mail by whom it says it is from
``stored``           results as JSON, which outlives the mail
==================== =================================================================

SPF and ARC are read from the results of a trusted server and never computed: both need
the connection the mail came in by, or trust in servers on its way.
"""

from .alignment import FAIL, NONE, PASS, Verdict, alignment
from .author import Author, Oddity, read_author
from .consequence import POLICIES, consequence
from .own_check import verify
from .results import Result, Results
from .sender import Identity, identity
from .stored import from_json, to_json
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
    "parse_trusted_ids",
    "read_author",
    "read_results",
    "to_json",
    "verify",
]
