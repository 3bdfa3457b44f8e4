"""Which mail servers to trust, suggested from messages that were received.

A suggested server has written ``Authentication-Results`` on nearly everything from outside, under
its own name: the name of a host that took the message on the way, or of its organisation. Anyone
can write such a field, and everyone knows the name of a host. So clients count rather than
messages, by their network: one outsider has few of them, however much they send.

Nothing is trusted before an administrator confirms it.
"""

from collections import Counter
from collections.abc import Iterable
from email.parser import BytesHeaderParser
from email.policy import compat32

from ..envelope import decode_octets
from .domains import domain_of, is_aligned
from .field import LONGEST_FIELD, read_field
from .submission import LOGGED_IN, hops_to_border
from .trusted import MICROSOFT_365

# Networks of clients, and the part of them whose messages all have the field.
LEAST_NETWORKS = 5
LEAST_PART = 0.9
# Domain of the servers of Microsoft 365, which write no authserv-id.
_MICROSOFT = "outlook.com"


def suggested_servers(headers: Iterable[bytes]) -> tuple[str, ...]:
    """Return the authserv-ids to suggest, the most frequent first.

    :param headers: header blocks of received messages
    """
    found = [entry for entry in map(_entry, headers) if entry]
    without = Counter()
    networks = {}
    for network, server in found:
        networks.setdefault(server, set()).add(network)
    for network, server in found:
        for other in networks:
            if other != server:
                without[other, network] += 1
    every = {network for network, _server in found}
    good = {
        server: sum(not without[server, network] for network in known)
        for server, known in networks.items()
        if server
    }
    return tuple(
        server
        for server, count in sorted(good.items(), key=lambda item: -item[1])
        if count >= LEAST_NETWORKS and count >= LEAST_PART * len(every)
    )


def _entry(header):
    """Return ``(network of the client, authserv-id or "")``; None if it is not from outside."""
    message = BytesHeaderParser(policy=compat32).parsebytes(header)
    fields = [(name.lower(), value) for name, value in message.raw_items()]
    hops = hops_to_border([value for name, value in fields if name == "received"])
    if not hops or hops[-1].is_within or hops[-1].protocol in LOGGED_IN:
        return None
    network = _network(hops[-1].clients)
    return network and (network, _server(fields, hops))


def _network(clients):
    """Return the beginning of the address; "" if the client may have written one of several."""
    if len(set(clients)) != 1:
        return ""
    mark, parts = (":", 2) if ":" in clients[0] else (".", 2)
    return mark.join(clients[0].lower().split(mark)[:parts])


def _server(fields, hops):
    """Return the topmost authserv-id above what the client sent, if it is of one of the hosts."""
    passed = 0
    for name, value in fields:
        passed += name == "received"
        if passed > len(hops):
            break
        if name == "authentication-results":
            server = read_field(decode_octets(value[:LONGEST_FIELD])).authserv_id
            server = domain_of(server) if server else MICROSOFT_365
            return server if any(_is_of(server, hop.server) for hop in hops) else ""
    return ""


def _is_of(server, host):
    if server == MICROSOFT_365:
        return host.endswith(f".{_MICROSOFT}")
    return bool(server) and is_aligned(server, domain_of(host))
