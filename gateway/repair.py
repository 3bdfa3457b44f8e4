"""Repair in memory what core cannot read; the stored message stays as received.

===================== ===============================================================
repair                what core does without it
===================== ===============================================================
``charset``           raises on an unknown charset; replaces letters by U+FFFD if the text
                      violates the charset it names
``octets``            replaces raw 8-bit letters in names and subjects by U+FFFD
``nul``               raises: databases reject a NUL
``line``              raises on a line end in a field, or writes it into a new message
``field``             raises: Python's parser fails on some malformed fields
``boundary``          drops the text of a multipart without boundary lines
``encoding``          treats base64 as text if the encoding has a comment or quotes, or if
                      a letter is missing or superfluous
``type``              raises on a type such as ``font/ttf``, and on an invalid type
``sender``            treats a message without From as one of its own robot, and finds no
                      address if there is a superfluous bracket
===================== ===============================================================

The limits are checked before; what is parsed again here is checked again. Attachments keep their
bytes, and so do attached messages, which may be signed: only what would stop core is changed in
them.

Not done here: decisions. A multipart/report without parts is left to core, which stops on it.
"""

import re
from base64 import encodebytes
from collections.abc import Mapping
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from typing import NamedTuple

from .address_list import first_address, read_addresses
from .charsets import is_charset, read_text
from .envelope import decode_octets
from .limits import exceeded
from .mime import ODD_HEADER, decoded

LONGEST_BOUNDARY = 200
# Main types of which email.contentmanager.raw_data_manager reads every subtype.
_MAIN_TYPES = frozenset(
    (
        "text",
        "audio",
        "image",
        "video",
        "application",
        "message",
        "multipart",
    )
)
_CONTAINERS = ("multipart", "message")

# Where a message without From may name its sender, best first.
_SENDERS = ("Sender", "Reply-To", "Return-Path")
# A line of dashes in a text is not a boundary: a boundary is followed by a field.
_BOUNDARY = re.compile(
    rb"^--([^\r\n]{1,%d}?)[ \t]*\r?\n(?=content-)" % LONGEST_BOUNDARY,
    re.MULTILINE | re.IGNORECASE,
)
# What the parser turns 8-bit bytes into.
_RAW_OCTET = re.compile("[\udc80-\udcff]")
# Characters that are not allowed in a field, including NUL.
_CONTROL = re.compile(r"[\0-\x1f\x7f]")
_ADDRESS = re.compile(r"[^\s<>()\",;:@\x00-\x1f]+@[^\s<>()\",;:@\x00-\x1f]+")
_ENCODING = re.compile(r"base64|quoted-printable|(?:x-)?uue(?:ncode)?|7bit|8bit|binary")
_NOT_BASE64 = bytes(
    set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
)
# A copy of a large attachment would double its memory.
_CHUNK = 1 << 20
# What str.splitlines splits at, and so what must not occur in a field that is set.
_LINE_END = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
# What Python's parser splits a header at.
_PARSED_LINE_END = re.compile(r"\r\n|\r|\n")
_ODD_IN_IDS = re.compile(r"[^\w.@<>+=/$!%&'*?^`{|}~-]")


class Repair(NamedTuple):
    """One change.

    :param code: see above
    :param params: parameters for the trace
    """

    code: str
    params: Mapping[str, object]


def repair(message: EmailMessage, exact: bool = True) -> list[Repair]:
    """Repair a message in memory and return a :class:`Repair` for each change.

    :param message: within the limits
    :param exact: keep the bytes of a text attachment that violates the charset it names;
        core replaces them by U+FFFD, and one of its tests expects that
    """
    repairs = []
    waiting = [(message, False)]
    while waiting:
        part, is_attached = waiting.pop()
        if not is_attached:
            repairs += _repair_fields(part, part is message)
            repairs += _repair_boundary(part)
        else:
            repairs += _repair_attached_type(part)
        repairs += _repair_encoding(part)
        repairs += _repair_type(part)
        repairs += _repair_charset(part, part is message, is_attached, exact)
        if part.is_multipart():
            is_mail = part.get_content_maintype() == "message"
            if is_mail:
                _keep_as_sent(part.get_payload())
            waiting += [(child, is_attached or is_mail) for child in part.get_payload()]
    return repairs + _repair_sender(message)


class _AsSent(EmailPolicy):
    """Writes the fields of a parsed message as they were sent.

    Core's way, which is Python's, refolds long fields in quadratic time, raises on non-ASCII
    letters, and ends a line at characters that do not end one in a message, such as a form feed,
    so that what follows is no longer part of the field.
    """

    # Versions since 2024 raise on a field that would be read as two. This is the content of a
    # file, which never becomes the header of a message.
    verify_generated_headers = False

    def fold_binary(self, name, value):
        if hasattr(value, "name"):
            # A repair put it there.
            return super().fold_binary(name, value)
        lines = self.linesep.join(_PARSED_LINE_END.split(value))
        return f"{name}: {lines}{self.linesep}".encode("utf-8", "surrogateescape")


