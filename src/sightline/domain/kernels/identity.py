"""Ids of many label sets at once, and whether they need a closer look.

A label set is given as its canonical bytes: name, 0xff, value, 0xff, name, ... Ids are keyed BLAKE2b of 8 bytes (RFC 7693), as
`labels.series_id` and `labels.metric_id` have them.
"""

import hashlib
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.canonical import part_end, stands_before
from sightline.domain.kernels.compiled import INTS, UINTS, kernel, subroutine
from sightline.domain.labels import METRIC_KEY, SERIES_KEY

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]

_BLOCK: Final = 128
_NAME: Final = b"__name__"
_NAME_BYTES: Final = 8
_SIGMA: Final = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    (14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3),
    (11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4),
    (7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8),
    (9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13),
    (2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9),
    (12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11),
    (13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10),
    (6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5),
    (10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0),
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    (14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3),
)
_IV: Final = (
    0x6A09E667F3BCC908,
    0xBB67AE8584CAA73B,
    0x3C6EF372FE94F82B,
    0xA54FF53A5F1D36F1,
    0x510E527FADE682D1,
    0x9B05688C2B3E6C1F,
    0x1F83D9ABFB41BD6B,
    0x5BE0CD19137E2179,
)


@subroutine
def _mix(v: Words, a: int, b: int, c: int, d: int, x: np.uint64, y: np.uint64) -> None:
    v[a] = v[a] + v[b] + x
    turned = v[d] ^ v[a]
    v[d] = (turned >> np.uint64(32)) | (turned << np.uint64(32))
    v[c] = v[c] + v[d]
    turned = v[b] ^ v[c]
    v[b] = (turned >> np.uint64(24)) | (turned << np.uint64(40))
    v[a] = v[a] + v[b] + y
    turned = v[d] ^ v[a]
    v[d] = (turned >> np.uint64(16)) | (turned << np.uint64(48))
    v[c] = v[c] + v[d]
    turned = v[b] ^ v[c]
    v[b] = (turned >> np.uint64(63)) | (turned << np.uint64(1))


@subroutine
def _compress(h: Words, m: Words, v: Words, iv: Words, sigma: NDArray[np.int64], hashed: int, is_last: bool) -> None:
    for word in range(8):
        v[word] = h[word]
        v[word + 8] = iv[word]
    v[12] = v[12] ^ np.uint64(hashed)
    if is_last:
        v[14] = ~v[14]
    for turn in range(12):
        at = 16 * turn
        _mix(v, 0, 4, 8, 12, m[sigma[at]], m[sigma[at + 1]])
        _mix(v, 1, 5, 9, 13, m[sigma[at + 2]], m[sigma[at + 3]])
        _mix(v, 2, 6, 10, 14, m[sigma[at + 4]], m[sigma[at + 5]])
        _mix(v, 3, 7, 11, 15, m[sigma[at + 6]], m[sigma[at + 7]])
        _mix(v, 0, 5, 10, 15, m[sigma[at + 8]], m[sigma[at + 9]])
        _mix(v, 1, 6, 11, 12, m[sigma[at + 10]], m[sigma[at + 11]])
        _mix(v, 2, 7, 8, 13, m[sigma[at + 12]], m[sigma[at + 13]])
        _mix(v, 3, 4, 9, 14, m[sigma[at + 14]], m[sigma[at + 15]])
    for word in range(8):
        h[word] = h[word] ^ v[word] ^ v[word + 8]


@subroutine
def _hashed(
    data: bytes, start: int, end: int, keyed: Words, tables: tuple[Words, Words, Words, Words, NDArray[np.int64]]
) -> np.uint64:
    """The first 8 bytes of the hash of data[start:end], which is not empty; keyed: the state after the key's block."""
    h, m, v, iv, sigma = tables
    for word in range(8):
        h[word] = keyed[word]
    done = start
    while done < end:
        size = min(_BLOCK, end - done)
        for word in range(16):
            m[word] = np.uint64(0)
        for step in range(size):
            m[step >> 3] |= np.uint64(data[done + step]) << np.uint64(8 * (step & 7))
        done += size
        _compress(h, m, v, iv, sigma, _BLOCK + done - start, done == end)
    first: np.uint64 = h[0]
    return first


@subroutine
def _is_name(data: bytes, start: int, end: int) -> bool:
    """Whether data[start:end] is `__name__`."""
    if end - start != _NAME_BYTES:
        return False
    differs = 0
    for step in range(_NAME_BYTES):
        differs |= int(data[start + step]) ^ int(_NAME[step])
    return differs == 0


@subroutine
def _metric_of(data: bytes, start: int, end: int) -> tuple[int, int]:
    """Where the value of `__name__` stands; an empty stretch where there is none."""
    at = start
    while at < end:
        name_end = part_end(data, at, end)
        value = name_end + 1
        value_end = part_end(data, value, end)
        if _is_name(data, at, name_end):
            return value, value_end
        at = value_end + 1
    return end, end


