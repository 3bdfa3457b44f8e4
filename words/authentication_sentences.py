"""The result of sender authentication, as codes and in words."""

from collections.abc import Iterable

from odoo.tools import LazyTranslate

from ..gateway.authentication import Oddity, Result

_lt = LazyTranslate(__name__)

STEPS = {
    "authentication": {
        True: _lt("%(sender)s is authenticated: %(finding)s (checked by: %(judge)s)."),
    },
    "authentication_failed": {
        False: _lt(
            "Sender authentication failed for %(sender)s: %(finding)s (checked by: %(judge)s)."
        ),
    },
    "authentication_open": {
        False: _lt("%(sender)s is not authenticated: %(finding)s."),
    },
    "odd_sender": {False: _lt("The From field is suspicious: %(oddities)s.")},
    "identity": {
        True: _lt(
            "%(sender)s is not authenticated: %(treatment)s at %(target)s (decided by: %(origin)s)."
        ),
    },
    "sender_withheld": {
        True: _lt("Accepted without its sender: %(target)s (decided by: %(origin)s)."),
    },
}

# By the reason of a gateway.authentication.Verdict.
FINDINGS = {
    "no_from": _lt("the message has no sender"),
    "not_judged": _lt("no trusted mail server has checked it"),
    "other_from": _lt("the mail server checked a different sender, of %(domain)s"),
    "several_from": _lt("From names several senders, or cannot be read completely"),
    "dmarc_pass": _lt("DMARC passed for %(domain)s"),
    "dmarc_fail": _lt("DMARC failed for %(domain)s"),
    "submitted": _lt("an authenticated user of %(domain)s submitted it"),
    "dkim_aligned": _lt("the message is signed by %(domain)s"),
    "spf_aligned": _lt("it came from a mail server of %(domain)s"),
    "spf_fail": _lt("it came from a mail server that is not allowed to send mail for %(domain)s"),
    "no_aligned_pass": _lt("no result confirms or contradicts this sender"),
}

# By the code of a gateway.authentication.Oddity.
ODDITIES = {
    "no_from": _lt("there is no From field"),
    "several_from": _lt("there is more than one From field"),
    "no_address": _lt("it has no address"),
    "too_long": _lt("it is too long"),
    "several_addresses": _lt("it has several addresses"),
    "name_is_address": _lt("the display name is a different address, %(detail)s"),
    "name_claims_own_domain": _lt(
        "the display name is an address of one of your domains, %(detail)s"
    ),
    "raw_8bit": _lt("it has characters that are not encoded"),
    "control_character": _lt("it has invisible characters"),
    "lookalike_domain": _lt("its domain resembles %(detail)s"),
    "mixed_scripts": _lt("its domain %(detail)s mixes alphabets"),
}

# A mark: the message was accepted without its sender.
WITHHELD = "withheld"

# What the mark beside a message says, by how the message was handled.
MARKS = {
    WITHHELD: _lt(
        "The sender is not authenticated: %(finding)s. The message was accepted without its sender."
    ),
    "failed": _lt("The sender may be forged: %(finding)s."),
    "accepted": _lt("The sender may be forged: %(finding)s. The message was accepted manually."),
    "odd": _lt("The sender of this message is suspicious."),
}
MARK_OF_ODDITIES = _lt("From field: %(oddities)s.")

# By the module that works without the library.
ABSENT = {
    "domains": _lt(
        "The Python library publicsuffixlist is not installed: a signature or an envelope sender "
        "of another host of the same organisation does not authenticate the sender."
    ),
    "dkim_check": _lt(
        "The Python library dkimpy is not installed: signatures are not checked here."
    ),
    "dns_answers": _lt(
        "The Python library dnspython is not installed: signatures are not checked here."
    ),
}


def encode_oddities(oddities: Iterable[Oddity]) -> str:
    """Return oddities as a text, one per line: code, blank, detail."""
    return "\n".join(f"{odd.code} {odd.detail}" for odd in oddities)


def decode_oddities(text: str) -> list[tuple[str, str]]:
    """Return ``[(code, detail)]`` of what :func:`encode_oddities` has made."""
    pairs = (line.partition(" ") for line in text.split("\n"))
    return [(code, detail) for code, _blank, detail in pairs if code]


def authentication_line(result: Result) -> str:
    """Return a result as RFC 8601 writes it, which is what an administrator looks for."""
    words = [f"{name}={value}" for name, value in result.properties.items()]
    comment = f" ({result.comment})" if result.comment else ""
    return f"{result.method}={result.result}{comment} {' '.join(words)}".rstrip()