def _keep_as_sent(mails):
    """Make attached messages be written as they were sent."""
    for mail in mails:
        mail.policy = _AsSent(
            header_factory=mail.policy.header_factory,
            linesep=mail.policy.linesep,
            refold_source="none",
            utf8=True,
        )


# --- Header ---------------------------------------------------------------------------


def _repair_fields(part, is_mail):
    """Repair the fields of a part in place."""
    repairs, fields = [], []
    for name, value in part.raw_items():
        code, repaired = _repaired_field(part, name, str(value))
        if code:
            repairs.append(Repair(code, {"name": name}))
        if repaired is not None:
            fields.append((name, value if not code else repaired))
    if repairs:
        for name in set(part.keys()):
            del part[name]
        for name, value in fields:
            part.set_raw(name, value)
    return repairs + ([] if is_mail else _repair_file_name(part))


def _repaired_field(part, name, value):
    """Return ``(code, value)``; no code if nothing is wrong, no value to drop the field."""
    code = None
    if _RAW_OCTET.search(value):
        code, value = "octets", decode_octets(value)
    shown = _shown(part, name, value)
    if shown and "\0" in shown:
        code, value = "nul", shown.replace("\0", "")
        shown = _shown(part, name, value)
    if shown and _LINE_END.search(shown):
        code, value = "line", _LINE_END.sub(" ", shown)
        shown = _shown(part, name, value)
    return (code, value) if shown is not None else ("field", _plain(part, name, value))


def _shown(part, name, value):
    """Return a field as core reads it, or None if it cannot be read."""
    try:
        return str(part.policy.header_fetch_parse(name, value))
    except ODD_HEADER:
        return None


def _plain(part, name, value):
    """Return the readable part of a field, or None."""
    if name.lower().endswith("message-id"):
        text = _ODD_IN_IDS.sub("", value)
    else:
        text = ", ".join(
            address
            for address in read_addresses(value)
            if "@" in address and _shown(part, name, address) is not None
        )
    text = text.replace("\0", "")
    return text if text and _shown(part, name, text) is not None else None


def _repair_file_name(part):
    """Remove NULs from a file name, which may be encoded."""
    name = part.get_filename() or ""
    if "\0" not in name:
        return []
    name = _CONTROL.sub("", name)
    field, parameter = (
        ("Content-Disposition", "filename")
        if part.get_content_disposition()
        else ("Content-Type", "name")
    )
    value = str(part.get(field, "")).partition(";")[0]
    try:
        part.set_param(parameter, name, field)
    except ODD_HEADER:
        del part[field]
        part.add_header(field, _CONTROL.sub("", value), **{parameter: name})
    return [Repair("nul", {"name": "file name"})]


def _repair_sender(message):
    shown = str(message.get("From", ""))
    written = next(
        (str(value) for name, value in message.raw_items() if name.lower() == "from"), ""
    )
    if "@" not in shown and (found := _ADDRESS.search(written)):
        # With a superfluous bracket, Python's parser drops all of it.
        if address := first_address(found[0]):
            del message["From"]
            message["From"] = address
            return [Repair("sender", {"name": "From", "address": address})]
    if shown.strip():
        return []
    for name in _SENDERS:
        if address := first_address(str(message.get(name, ""))):
            del message["From"]
            message["From"] = address
            return [Repair("sender", {"name": name, "address": address})]
    return []


# --- Content --------------------------------------------------------------------------


def _repair_boundary(part):
    """Split a multipart that has no boundary lines, or turn it into a text."""
    is_report = part.get_content_type() == "multipart/report"
    if part.get_content_maintype() != "multipart" or part.is_multipart() or is_report:
        return []
    children = _divide(part.get_payload(decode=True) or b"")
    if children:
        part.set_payload(children)
    part.replace_header("Content-Type", "multipart/mixed" if children else "text/plain")
    return [Repair("boundary", {"parts": len(children)})]


def _divide(content):
    """Return the parts between lines that look like boundary lines."""
    found = _BOUNDARY.search(content)
    if not found or b'"' in found[1] or b"\\" in found[1]:
        return []
    boundary = found[1].removesuffix(b"--") or found[1]
    raw = b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\n\n' + content
    if exceeded(raw):
        return []
    try:
        mail = message_from_bytes(raw, policy=SMTP)
    except ODD_HEADER:
        return []
    is_divided = mail.is_multipart() and any(
        "content-type" in child for child in mail.get_payload()
    )
    return mail.get_payload() if is_divided else []


