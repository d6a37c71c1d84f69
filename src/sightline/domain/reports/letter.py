"""A report on its way to people."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Letter:
    """What is mailed. id: the same at every attempt, so that mailboxes can tell a letter that comes twice. at: wall time, ms."""

    id: str
    subject: str
    text: str
    html: str
    at: int
