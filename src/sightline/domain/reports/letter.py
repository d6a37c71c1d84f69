"""A report on its way to people."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Letter:
    """What is mailed.

    id: the same at every attempt, so that mailboxes can tell a letter that comes twice. at: wall time, ms. to: a single reader;
    empty: those whom settings name. headers: further ones of the message.
    """

    id: str
    subject: str
    text: str
    html: str
    at: int
    to: str = ""
    headers: tuple[tuple[str, str], ...] = ()
