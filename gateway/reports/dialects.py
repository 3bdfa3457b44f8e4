"""How mail servers that follow no RFC report failures: a table that can be extended.

A text is read line by line, and each line is short, so that patterns are fast.
"""

import re
from dataclasses import dataclass

SOFT_WORDS = re.compile(
    r"(?:has|have) been delayed|not yet been delivered|delivery (?:is )?delayed|delayed mail"
    r"|will (?:be retried|retry)|warning: (?:message|could not)|still trying"
    r"|will be tried again|keep trying|noch nicht zugestellt|verz.gert|postponed|message delayed"
    r"|attempts will continue|will continue to (?:try|be)|warning message only|delays? in deliver"
    r"|no action is required on your part|delayed (?:for |by )?\d|transient non-fatal",
    re.IGNORECASE,
)
_ADDRESS = r"(?P<address>[^\s<>\"'()\[\]:;,]{1,64}@[^\s<>\"'()\[\]:;,]{1,255})"
# Each of these is followed by the undelivered message, or by its header.
CLOSING = re.compile(
    r"^[-\s|_=*>]*(?:(?:this is a|below this line is a|the following is a) copy of"
    r"|original message|returned (?:message|mail)|message header|message text follows"
    r"|(?:the )?header of the original|the body of (?:your|the) message|original-?nachricht"
    r"|urspr.ngliche|unsent message|diese e-mail|kopie der)"
    r"|^(?:return-path|received): ?|^--- .*follow|^[-\s]*(?:old|unsent|undelivered) message"
    r"|^content-type: ?(?:message/(?:rfc822|partial)|text/rfc822-headers)",
    re.IGNORECASE,
)


def _pattern(text):
    return re.compile(text.replace("ADDRESS", _ADDRESS), re.IGNORECASE)


@dataclass(frozen=True)
class Dialect:
    """The wording of one kind of mail server.

    :param name: the server or service
    :param opening: a line that precedes the recipients, or contains the first
    :param recipient: a line with a recipient as the group ``address``
    """

    name: str
    opening: re.Pattern
    recipient: re.Pattern


# The first dialect for which the opening and at least one recipient are found is used.
DIALECTS = tuple(
    Dialect(name, _pattern(opening), _pattern(line))
    for name, opening, line in (
        (
            "qmail",
            r"^(?:hi\. this is (?:the|a) |this is the mail delivery agent"
            r"|i'm afraid i wasn't able)",
            r"^<ADDRESS>:",
        ),
        (
            "Postfix",
            r"^(?:this is the (?:mail system|postfix program) at|i'm sorry to have to inform you)",
            r"^<ADDRESS>(?: \(expanded from [^)]*\))?:",
        ),
        (
            "GMX and WEB.DE, in German",
            r"^(?:ihre (?:e-?mail|nachricht) konnte|die folgende (?:e-?mail|nachricht)"
            r"|leider konnte)"
            r".*(?:nicht|empf)",
            r"^[\s<\"]*ADDRESS[>\"]?\s*:?\s*$",
        ),
        (
            "Exim, GMX and WEB.DE",
            r"^(?:this message was created automatically by mail delivery"
            r"|a message that you (?:sent|have"
            r" sent) (?:could not|has not yet))",
            r"^\s*[<\"]?ADDRESS[>\"]?:?\s*$",
        ),
        ("T-Online", r"failed addresses follow", r"^\s*<?ADDRESS>?\s*(?:\.\.\..*|:.*)?$"),
        (
            "Exchange of old",
            r"did not reach (?:some or all of )?(?:the following|the intended|the) recipient"
            r"|hat einige oder alle empf.nger nicht erreicht",
            r"^\s*'?ADDRESS'?(?: \(.*\))? (?:on|am) \S",
        ),
        (
            "Exchange and Outlook",
            r"delivery has failed to these recipients"
            r"|bei der zustellung .* (?:folgende|an) .*empf.nger"
            r"|fehler bei der nachrichtenzustellung an folgende|couldn't be delivered to"
            r"|your message (?:to .* )?couldn't be delivered",
            r"^(?:your message to )?\s*(?:[^<>@]{1,80}\()?<?(?:mailto:)?ADDRESS"
            r"[>)]*(?:<mailto:[^>]*>)?"
            r"(?: couldn't be delivered\.?)?\s*$",
        ),
        (
            "Gmail",
            r"delivery to the following recipients? (?:failed|has been delayed)"
            r"|your message wasn't delivered to|problem delivering your message to",
            r"^\s*(?:your message wasn't delivered to "
            r"|there was a (?:temporary )?problem delivering your "
            r"message to )?ADDRESS(?: because .*|\. .*)?\s*$",
        ),
        (
            "Yahoo",
            r"^sorry, we were unable to deliver your message to the following address"
            r"|^unable to deliver message to the following address",
            r"^<ADDRESS>:",
        ),
        (
            "sendmail",
            r"the following addresses had (?:permanent fatal|transient non-fatal) errors",
            r"^\s*(?:<ADDRESS>|\S+@\S+)\s*$",
        ),
    )
)
