"""Which messages belong to one conversation, so that they are processed in their order.

A reply names the message it answers in In-Reply-To, and those before it in References
(RFC 5322 section 3.6.4). Of the messages that wait, those that are linked by such names share
one key: the root of their thread, or the key of the waiting message that one of them names. It
is computed once, when a message is stored; waiting messages are never compared with each other.

Message-Ids are kept as numbers, because they are compared and never read. Two different ids with
the same number make one message wait for another, and nothing else.

What this does not do: find the record that a reply belongs to. That is core's.
"""

import hashlib
import re
from dataclasses import dataclass

# The first ids of a long list name the root that all of a conversation share, the last ones
# what this message answers.
MOST_FIRST = 5
MOST_LAST = 45
# A longer field was not written by a mail program.
LONGEST_FIELD = 20_000

_MESSAGE_ID = re.compile(r"<([^<>\s]{1,990})>")


@dataclass(frozen=True)
class Thread:
    """Where a message stands in its conversation.

    :param own: number of its Message-Id, or None
    :param tuple ancestors: numbers of the messages that it names, the nearest first, each once
    :param root: number of the message that the conversation began with, as far as this one
        names it; None for a message without any Message-Id
    """

    own: int | None = None
    ancestors: tuple = ()
    root: int | None = None


def read_thread(message_id, references="", in_reply_to=""):
    """Return the :class:`Thread` of a message.

    :param str message_id: the text of the field, as are the others
    """
    own = next(iter(_numbers(message_id)), None)
    listed = _numbers(references)
    answered = _numbers(in_reply_to)
    ancestors = dict.fromkeys((*answered, *reversed(listed)))
    root = next(iter((*listed, *answered)), own)
    return Thread(own, tuple(number for number in ancestors if number != own), root)


def link(threads, known):
    """Return the key of the conversation of each of some messages that are stored together.

    :param threads: the :class:`Thread` of each, in the order in which they were handed over
    :param dict known: ``{number: key}`` of messages that wait
    :return: list of keys, None for a message that belongs to no conversation
    """
    known = dict(known)
    keys = []
    for thread in threads:
        key = next((known[name] for name in thread.ancestors if name in known), thread.root)
        keys.append(key)
        if key is not None:
            known.setdefault(key, key)
        if thread.own is not None:
            # Also where a reply that came first has named it: what follows answers this one.
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
