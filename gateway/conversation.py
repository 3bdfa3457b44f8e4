"""Which messages belong to one conversation, so that they are processed in order.

A reply names the message it replies to in In-Reply-To, and earlier ones in References (RFC 5322
section 3.6.4). Waiting messages that are linked by these names share a key: the root of their
thread, or the key of the waiting message that one of them names. It is computed once, when a
message is stored; waiting messages are never compared with each other.

Message-Ids are kept as numbers, because they are only compared. If two different ids have the
same number, one message waits for the other, with no other effect.

Not done here: finding the record a reply belongs to. Core does that.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# The first ids of a long list include the root that the whole conversation shares, the last ones
# the message being replied to.
MOST_FIRST = 5
MOST_LAST = 45
# No mail program writes a longer field.
LONGEST_FIELD = 20_000

_MESSAGE_ID = re.compile(r"<([^<>\s]{1,990})>")


@dataclass(frozen=True)
class Thread:
    """The position of a message in its conversation.

    :param own: number of its Message-Id, or None
    :param ancestors: numbers of the messages it names, nearest first, without duplicates
    :param root: number of the message that started the conversation, as far as this one names it;
        None for a message without any Message-Id
    """

    own: int | None = None
    ancestors: tuple[int, ...] = ()
    root: int | None = None


def read_thread(message_id: str, references: str = "", in_reply_to: str = "") -> Thread:
    """Return the :class:`Thread` of a message.

    :param message_id: text of the field; the other parameters likewise
    """
    own = next(iter(_numbers(message_id)), None)
    listed = _numbers(references)
    answered = _numbers(in_reply_to)
    ancestors = dict.fromkeys((*answered, *reversed(listed)))
    root = next(iter((*listed, *answered)), own)
    return Thread(own, tuple(number for number in ancestors if number != own), root)


def link(threads: Iterable[Thread], known: Mapping[int, int]) -> list[int | None]:
    """Return the conversation key of each message of a batch that is stored together.

    :param threads: the :class:`Thread` of each message, in order of arrival
    :param known: ``{number: key}`` of waiting messages
    :return: the keys in order, None for a message without a conversation
    """
    known = dict(known)
    keys = []
    for thread in threads:
        key = next((known[name] for name in thread.ancestors if name in known), thread.root)
        keys.append(key)
        if key is not None:
            known.setdefault(key, key)
        if thread.own is not None:
            # Also if a reply that arrived first has named it: what follows replies to this one.
            known[thread.own] = key
    return keys


def _numbers(text):
    names = _MESSAGE_ID.findall(text[:LONGEST_FIELD])
    if len(names) > MOST_FIRST + MOST_LAST:
        names = names[:MOST_FIRST] + names[-MOST_LAST:]
    return [_number(name) for name in names]


def _number(name):
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
