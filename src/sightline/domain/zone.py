"""Time zones by their names, as the machine's database has them."""

from zoneinfo import ZoneInfo


def zone_named(name: str) -> ZoneInfo | None:
    """The zone of a name such as `Europe/Berlin`; None where this machine knows none of that name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # what is no zone may be no file name either, or a folder's
        return None
