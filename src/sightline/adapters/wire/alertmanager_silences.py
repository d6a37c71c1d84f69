"""Silences in Alertmanager's API, with `recurrence` beside what it has.

Source: https://github.com/prometheus/alertmanager, version 2 of its API, and what its program says of what it refuses.
"""

from collections.abc import Callable, Sequence
from typing import Final, Never

import msgspec

from sightline.adapters.wire.alertmanager_posted import REQUIRED, TOO_FEW
from sightline.adapters.wire.alertmanager_times import parse_instant
from sightline.adapters.wire.instants import MAX_INSTANT, instant_text
from sightline.adapters.wire.time_interval import Interval, interval_of, written_interval
from sightline.domain.alerts.silence import MAX_MATCHERS, MAX_WINDOWS, Silence
from sightline.domain.alerts.time_intervals import TimeInterval
from sightline.domain.errors import BadData, InvalidField, MalformedBody
from sightline.domain.labels import Matcher, MatchOp
from sightline.domain.timerange import DAY

_OPEN_END: Final = MAX_INSTANT - DAY
"""From here on an end is none, where a silence recurs: clients that know of ends alone send back what they were shown."""
_OPERATORS: Final = {
    (False, True): MatchOp.EQUAL,
    (False, False): MatchOp.NOT_EQUAL,
    (True, True): MatchOp.MATCHES,
    (True, False): MatchOp.NOT_MATCHES,
}
"""By isRegex and isEqual."""
_FLAGS: Final = {op: flags for flags, op in _OPERATORS.items()}


class _Matcher(msgspec.Struct, omit_defaults=True):
    """A matcher; what is None is missing."""

    isEqual: bool | None = None  # noqa: N815 - Alertmanager's name
    isRegex: bool | None = None  # noqa: N815 - likewise
    name: str | None = None
    value: str | None = None


class _Postable(msgspec.Struct):
    """A silence as it is sent; likewise."""

    id: str | None = None
    comment: str | None = None
    createdBy: str | None = None  # noqa: N815 - Alertmanager's name
    endsAt: str | None = None  # noqa: N815 - likewise
    matchers: list[_Matcher] | None = None
    startsAt: str | None = None  # noqa: N815 - likewise
    recurrence: list[Interval] | None = None


class _Status(msgspec.Struct):
    state: str


class _Gettable(msgspec.Struct, omit_defaults=True):
    """A silence as it is shown."""

    id: str
    status: _Status
    updatedAt: str  # noqa: N815 - Alertmanager's name
    comment: str
    createdBy: str  # noqa: N815 - likewise
    endsAt: str  # noqa: N815 - likewise
    matchers: list[_Matcher]
    startsAt: str  # noqa: N815 - likewise
    recurrence: list[Interval] = []


_DECODER: Final = msgspec.json.Decoder(_Postable | None)


def read_silence(body: bytes, known: Callable[[str], Sequence[TimeInterval]]) -> Silence:
    """Read a silence. known: how the one of an id recurs, which stays so where nothing is said of it.

    Raises:
        MalformedBody: no JSON of that shape.
        InvalidField: a field is missing.
        BadData: a regex does not compile, or an interval cannot be read.
    """
    written = _written(body)
    windows = written.recurrence
    if windows is None:
        recurrence = tuple(known(written.id)) if written.id else ()
    elif len(windows) > MAX_WINDOWS:
        raise BadData(f"silence invalid: recurrence has {len(windows)} intervals, and may have {MAX_WINDOWS}")
    else:
        recurrence = tuple(interval_of(one, f"recurrence[{number}]") for number, one in enumerate(windows))
    for name in ("comment", "createdBy", "endsAt", "matchers", "startsAt"):
        if getattr(written, name) is None and not (name == "endsAt" and recurrence):
            raise InvalidField(f"{name} in body is required", number=REQUIRED)
    starts_at, ends_at = _instant(written.startsAt or ""), None
    if written.endsAt is not None:
        ends_at = _instant(written.endsAt)
    if recurrence and ends_at is not None and ends_at >= _OPEN_END:
        ends_at = None
    return Silence(
        matchers=_matchers(written.matchers or ()),
        starts_at=starts_at,
        ends_at=ends_at,
        created_by=written.createdBy or "",
        comment=written.comment or "",
        recurrence=recurrence,
        id=written.id or "",
    )


def silence_object(silence: Silence, now: int) -> _Gettable:
    """What is shown of a silence at `now`, ready to be written as JSON."""
    return _Gettable(
        silence.id,
        _Status(silence.state(now).value),
        instant_text(silence.updated_at),
        silence.comment,
        silence.created_by,
        instant_text(MAX_INSTANT if silence.ends_at is None else silence.ends_at),
        [_matcher_object(one) for one in silence.matchers],
        instant_text(silence.starts_at),
        list(map(written_interval, silence.recurrence)),
    )


def _matcher_object(matcher: Matcher) -> _Matcher:
    is_regex, is_equal = _FLAGS[matcher.op]
    return _Matcher(isEqual=is_equal, isRegex=is_regex, name=matcher.name, value=matcher.value)


def _written(body: bytes) -> _Postable:
    try:
        written: _Postable | None = _DECODER.decode(body) if body.strip() else None
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
        _refuse(str(error))
    if written is None:
        raise InvalidField("silence in body is required", number=REQUIRED)
    return written


def _matchers(written: Sequence[_Matcher]) -> tuple[Matcher, ...]:
    if not written:
        raise InvalidField("matchers in body should have at least 1 items", number=TOO_FEW)
    if len(written) > MAX_MATCHERS:
        raise BadData(f"silence invalid: it has {len(written)} matchers, and may have {MAX_MATCHERS}")
    return tuple(_matcher(one, number) for number, one in enumerate(written))


def _matcher(written: _Matcher, number: int) -> Matcher:
    for name in ("isRegex", "name", "value"):
        if getattr(written, name) is None:
            raise InvalidField(f"matchers.{number}.{name} in body is required", number=REQUIRED)
    op = _OPERATORS[written.isRegex is True, written.isEqual is not False]
    value = written.value or ""
    try:
        return Matcher(written.name or "", op, value)
    except BadData as error:
        message = f'silence invalid: invalid label matcher {number}: invalid regular expression "{value[:200]}": {error.message}'
        raise BadData(message) from None


def _instant(text: str) -> int:
    try:
        return parse_instant(text)
    except BadData as error:
        _refuse(error.message)


def _refuse(reason: str) -> Never:
    raise MalformedBody(f'parsing silence body from "" failed, because {reason}') from None
