"""The whole error tree. Every class has a stable `code`; what a code means to HTTP is one table in the inbound adapter.

SightlineError
├── BadData                      the caller's input is wrong; the same input will fail again
│   ├── MalformedBody            body_malformed        bytes that do not decode
│   ├── InvalidParameter         parameter_invalid     a request parameter, named
│   ├── InvalidField             field_invalid         a field of a JSON body, named by its path
│   ├── InvalidLabel             label_invalid         a label name or value, named
│   ├── InvalidTenant            tenant_invalid
│   ├── InvalidHistogram         histogram_invalid     a native histogram that does not agree with itself
│   ├── SampleOutOfBounds        sample_out_of_bounds  older than retention or too far ahead
│   ├── TooManyDeltas            delta_series_limit    more series that come as deltas than are followed
│   ├── SeriesIdCollision        series_id_collision   two label sets with one id: the later is refused
│   ├── InconsistentPush         push_inconsistent     metrics that do not fit those that other jobs pushed
│   ├── TooManySilences          silences_limit        more silences than are kept
│   ├── MalformedQuery           query_malformed       with line and column
│   ├── TooManyPoints            query_points_limit
│   └── ReadTooLarge             read_samples_limit
├── Unprocessable                understood, but cannot be carried out
│   ├── NotSupported             query_not_supported   names the missing construct
│   ├── VectorMatchingFailed     query_vector_matching
│   ├── TooManySamples           query_samples_limit
│   ├── TooMuchMemory            query_memory_limit
│   └── NoticeRefused            notice_refused        a channel would refuse this notice again
├── QueryTimeout                 query_timeout
├── TooManyQueries               query_concurrency_limit
├── NotFound                     not_found
├── AdminDisabled                admin_disabled        the settings do not allow it
├── BodyTooLarge                 body_too_large
├── UnsupportedMediaType         media_type_unsupported
├── Unauthenticated              unauthenticated
├── Forbidden                    forbidden
├── TooManyAlerts                alerts_limit          more alerts from outside than are kept
├── Overloaded                   intake_overloaded     try again after `retry_after` seconds
├── StorageFull                  storage_full          the disk is at its watermark
├── Unavailable                  unavailable           starting, stopping, or the store is away
├── SettingsInvalid              settings_invalid      refused at start
├── DataFolderLocked             data_folder_locked    another process owns the data folder
└── DataFolderTooNew             data_folder_too_new   written by a newer version
"""

from typing import Any, ClassVar


class SightlineError(Exception):
    """The root. `message` is for people, `code` for programs, `detail` carries the facts behind the message."""

    code: ClassVar[str] = "internal"

    def __init__(self, message: str, **detail: Any) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


class BadData(SightlineError):
    """The caller's input is wrong and would fail again unchanged."""

    code = "bad_data"


class MalformedBody(BadData):
    """A request body that does not decode; the message says where it stops making sense."""

    code = "body_malformed"


class InvalidParameter(BadData):
    """A request parameter with a value that cannot be used; `parameter` names it."""

    code = "parameter_invalid"


class InvalidField(BadData):
    """A field of a JSON body with a value that cannot be used; the message begins with its path, as `metrics[3].value: ...`.

    WHOLE stands in place of the path where it is the body as a whole, whose path is empty.
    """

    code = "field_invalid"
    WHOLE: ClassVar[str] = "the body"

    def within(self, path: str) -> "InvalidField":
        """The same of a body that stands at a path of another: `windows[0]` and `name: ...` is `windows[0].name: ...`."""
        field = str(self.detail.get("field", ""))
        said = self.message.removeprefix(f"{field or self.WHOLE}: ")
        if field and said == self.message:  # it begins with something else
            field = ""
        joined = path + (field if not field or field.startswith("[") else f".{field}")
        return InvalidField(f"{joined}: {said}", **{**self.detail, "field": joined})


class InvalidLabel(BadData):
    """A label name or value that is not allowed, or a label set without a metric name."""

    code = "label_invalid"


class InvalidTenant(BadData):
    """A tenant name with characters that are not allowed."""

    code = "tenant_invalid"


