"""When two deliveries are the same message.

The digest leaves out the header fields that servers on the way add (RFC 5321 section 4.4 and
similar ones) and line endings, which POP3, IMAP and a pipe represent differently.
"""

import hashlib
import re

# A key is looked up in a unique index, which accepts values of some 2,700 bytes.
LONGEST_KEY = 255
# A message without an empty line is all header, and a header is read field by field.
LONGEST_HEADER = 1_000_000
_CHUNK = 1 << 20

_TRACE_FIELD = re.compile(
    rb"^(?:received|return-path|delivered-to|x-delivered-to|x-original-to|envelope-to"
    rb"|x-envelope-to|x-forwarded-to|x-forwarded-for|x-received|x-rcpt-to|apparently-to"
    rb"|authentication-results|arc-[a-z-]+|received-spf|x-spam-[a-z-]+|status|x-uid|x-mozilla-[a-z-]+)"
    rb"[ \t]*:",
    re.IGNORECASE,
)
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_FIELD_START = re.compile(rb"\n(?![ \t])")


def split_header(raw: bytes) -> tuple[bytes, int]:
    """Return ``(header, offset of the body)`` of a raw message.

    What follows the first :data:`LONGEST_HEADER` bytes counts as body, so that code that reads a
    header does not have to limit it.
    """
    end = _HEADER_END.search(raw, 0, LONGEST_HEADER)
    if end:
        return raw[: end.start()], end.end()
    return raw[:LONGEST_HEADER], min(LONGEST_HEADER, len(raw))


def digest(raw: bytes) -> str:
    """Return the SHA-256 of a message without its trace header, in hexadecimal.

    :param raw: the message as received
    """
    header, body_start = split_header(raw)
    fields = _FIELD_START.split(header.replace(b"\r", b""))
    result = hashlib.sha256()
    for field in fields:
        if not _TRACE_FIELD.match(field):
            result.update(field + b"\n")
    result.update(b"\n")
    # In chunks: a second copy of a large message would double its memory.
    view = memoryview(raw)
    for start in range(body_start, len(raw), _CHUNK):
        result.update(bytes(view[start : start + _CHUNK]).replace(b"\r", b""))
    return result.hexdigest()


def message_id_from_digest(mail_digest: str) -> str:
    """Return a stable Message-Id for a message that has none (RFC 5322 section 3.6.4).

    ``invalid`` is a reserved top-level domain (RFC 2606), so no host has it.
    """
    return f"<{mail_digest[:40]}@postmaster.invalid>"


def mail_key(message_id: str, mail_digest: str, with_content: bool = False) -> str:
    """Return the key of a message in the unique index of deliveries.

    :param with_content: for a message that shares only its Message-Id with another one
    """
    if not message_id:
        return message_id_from_digest(mail_digest)
    key = f"{message_id} {mail_digest}" if with_content else message_id
    if len(key.encode()) > LONGEST_KEY:
        return f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"
    return key


def text_digest(content: str | bytes) -> str:
    """Return the SHA-256 of a text or of a file, in hexadecimal."""
    if isinstance(content, str):
        content = content.encode("utf-8", "replace")
    return hashlib.sha256(content).hexdigest()


def intake_key(raw: bytes, source: str) -> str:
    """Return the key of one delivery: the same bytes from the same source are stored once.

    After a crash between the commit of the intake and the acknowledgement, a transport delivers
    the same bytes again; the key maps them to the row already stored.

    :param raw: the message as received
    :param source: the server or entry point that delivered it
    """
    result = hashlib.sha256(raw)
    result.update(source.encode())
    return result.hexdigest()
