"""Run a message through all of ``gateway``, in the order in which the models call it.

One list of the steps for the property tests, for the fuzz target (``dev/fuzz``) and for the
hostile messages of ``dev/bench hostile``. Without Odoo: of core, only its calls to Python's
parser are repeated here, because a repaired message must not stop them.
"""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

from ...gateway import (
    authentication,
    automatic,
    content_fields,
    envelope,
    fingerprint,
    forwarding,
    hops,
    limits,
    matching,
    mime,
    own_mail,
    preview,
    recipients,
    repair,
    reports,
    same_message,
    screening,
)
from ...gateway.address_book import AddressBook, Alias, Domain, Retired
from ...gateway.sender import sender_of
from ...gateway.trace import Trace, bounded
from .explanation import explain

OWN_DOMAIN = "example.com"
BOOK = AddressBook(
    aliases=(
        Alias(1, "sales", 1, by_local_part=True),
        Alias(2, "jobs", 1, allowed=("*.example.org",)),
        Alias(3, "info", None, by_local_part=True, allowed=("example.net",)),
    ),
    domains=(Domain(1, OWN_DOMAIN, "catchall", "bounce", "notifications"),),
    retired=(Retired("alias", 1, "shop", OWN_DOMAIN), Retired("domain", 1, "", "example.net")),
    separators="+-",
)
TRUSTED_FORWARDERS = forwarding.parse_forwarders("example.net, list@example.org")
TRUSTED_SERVERS = authentication.parse_trusted_ids("mx.example.com")
ANSWER_SUFFIX = "-loop-detection-bounce-email@odoo"
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
CORE_FIELDS = (
    "Message-Id",
    "Subject",
    "From",
    "Cc",
    "Delivered-To",
    "To",
    "Resent-To",
    "Resent-Cc",
    "References",
    "In-Reply-To",
    "Date",
)
WORDS = {"empty": "No text", "cut": "Cut"}
_KEY = (
    "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1"
    "fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzf"
    "VjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"
)


def whole_way(raw):
    """Return the result of each step for a message, as ``{step: result}``.

    A message above a limit is not read further, but a user may look at it.

    :param bytes raw: any bytes
    :raises Exception: whatever a step raises; none may
    """
    way = {**_intake(raw), **_routing(raw)}
    way["excess"] = limits.exceeded(raw)
    if way["excess"] is None:
        way |= _reading(raw, way["trace"])
    way["preview"] = preview.preview(raw, WORDS)
    return way


def unstorable(way):
    """Return a list of the texts from :func:`whole_way` that PostgreSQL would reject."""
    head = way["envelope"]
    texts = [
        head.message_id,
        head.sender,
        head.sender_address,
        head.subject,
        *head.recipients,
        way["key"],
        *_texts(_parameters(way)),
        *(text for step in way["trace"].steps for text in _texts(step["params"])),
    ]
    return [text for text in texts if _UNSTORABLE.search(text)]


def _texts(params):
    return [value for value in params.values() if isinstance(value, str)]


def _parameters(way):
    """Return the parameters of the reason for which a message was parked."""
    return bounded(way["excess"]._asdict()) if way["excess"] else {}


def _intake(raw):
    head = envelope.read_envelope(raw)
    digest = fingerprint.digest(raw)
    return {
        "envelope": head,
        "digest": digest,
        "key": fingerprint.mail_key(head.message_id, digest),
        "content_key": fingerprint.mail_key(head.message_id, digest, with_content=True),
        "intake_key": fingerprint.intake_key(raw, "fetch:1"),
        "split": envelope.split_addresses(", ".join(head.recipients)),
        "is_copy": _is_copy_of_itself(raw),
        "own_marks": own_mail.read_marks(fingerprint.split_header(raw)[0]),
    }


def _is_copy_of_itself(raw):
    headline = same_message.read_headline(fingerprint.split_header(raw)[0])
    if not same_message.is_copy(headline, headline):
        raise AssertionError("a message is not a copy of itself")
    return True


def _routing(raw):
    header = fingerprint.split_header(raw)[0]
    trace = Trace()
    found = recipients.envelope_recipients(
        header,
        trusted=("Envelope-To", "X-Original-To", "Delivered-To", "Received"),
        prefix="example-",
        on_top=True,
    )
    for text, reason in found.rejected:
        trace.miss("rejected_address", text=text, reason=reason)
    matching.needed_local_parts(found.addresses, BOOK.separators)
    matches = matching.match_all(found.addresses, BOOK, trace, recipients.read_sender(header))
    counted = hops.count_hops(header, ANSWER_SUFFIX)
    program = automatic.classify(header)
    return {
        "header_recipients": recipients.envelope_recipients(header),
        "recipients": found,
        "matches": matches,
        "explanation": explain(found, BOOK),
        "forwarding": forwarding.restored_sender(header, TRUSTED_FORWARDERS),
        "hops": counted,
        "loop": hops.loop_reason(counted),
        "automatic": program,
        "policy": screening.policy_name(program),
        "trace": trace,
    }


def _reading(raw, trace):
    """Run the steps for a message within the limits."""
    header = fingerprint.split_header(raw)[0]
    message, repairs = _parsed(raw)
    mime.read_fields_once(message)
    repairs += repair.repair(message)
    for repaired in repairs:
        trace.hit(f"repaired_{repaired.code}", **repaired.params)
    _read_as_core(message)
    results = authentication.read_results(header, TRUSTED_SERVERS, True)
    own = authentication.verify(raw, _dns, lambda: False)
    return {
        "repairs": repairs,
        "report": reports.read_report(raw),
        "sender": sender_of(header, str(message.get("From", ""))),
        "results": results,
        "identity": authentication.identity(header, results, (OWN_DOMAIN,)),
        "own_identity": authentication.identity(header, own, (OWN_DOMAIN,)),
    }


def _parsed(raw):
    """Return ``(message, repairs)`` as core parses it, with a second attempt after a failure."""
    try:
        return message_from_bytes(raw, policy=SMTP), []
    except mime.ODD_HEADER:
        readable, repairs = content_fields.readable(raw)
        return message_from_bytes(readable, policy=SMTP), repairs


def _read_as_core(message):
    """Read what core reads, in its order (message_parse and message_post of 19.0)."""
    for name in CORE_FIELDS:
        [str(value) for value in message.get_all(name, [])]
    if message.get_content_maintype() == "text":
        message.get_content()
        return
    for part in message.walk():
        if part.get_content_maintype() != "multipart":
            _read_part_as_core(part)


def _read_part_as_core(part):
    part.get_filename()
    if part.get_content_type().startswith("text/") and not part.get_param("charset"):
        part.set_charset("utf-8")
    content = part.get_content()
    for name in ("Content-Id", "Content-Disposition"):
        str(part.get(name, ""))
    charset = part.get_content_charset()
    if isinstance(content, EmailMessage):
        content.as_bytes()
    elif isinstance(content, str):
        try:
            content.encode(charset or "utf-8")
        except UnicodeEncodeError:
            content.encode("utf-8")


def _dns(name, _record_type):
    """Answer for every domain: with a policy, and always the same key."""
    return ["v=DMARC1; p=reject"] if name.startswith("_dmarc.") else [_KEY]
