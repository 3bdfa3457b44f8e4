"""The rules in the order in which they are asked; the first one that turns a message down decides.

=====================  ============================================================================
before routing         what happens on a hit
=====================  ============================================================================
``limits``             needs attention: core could not parse the message within seconds
``hops``               needs attention: mail loop
``own_message``        ignored: this database has sent the message
=====================  ============================================================================

=====================  ============================================================================
after routing          what happens on a hit, at one target
=====================  ============================================================================
``shared_message_id``  needs attention or ignored, as the policy says
``alias_mode``         needs attention, or refused and the sender is notified, as the alias says
``sender_identity``    needs attention or refused, as the policy says; the sender is not notified
``automatic_mail``     a note, silence, ignored or needs attention, as the policy says
``reply``              an internal note or needs attention, as the policy says
``repeated_reply``     ignored: the text repeats an earlier reply
``sender_limit``       refused and the sender is notified once; a reply is accepted in silence
``record_limit``       needs attention
=====================  ============================================================================

``catchall`` is asked about messages that core refuses because they are for the catchall only: a
text that the same sender repeats is ignored.

======================  ===========================================================================
before a notice         on a hit, the sender gets none, and a message that would be refused is
                        held, unless the sender was told within a day
======================  ===========================================================================
``imported``            the message is old
``unconfirmed_copy``    the database may be a copy of the one that should answer
``unauthenticated``     the notice may reach a person who did not write the message
``repeated_text``       it was ignored as a repetition; from here on, where notices are ours
``automatic``           a header field says that a program wrote it or wants no notice
``old``                 it was sent too long ago
``other_address``       the return path is not the sender's
``own_address``         it would come back
``limit_told``          the sender was told within the period of the limit that it is reached
``told``                the sender was told the same within a day
``mailbox_limit``       the sender's mailbox has had enough notices of all kinds within a day
``hourly_limit``        all senders together have had enough notices within an hour
======================  ===========================================================================
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from .alias_mode import alias_mode
from .automatic_mail import automatic_mail
from .catchall import catchall
from .hops import hops
from .limits import limits
from .notice import ALWAYS, OURS
from .own_message import own_message
from .record_limit import record_limit
from .repeated_reply import repeated_reply
from .reply import reply
from .sender_identity import sender_identity
from .sender_limit import sender_limit
from .shared_message_id import shared_message_id
from .verdict import Verdict


class Rule(NamedTuple):
    """A rule and its name.

    :param name: in logs and in the documentation
    :param judge: function of the facts that returns a :class:`~.verdict.Verdict` or None
    """

    name: str
    judge: Callable[..., Verdict | None]


BEFORE_ROUTING = tuple(Rule(judge.__name__, judge) for judge in (limits, hops, own_message))
CATCHALL = (Rule("catchall", catchall),)
AFTER_ROUTING = tuple(
    Rule(judge.__name__, judge)
    for judge in (
        shared_message_id,
        alias_mode,
        sender_identity,
        automatic_mail,
        reply,
        repeated_reply,
        sender_limit,
        record_limit,
    )
)
BEFORE_NOTICE = tuple(Rule(judge.__name__, judge) for judge in ALWAYS)
BEFORE_OUR_NOTICE = (*BEFORE_NOTICE, *(Rule(judge.__name__, judge) for judge in OURS))


def verdicts(rules: Iterable[Rule], facts) -> Iterator[Verdict]:
    """Yield the verdicts of the rules, up to the first one that turns the message down.

    :param rules: of :class:`Rule`, in order
    :param facts: see ``pipeline/facts.py``
    """
    for rule in rules:
        verdict = rule.judge(facts)
        if verdict:
            yield verdict
            if verdict.reason:
                return
