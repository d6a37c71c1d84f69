"""What a rule says that it means when there is no answer to judge."""

from enum import StrEnum


class Lack(StrEnum):
    """Why there is nothing to judge: the query found no series, or it failed."""

    NO_DATA = "no_data"
    QUERY_FAILED = "query_failed"


class Treatment(StrEnum):
    """What becomes of the alerts meanwhile: they end, stay as they are, go on as if the condition were true, or are not known."""

    OK = "ok"
    KEEP = "keep"
    ALERT = "alert"
    UNKNOWN = "unknown"