def _repair_attached_type(part):
    """Give a part of an attached message a type with which it can be read and written."""
    content_type = part.get_content_type()
    if part.get_content_maintype() == "multipart" and not part.is_multipart():
        # Its bytes would have to be text in a charset that it does not name.
        part.replace_header("Content-Type", "text/plain; charset=iso-8859-1")
    elif _LINE_END.search(str(part.get("Content-Type", ""))):
        part.replace_header("Content-Type", _LINE_END.sub(" ", str(part["Content-Type"])))
    else:
        return []
    return [Repair("type", {"named": content_type, "read": part.get_content_type()})]


def _repair_encoding(part):
    """Name the intended transfer encoding, and remove a superfluous letter from base64."""
    if part.is_multipart():
        return []
    named = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    found = _ENCODING.search(named)
    repairs = []
    if found and found[0] != named:
        del part["Content-Transfer-Encoding"]
        part["Content-Transfer-Encoding"] = found[0]
        repairs.append(Repair("encoding", {"named": named, "read": found[0]}))
    if found and found[0] == "base64" and _has_odd_letter(payload := _payload(part)):
        part.set_payload(encodebytes(decoded(_octets(payload), "base64")).decode())
        repairs = repairs or [Repair("encoding", {"named": named, "read": "base64"})]
    return repairs


def _payload(part):
    """Return the content of a part as sent, empty if its charset makes the parser fail."""
    try:
        return part.get_payload()
    except ODD_HEADER:
        return ""


def _has_odd_letter(payload):
    """Return whether base64 has a superfluous letter, on which Python decodes nothing."""
    letters = sum(
        len(_octets(payload[start : start + _CHUNK]).translate(None, _NOT_BASE64))
        for start in range(0, len(payload), _CHUNK)
    )
    return letters % 4 == 1


def _octets(payload):
    # Characters outside the base64 alphabet are skipped.
    return payload.encode("ascii", "replace").replace(b"?", b"")


def _repair_type(part):
    """Replace a type that Python's parser does not know by one that it knows.

    A repaired field may name another type than the one the parser used.
    """
    main_type = part.get_content_maintype()
    if part.is_multipart():
        return [] if main_type in _CONTAINERS else _become_multipart(part)
    if main_type in _MAIN_TYPES and main_type != "message":
        return []
    content_type, name = part.get_content_type(), part.get_filename()
    content = part.get_payload(decode=True) or b""
    is_text = not name and b"\0" not in content and read_text(content, "utf-8")[2]
    del part["Content-Type"]
    part["Content-Type"] = "text/plain" if is_text else "application/octet-stream"
    if name and not part.get_filename():
        del part["Content-Disposition"]
        part.add_header("Content-Disposition", "attachment", filename=_CONTROL.sub("", name))
    return [Repair("type", {"named": content_type, "read": part.get_content_type()})]


def _become_multipart(part):
    named = part.get_content_type()
    del part["Content-Type"]
    part["Content-Type"] = "multipart/mixed"
    return [Repair("type", {"named": named, "read": "multipart/mixed"})]


def _repair_charset(part, is_mail, is_attached, exact):
    """Set the charset that a text actually has."""
    if part.get_content_maintype() != "text" or part.is_multipart():
        return []
    # Core reads a message without a charset as ASCII, and a part as UTF-8.
    named = _charset(part)
    content = part.get_payload(decode=True) or b""
    is_file = not is_mail and (part.get_filename() or "attachment" == _disposition(part))
    assumed = ("ascii" if is_mail else "utf-8") if named is None else named
    text, charset, fits = read_text(content, assumed)
    leaves_as_it_is = is_attached or is_file and not exact
    # Even an empty text cannot be read in an unknown charset.
    if is_charset(assumed) and (fits or leaves_as_it_is):
        return []
    if is_file or is_attached:
        # Read and written in this charset, each byte stays as it is.
        _set_charset(part, "iso-8859-1")
    else:
        _set_charset(part, "utf-8")
        del part["Content-Transfer-Encoding"]
        part["Content-Transfer-Encoding"] = "base64"
        part.set_payload(encodebytes(text.encode("utf-8", "replace")).decode())
    return [Repair("charset", {"named": named or "-", "read": charset})]


def _set_charset(part, charset):
    content_type = part.get_content_type()
    try:
        # An empty one would be left beside the new one.
        part.del_param("charset")
        part.set_param("charset", charset)
        is_set = (part.get_content_type(), _charset(part)) == (content_type, charset)
    except ODD_HEADER:
        is_set = False
    if not is_set:
        # Other parameters contain characters not allowed in a field, or an invalid type became
        # valid.
        del part["Content-Type"]
        part["Content-Type"] = f'{content_type}; charset="{charset}"'


def _charset(part):
    """Return the charset a part names, or None."""
    try:
        value = part.get_param("charset")
    except ODD_HEADER:
        return ""
    return value[2] if isinstance(value, tuple) else value


def _disposition(part):
    return part.get_content_disposition() or ""
