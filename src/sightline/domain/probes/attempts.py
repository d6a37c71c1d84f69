"""How often somebody may do something: so many times at once, and again as time passes; bounded in what it remembers."""

from typing import Final

MOST_KEYS: Final = 10_000


class Attempts:
    """`most` times at once for each key, and one more every `every` seconds up to that. What is not known has all of it."""

    def __init__(self, most: int, every: float, most_keys: int = MOST_KEYS) -> None:
        self._most = most
        self._every = every
        self._most_keys = most_keys
        self._full_at: dict[str, float] = {}

    def take(self, key: str, now: float) -> float:
        """Use one; gives 0 where there was one, or after how many seconds there will be. now: monotonic seconds."""
        full_at = max(self._full_at.pop(key, now), now)
        wait = full_at + self._every - now - self._most * self._every
        if wait > 0:
            self._full_at[key] = full_at
            return wait
        if len(self._full_at) >= self._most_keys:
            self._forget(now)
        self._full_at[key] = full_at + self._every
        return 0.0

    def _forget(self, now: float) -> None:
        """Forget whoever has all of it again, and the one that was seen longest ago where that frees nothing."""
        self._full_at = {key: at for key, at in self._full_at.items() if at > now}
        while len(self._full_at) >= self._most_keys:
            del self._full_at[next(iter(self._full_at))]
