"""Answers as they can be compared, to the last bit."""

from collections.abc import Awaitable

import numpy as np

from sightline.domain.errors import SightlineError
from sightline.domain.promql.values import Answer, Scalar, Vector


async def exactly(asked: Awaitable[Answer]) -> object:
    """All of an answer, values as bits but for NaN; or the message why there is none."""
    try:
        answer = await asked
    except SightlineError as error:
        return str(error)
    value = answer.value
    if isinstance(value, Scalar):
        return value.values.tolist()
    assert isinstance(value, Vector)
    bits = np.where(np.isnan(value.values), np.nan, value.values)
    shown = np.where(value.present, bits, 0).view(np.uint64)
    return tuple(value.labels), value.present.tolist(), shown.tolist(), answer.warnings, answer.infos
