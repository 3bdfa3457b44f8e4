"""The marks by which mail that Odoo has sent can be recognized when it comes back.

Providers such as Amazon SES, Mailjet, Postmark and Exchange replace the Message-Id of what is sent
through them. If a contact or follower has the address of an alias, each notification comes back as
a new reply, of which the followers are notified again. What is left of it:

- ``From`` or ``Return-Path`` with the address that notifications or bounces of this database use.
- ``X-Odoo-Objects``, the record that Odoo writes on each notification, with a reference to one of
  its messages. Odoo adds the id of the message itself at the end of ``References``, because
  providers replace the Message-Id (``_notify_by_email_get_base_mail_values`` of 19.0).
- The original Message-Id, which Exchange and Gmail keep in another field.

Not evidence alone: ``X-Odoo-Objects``, which every Odoo writes, with numbers that other databases
use too; and a reference to one of our messages, which every reply has. A reply from another Odoo
has both, but its last reference is to a message of that Odoo.

Not done here: looking up the references in the database.
"""

import re
from collections.abc import Collection
from typing import NamedTuple

from .address_list import canonical_addresses
from .envelope import decode_field, read_fields

# A notification names its record, and few more (project.task names its project).
MOST_OBJECTS = 20
_OBJECT = re.compile(r"\s*([a-z0-9_.]{1,100})-(\d{1,9})\s*")
_ORIGINAL_IDS = ("x-microsoft-original-message-id", "x-google-original-message-id")
# As Odoo matches them (mail_header_msgid_re).
_MESSAGE_ID = re.compile(r"<[^<>]+>")
_BLANKS = re.compile(r"\s+")
# Between the local part of an address and its detail, as in the return path of one message.
_DETAIL = "+"


class Marks(NamedTuple):
    """What the header of a message says about Odoo.

    :param senders: canonical addresses in From
    :param return_path: canonical address of the envelope sender, without its detail; or empty
    :param objects: ``(model, id)`` of each record in X-Odoo-Objects
    :param last_reference: the last id in References, or empty
    :param original_ids: the Message-Ids that providers have replaced
    """

    senders: tuple[str, ...] = ()
    return_path: str = ""
    objects: frozenset[tuple[str, int]] = frozenset()
    last_reference: str = ""
    original_ids: tuple[str, ...] = ()


def read_marks(header: bytes) -> Marks:
    """Return the :class:`Marks` of a message, whatever its header.

    :param header: the header block
    """
    fields = read_fields(header, decode_field)
    return Marks(
        senders=tuple(canonical_addresses(_first(fields, "from"))),
        return_path=_without_detail(next(canonical_addresses(_first(fields, "return-path")), "")),
        objects=_objects(_first(fields, "x-odoo-objects")),
        last_reference=next(iter(_ids(_first(fields, "references"))[-1:]), ""),
        original_ids=tuple(found for name in _ORIGINAL_IDS for found in _ids(_first(fields, name))),
    )


def own_address(marks: Marks, addresses: Collection[str]) -> str:
    """Return the field with one of our addresses, as ``Name: address``; empty if there is none.

    :param marks: of the message
    :param addresses: the canonical addresses that this database sends from
    """
    if marks.senders and all(sender in addresses for sender in marks.senders):
        return f"From: {marks.senders[0]}"
    if marks.return_path in addresses:
        return f"Return-Path: {marks.return_path}"
    return ""


def _first(fields, name):
    return next(iter(fields.get(name, ())), "")


def _ids(text):
    # Some programs fold a long id in the middle (unfold_references of core).
    return [_BLANKS.sub("", found) for found in _MESSAGE_ID.findall(text)]


def _objects(text):
    found = (_OBJECT.fullmatch(entry) for entry in text.split(",", MOST_OBJECTS)[:MOST_OBJECTS])
    return frozenset((match[1], int(match[2])) for match in found if match)


def _without_detail(address):
    local_part, _at, domain = address.rpartition("@")
    return f"{local_part.partition(_DETAIL)[0]}@{domain}" if domain else ""