class InvalidHistogram(BadData):
    """A native histogram that does not agree with itself; the message names the rule it breaks."""

    code = "histogram_invalid"


class SampleOutOfBounds(BadData):
    """A sample older than the retention or further ahead of the clock than allowed."""

    code = "sample_out_of_bounds"


class TooManyDeltas(BadData):
    """More series that come as deltas than the limit allows to follow at once."""

    code = "delta_series_limit"


class SeriesIdCollision(BadData):
    """Two different label sets hash to one series id; the later one is refused rather than mixed with the first."""

    code = "series_id_collision"


class InconsistentPush(BadData):
    """Pushed metrics that contradict themselves or what other groups hold, or that bring times of their own."""

    code = "push_inconsistent"


class TooManySilences(BadData):
    """More silences that have not expired than the limit allows."""

    code = "silences_limit"


class MalformedQuery(BadData):
    """A query that does not parse; `line` and `column` count from 1."""

    code = "query_malformed"


class TooManyPoints(BadData):
    """A range query with more steps than the limit allows."""

    code = "query_points_limit"


class ReadTooLarge(BadData):
    """A remote read that would answer with more samples, or series, than the limit allows."""

    code = "read_samples_limit"


class Unprocessable(SightlineError):
    """The request was understood but cannot be carried out."""

    code = "execution"


class NotSupported(Unprocessable):
    """A construct that this version does not evaluate; `construct` names it."""

    code = "query_not_supported"


class VectorMatchingFailed(Unprocessable):
    """Two vectors cannot be matched one to one (or as the modifiers say)."""

    code = "query_vector_matching"


class TooManySamples(Unprocessable):
    """A query that would load more samples than its budget."""

    code = "query_samples_limit"


class TooMuchMemory(Unprocessable):
    """A query that would hold more memory than one query may."""

    code = "query_memory_limit"


class NoticeRefused(Unprocessable):
    """A channel refused a notice in a way that trying again at once would not change; the message says what it answered."""

    code = "notice_refused"


class QueryTimeout(SightlineError):
    """A query that ran longer than its time budget."""

    code = "query_timeout"


class TooManyQueries(SightlineError):
    """More queries are waiting than the limit allows."""

    code = "query_concurrency_limit"


class NotFound(SightlineError):
    """What was asked for does not exist."""

    code = "not_found"


class AdminDisabled(SightlineError):
    """What deletes or copies stored samples, which the settings do not allow; the message names the one that would."""

    code = "admin_disabled"


class Conflict(SightlineError):
    """Another version is there than the caller expected."""

    code = "conflict"


class BodyTooLarge(SightlineError):
    """A body larger than the limit, as sent or once decompressed."""

    code = "body_too_large"


class UnsupportedMediaType(SightlineError):
    """A content type or encoding that this endpoint does not read."""

    code = "media_type_unsupported"


class Unauthenticated(SightlineError):
    """No credentials, or wrong ones."""

    code = "unauthenticated"


class Forbidden(SightlineError):
    """Known, but not allowed; also a Host or Origin that is not ours."""

    code = "forbidden"


class TooManyAlerts(SightlineError):
    """More alerts of programs outside than the limit allows; those that were known, and some of the others, are taken."""

    code = "alerts_limit"


class Overloaded(SightlineError):
    """Intake is at a bound; `retry_after` says in how many seconds to try again."""

    code = "intake_overloaded"


class StorageFull(SightlineError):
    """The disk is at its watermark; what was acknowledged stays, new samples are refused."""

    code = "storage_full"


class Unavailable(SightlineError):
    """Not now: starting, stopping, or the store is away."""

    code = "unavailable"


class SettingsInvalid(SightlineError):
    """Settings that cannot be used; the message names the key and the remedy."""

    code = "settings_invalid"


class DataFolderLocked(SightlineError):
    """Another process owns the data folder; the message names its pid."""

    code = "data_folder_locked"


class DataFolderTooNew(SightlineError):
    """The data folder was written by a newer version; the message names it."""

    code = "data_folder_too_new"
