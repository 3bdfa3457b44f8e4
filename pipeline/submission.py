"""What a transport handed over, and how it asked for it to be processed."""

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

    :param bytes raw: the mail
    :param str door: name of the model it was called on
    :param str source: ``fetch`` for a mailbox, ``rpc`` for a caller that can refuse,
        ``lmtp`` for a mail server, ``http`` for a source that posts, ``import`` for old mail,
        ``stored`` for a mail of the log
    :param server_id: id of the ``fetchmail.server``, or None
    :param str place: tells apart mails of which the transport could read nothing, else empty
    :param source_id: id of the ``mail.postmaster.source``, or None
    :param company_id: id of the company that mail to nobody's address belongs to, or None
    :param bool refuses: whoever posts wants to hear that nobody takes the mail
    :param bool is_quiet: nobody is to hear of the mail: it is old
    :param dict options: the other arguments
    :param addressed_to: addresses to use in place of those in the header, as a person
        asked; empty to hand the mail to the model and record in the options; or None
    :param bool is_last: park the mail when this attempt fails
    :param accepted_targets: targets that a person has accepted, whatever the rules say
    :param bool is_sender_accepted: a person has accepted the mail as its sender's, who is not
        proved
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
    is_sender_accepted: bool = False
    recipients: tuple = ()
    whole_size: int | None = None
    place: str = ""
    source_id: int | None = None
    company_id: int | None = None
    refuses: bool = False
    is_quiet: bool = False

    @property
    def can_refuse(self):
        """Whether the one who hands over is still there to hear a no."""
        return self.source == SUBMITTED or self.refuses

    @property
    def origin(self):
        """Text for the intake key: the same bytes from two mailboxes are two deliveries.

        So are those for other recipients. A mail server that heard no answer hands over the
        same bytes for the same ones.
        """
        place = f"{self.source}:{self.server_id or self.source_id or ''}"
        header_of = () if self.whole_size is None else (f"header of {self.whole_size}",)
        nothing_of = (self.place,) if self.place else ()
        return " ".join((place, *header_of, *nothing_of, *sorted(self.recipients)))

    @property
    def stored_options(self):
        """The call as a dict, for processing the mail again later."""
        return {"door": self.door, **self.barest_options, **self.options}

    @property
    def barest_options(self):
        """What is kept of the call where the rest is no text for the database."""
        kept = {
            "envelope": list(self.recipients),
            "company_id": self.company_id,
            "is_quiet": self.is_quiet,
        }
        return {name: value for name, value in kept.items() if value}


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
