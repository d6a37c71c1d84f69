"""What may go wrong with one question, while the Engine itself is there. Neither leaves this package."""


class Gone(Exception):
    """The container is there no longer."""


class ReadFailed(Exception):
    """One question was not answered, or not as the Engine's API promises; the message says how."""