def _identify_numpy(
    data: bytes, starts: Ints, ends: Ints, states: Words, iv: Words, sigma: Ints, ids: Words, metrics: Words
) -> None:
    del states, iv, sigma  # the library has its own
    for row, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        parts = data[start:end].split(b"\xff")
        name = dict(zip(parts[0::2], parts[1::2], strict=False)).get(_NAME, b"")
        ids[row] = _digest(data[start:end], SERIES_KEY)
        metrics[row] = _digest(name, METRIC_KEY) if name else 0


def _digest(data: bytes, key: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8, key=key).digest(), "little")


@kernel(
    f"void(Bytes(uint8, 1, 'C', readonly=True), {INTS}, {INTS}, {UINTS}, {UINTS}, {INTS}, uint64[::1], uint64[::1])",
    twin=_identify_numpy,
)
def identify(
    data: bytes, starts: Ints, ends: Ints, states: Words, iv: Words, sigma: Ints, ids: Words, metrics: Words
) -> None:
    """Write the ids of k label sets data[starts[i]:ends[i]] and of their metrics, 0 where there is no `__name__`.

    states (16,): BLAKE2b's state after the key of series and after that of metrics; iv (8,) and sigma (192,): its tables.
    """
    tables = (np.empty(8, np.uint64), np.empty(16, np.uint64), np.empty(16, np.uint64), iv, sigma)
    for row in range(len(starts)):
        start = int(starts[row])
        end = int(ends[row])
        ids[row] = _hashed(data, start, end, states[:8], tables)
        name, name_end = _metric_of(data, start, end)
        metrics[row] = np.uint64(0)
        if name_end > name:
            metrics[row] = _hashed(data, name, name_end, states[8:], tables)


@lru_cache(1)
def _tables() -> tuple[Words, Words, Ints]:
    """The states after the keys of series and of metrics, and BLAKE2b's tables."""
    iv, sigma = np.array(_IV, np.uint64), np.array(_SIGMA, np.int64).reshape(-1)
    states = []
    for key in (SERIES_KEY, METRIC_KEY):
        state = iv.copy()
        state[0] ^= np.uint64(0x01010000 | len(key) << 8 | 8)  # no tree, this key, 8 bytes of digest
        block = np.frombuffer(key.ljust(_BLOCK, b"\0"), np.uint64)
        with np.errstate(over="ignore"):
            _compress(state, block, np.empty(16, np.uint64), iv, sigma, _BLOCK, is_last=False)
        states.append(state)
    return np.concatenate(states), iv, sigma


def identities(data: bytes, starts: Ints, ends: Ints) -> tuple[Words, Words]:
    """The ids of k label sets and of their metrics, uint64 (k,)."""
    ids, metrics = np.empty(len(starts), np.uint64), np.empty(len(starts), np.uint64)
    identify(data, starts, ends, *_tables(), ids, metrics)
    return ids, metrics


def _plain_numpy(
    data: bytes, starts: Ints, ends: Ints, labels: int, name_bytes: int, value_bytes: int, plain: NDArray[np.bool_]
) -> None:
    for row, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        parts = data[start:end].split(b"\xff")
        names, values = parts[0::2], parts[1::2]
        plain[row] = (
            len(names) == len(values) <= labels
            and _NAME in names
            and names == sorted(set(names))
            and all(0 < len(name) <= name_bytes and 0 not in name for name in names)
            and all(0 < len(value) <= value_bytes and 0 not in value for value in values)
        )


@kernel(
    f"void(Bytes(uint8, 1, 'C', readonly=True), {INTS}, {INTS}, int64, int64, int64, boolean[::1])",
    twin=_plain_numpy,
)
def check_plain(
    data: bytes, starts: Ints, ends: Ints, labels: int, name_bytes: int, value_bytes: int, plain: NDArray[np.bool_]
) -> None:
    """Which of k label sets are within the limits for sure and have a metric name; plain: bool (k,), written.

    The others are to be looked at one by one, by `labels.check`.
    """
    for row in range(len(starts)):
        end = int(ends[row])
        at = int(starts[row])
        before = at
        before_end = at
        count = 0
        has_name = False
        fits = True
        while fits and at < end:
            name_end = part_end(data, at, end)
            value = name_end + 1
            value_end = part_end(data, value, end)
            count += 1
            fits = (
                at < name_end <= at + name_bytes
                and value < value_end <= value + value_bytes
                and stands_before(data, before, before_end, at, name_end)
            )
            for byte in range(at, value_end):
                fits = fits and data[byte] != 0
            has_name = has_name or _is_name(data, at, name_end)
            before = at
            before_end = name_end
            at = value_end + 1
        plain[row] = fits and has_name and count <= labels
