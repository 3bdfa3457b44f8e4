"""Which mails belong to one conversation, so that they are processed in their order.

Two mails do when a Message-Id stands in both: as its own, in References or in In-Reply-To
(RFC 5322 section 3.6.4). The ids are kept as numbers, because they are compared and never
read. Two different ids of one number, which nobody will live to see by accident, make one
mail wait for another, and nothing else.

What this does not do: find the record that a mail answers to. That is core's.
"""

import hashlib
import re

# The first ids of a long list name the root that all of a conversation share, the last ones
# what this mail answers to.
MOST_FIRST = 5
MOST_LAST = 45
# A field with more is no list that a mail program wrote.
LONGEST_FIELD = 20_000

_MESSAGE_ID = re.compile(r"<([^<>\s]{1,990})>")


def conversation(message_id, references="", in_reply_to=""):
    """Return the numbers of the Message-Ids of a mail, each once, in their order.

    :param str message_id: the text of the field, as are the others
    :return: list of signed 64 bit integers, at most some dozens
    """
    found = [
        _number(name) for text in (message_id, references, in_reply_to)
        for name in _bounded(_MESSAGE_ID.findall(text[:LONGEST_FIELD]))
    ]
    return list(dict.fromkeys(found))


def _bounded(names):
    if len(names) <= MOST_FIRST + MOST_LAST:
        return names
    return names[:MOST_FIRST] + names[-MOST_LAST:]


def _number(name):
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
