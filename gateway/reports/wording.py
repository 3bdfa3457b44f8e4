"""The wording that all bounces share, for mail servers that no table knows.

A bounce names the failed address in one of a few ways: after a word that says so, at the
beginning of a line that continues with the reason, alone on a line, beside a reply code, in its
subject, or not at all, so that only the returned message shows its recipient. These are tried in
this order, most certain first. They are the same in every language.

Used only for messages that are bounces for other reasons (``mailers``): vacation notices name
addresses as well.
"""

import re
from itertools import islice

from ..address_list import first_address, read_addresses
from .parts import Part

_ADDRESS = re.compile(
    r"[^\s<>\"'()\[\]{}|:;,*=]{1,64}@[^\s<>\"'()\[\]{}|:;,*=@]{1,255}\.[^\W\d_]{2,24}(?![\w.-]*\w)"
)
_MARKS = " \t<>\"'()[]*:;,.->=|#"
_NAMES_A_RECIPIENT = re.compile(
    r"(?:(?:failed|unknown|invalid|bad|affected|intended|final|original|failing) "
    r"(?:final )?(?:recipient|user(?:id)?|address|delivery userid)(?:\(s\)|es|s)?(?: address)?"
    r"|undeliver(?:able|ed)(?: (?:mail|message))?(?: to| address)?"
    r"|(?:not|n't|unable to|failed to|refused to|never)(?: be| been)?"
    r" (?:deliver(?:ed)?|sen[dt]|reach(?:ed)?|relay(?:ed)?|accept(?:ed)?|transmit(?:ted)?)"
    r"(?: (?:your |the |this |a )?(?:message|mail|e-?mail))?(?: (?:to|by|for))?"
    r"(?: the)?(?: (?:following|intended))?(?: (?:recipient|address|user)(?:\(s\)|s|es)?)?"
    r"|(?:mail|message|delivery|delivering)(?: of your (?:message|mail))? (?:sent )?to"
    r"|rejected(?: (?:the |your )?(?:message|recipient|address|mail))?(?: to)?"
    r"|addressed to|rcpt to|error[- ]for|permanent errors?|no such (?:user|mailbox|recipient)"
    r"|(?:user'?s?|recipient'?s?) mailbox is full|recipient(?: address)?(?:\(s\)|s)?)"
    r"[\s<\"'(\[:*,-]{0,12}(?:smtp:|rfc822;|mailto:)?[\s<\"'(]{0,3}$",
    re.IGNORECASE,
)
_MAY_NAME_A_RECIPIENT = re.compile(
    r"(?:^|\W)(?:to|user|account|mailbox|address)[\s<\"'(\[:]{1,8}$", re.IGNORECASE
)
_OPENS_A_LIST = re.compile(
    r"(?:following|recipient|address|user|deliver|reach|fail|receive|error|problem).{0,400}:\s*$",
    re.IGNORECASE,
)
_REASON = re.compile(
    r"(?<![\d.])[45][0-5]\d(?![\d.])|\b[45]\.\d\.\d|unknown|not (?:be )?(?:found|exist|deliver|list"
    r"|accept|valid|have)|no such|invalid|reject|refus|fail|full|quota|disabled|expired|denied"
    r"|block|suspend|unavailable|inactive|(?:does|has)n't|error|bounce|timed? ?out|not yet|delay"
    r"|unreach",
    re.IGNORECASE,
)
_REPLY = re.compile(
    r"[\W_]{0,12}(?:remote host said: ?|smtp error:? ?)?[45][0-5]\d[ \t-]", re.IGNORECASE
)
_RETURNED_TO = re.compile(r"^[ \t>|]{0,8}to:[ \t]*(\S.{0,400})$", re.IGNORECASE)
_OF_A_LIST = re.compile(r"[ \t>|]{0,8}(?:list-|x-beenthere:|x-mailing-list:)", re.IGNORECASE)

# A list of recipients closely follows the line that introduces it.
_MOST_LINES_BELOW = 3
# Words before an address, in characters.
_MOST_BEFORE = 200
MOST_ADDRESSES = 100

_SURE, _BESIDE_A_REPLY, _POSSIBLE = range(3)


def find_recipients(mail: Part, lines: list[str], below: list[str]) -> dict[str, str]:
    """Return the addresses that a bounce reports as failed, ``{address: text of the line}``.

    Only those of the most certain way that names any; the reporter and its addressee have not
    failed.

    :param mail: the message
    :param lines: its text, without the returned message
    :param below: the returned message, as far as the text contains it
    """
    others = _participants(mail)
    subject = ((address, "") for address in _addresses(mail.field("subject")))
    returned = ((address, "") for address in _returned_to(below))
    for tier in (*_tiers(lines, others), subject, returned):
        found = {}
        for address, said in islice(tier, MOST_ADDRESSES):
            known = first_address(address)
            if known and known not in others:
                found.setdefault(known, said)
        if found:
            return found
    return {}


def _participants(mail):
    """Return the addresses of the reporter and its addressees: they did not fail."""
    return {
        first_address(address)
        for name in ("from", "to", "reply-to", "sender")
        for address in islice(read_addresses(mail.field(name)), MOST_ADDRESSES)
    }


def _tiers(lines, others):
    """Return three lists of ``(address, line)``: certain, beside a reply code, possible."""
    tiers = sure, replies, possible = [], [], []
    listed = -_MOST_LINES_BELOW - 1
    for number, line in enumerate(lines):
        if "@" not in line:
            listed = number if _OPENS_A_LIST.search(line) else listed
            continue
        is_listed = number - listed <= _MOST_LINES_BELOW
        for match in _ADDRESS.finditer(line):
            tier = _certainty(line, match, is_listed)
            if tier is None or first_address(match[0]) in others:
                continue
            tiers[tier].append((match[0], line))
            # The next entry of a list is below.
            listed = number if tier == _SURE and is_listed else listed
    return sure, replies, possible


def _certainty(line, match, is_listed):
    """Return how certainly a line reports an address in it as failed, or None."""
    before, after = line[: match.start()], line[match.end() :]
    is_first = not before.strip(_MARKS)
    if _NAMES_A_RECIPIENT.search(before[-_MOST_BEFORE:]):
        return _SURE
    if is_first and (is_listed or _REASON.search(after)):
        return _SURE
    if _REPLY.match(line):
        return _BESIDE_A_REPLY
    is_alone = is_first and not after.strip(_MARKS)
    return _POSSIBLE if is_alone or _MAY_NAME_A_RECIPIENT.search(before[-_MOST_BEFORE:]) else None


def _addresses(text):
    return [match[0] for match in _ADDRESS.finditer(text)]


def _returned_to(below):
    """Yield the only address that a returned message was sent to.

    With several, it is unknown which failed; for a mailing list, it is a member and not the list.
    """
    if any(map(_OF_A_LIST.match, below)):
        return
    for line in below:
        match = _RETURNED_TO.match(line)
        if match:
            found = _addresses(match[1])
            yield from found if len(found) == 1 else ()
            return
