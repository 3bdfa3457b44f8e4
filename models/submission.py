"""What a transport handed over, and how it asked for it to be processed."""

import xmlrpc.client
from dataclasses import dataclass, field

FETCHED = "fetch"
SUBMITTED = "rpc"
STORED = "stored"
LMTP = "lmtp"


@dataclass(frozen=True)
class Submission:
    """The arguments of one call of ``mail.thread.message_process``.

    :param bytes raw: the mail
    :param str door: name of the model it was called on
    :param str source: ``fetch`` for a mailbox, ``rpc`` for a caller that can refuse,
        ``lmtp`` for a mail server, ``stored`` for a mail of the log
    :param server_id: id of the ``fetchmail.server``, or None
    :param dict options: the other arguments
    :param addressed_to: addresses to use in place of those in the header, as a person
        asked; empty to hand the mail to the model and record in the options; or None
    :param bool is_last: park the mail when this attempt fails
    :param accepted_targets: targets that a person has accepted, whatever the rules say
    :param recipients: of the envelope, as the transport has them; none where it has no envelope
    :param whole_size: bytes of the mail where ``raw`` is its header alone, else None
    """

    raw: bytes
    door: str
    source: str
    server_id: int | None = None
    options: dict = field(default_factory=dict)
    addressed_to: list | None = None
    is_last: bool = False
    accepted_targets: frozenset = frozenset()
    recipients: tuple = ()
    whole_size: int | None = None

    @property
    def can_refuse(self):
        """Whether the one who hands over is still there to hear a no."""
        return self.source == SUBMITTED

    @property
    def origin(self):
        """Text for the intake key: the same bytes from two mailboxes are two deliveries.

        So are those for other recipients. A mail server that heard no answer hands over the
        same bytes for the same ones.
        """
        header_of = () if self.whole_size is None else (f"header of {self.whole_size}",)
        return " ".join(
            (f"{self.source}:{self.server_id or ''}", *header_of, *sorted(self.recipients))
        )

    @property
    def stored_options(self):
        """The call as a dict, for processing the mail again later."""
        return {"door": self.door, **self.barest_options, **self.options}

    @property
    def barest_options(self):
        """What is kept of the call where the rest is no text for the database."""
        return {"envelope": list(self.recipients)} if self.recipients else {}


def to_bytes(message):
    """Return the raw mail as core accepts it: bytes, text, or a binary of XML-RPC.

    :raises TypeError: for anything else
    """
    if isinstance(message, xmlrpc.client.Binary):
        return bytes(message.data)
    if isinstance(message, str):
        try:
            # A script that read 8 bit mail as text carries its bytes as surrogates.
            return message.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return message.encode("utf-8", "replace")
    if isinstance(message, bytes | bytearray | memoryview):
        return bytes(message)
    raise TypeError(f"A mail is bytes or text, not {type(message).__name__}.")
