"""What a transport submitted, and how it asked for it to be processed."""

import xmlrpc.client
from dataclasses import dataclass, field

FETCHED = "fetch"
SUBMITTED = "rpc"
POSTED = "http"
IMPORTED = "import"
STORED = "stored"
LMTP = "lmtp"


@dataclass(frozen=True)
class Submission:
    """The arguments of one call of ``mail.thread.message_process``.

    :param raw: the message
    :param entry_model: name of the model on which it was called
    :param source: ``fetch`` for a mailbox, ``rpc`` for a caller that can refuse,
    ``lmtp`` for a mail server, ``http`` for a source that posts, ``import`` for old messages,
    ``stored`` for a message in the log
    :param server_id: id of the ``fetchmail.server``, or None
    :param mailbox_entry: where a message is whose content could not be read, else empty
    :param source_id: id of the ``mail.postmaster.source``, or None
    :param company_id: id of the company that owns messages to unknown addresses, or None
    :param refuses: whether the client wants an error if no alias takes the message
    :param is_quiet: whether to send no notifications, because the message is old
    :param options: the other arguments
    :param addressed_to: addresses to use in place of those in the header, as a user requested;
    empty to pass the message to the model and record in the options; or None
    :param is_last: hold the message if this attempt fails
    :param accepted_targets: targets that a user has accepted, whatever the rules say
    :param is_sender_accepted: a user has accepted the message as written by its
    unauthenticated sender
    :param recipients: envelope recipients from the transport; empty if it has no envelope
    :param whole_size: size of the message in bytes if ``raw`` is only its header, else None
    """

    raw: bytes
    entry_model: str
    source: str
    server_id: int | None = None
    options: dict = field(default_factory=dict)
    addressed_to: list[str] | None = None
    is_last: bool = False
    accepted_targets: frozenset[str] = frozenset()
    is_sender_accepted: bool = False
    recipients: tuple[str, ...] = ()
    whole_size: int | None = None
    mailbox_entry: str = ""
    source_id: int | None = None
    company_id: int | None = None
    refuses: bool = False
    is_quiet: bool = False

    @property
    def can_refuse(self) -> bool:
        """Whether the client is still connected and can receive a refusal."""
        return self.source == SUBMITTED or self.refuses

    @property
    def transport_key(self) -> str:
        """Text for the intake key: the same bytes from two mailboxes are two deliveries.

        The same bytes for other recipients are also two deliveries. A mail server that got no
        response submits the same bytes again for the same recipients.
        """
        transport = f"{self.source}:{self.server_id or self.source_id or ''}"
        header_of = () if self.whole_size is None else (f"header of {self.whole_size}",)
        unread = (self.mailbox_entry,) if self.mailbox_entry else ()
        return " ".join((transport, *header_of, *unread, *sorted(self.recipients)))

    @property
    def stored_options(self) -> dict:
        """The call, for processing the message again later."""
        # The key is part of what is stored, which hosts with an earlier version read as well.
        return {"door": self.entry_model, **self.barest_options, **self.options}

    @property
    def barest_options(self) -> dict:
        """What is kept of the call if the other options cannot be stored as text."""
        kept = {
            "envelope": list(self.recipients),
            "company_id": self.company_id,
            "is_quiet": self.is_quiet,
        }
        return {name: value for name, value in kept.items() if value}


def to_bytes(message: bytes | bytearray | memoryview | str | xmlrpc.client.Binary) -> bytes:
    """Return a message, in any form in which core accepts it, as bytes.

    :raises TypeError: for any other type
    """
    if isinstance(message, xmlrpc.client.Binary):
        return bytes(message.data)
    if isinstance(message, str):
        try:
            # A script that read an 8-bit message as text passes its bytes as surrogates.
            return message.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return message.encode("utf-8", "replace")
    if isinstance(message, bytes | bytearray | memoryview):
        return bytes(message)
    raise TypeError(f"A mail is bytes or text, not {type(message).__name__}.")
