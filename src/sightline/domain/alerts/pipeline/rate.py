"""How many notifications a channel is handed in a time."""

from dataclasses import dataclass
from typing import Final

_MINUTE: Final = 60.0


@dataclass(slots=True)
class Rate:
    """A bucket that holds `per_minute` tokens and fills evenly. Times are monotonic seconds; since: when it was full."""

    per_minute: int
    since: float
    left: float = -1.0

    def __post_init__(self) -> None:
        """Start full."""
        self.left = float(self.per_minute)

    def wait(self, now: float) -> float:
        """Take a token and give 0, or take none and give the seconds until there is one."""
        self.left = min(self.per_minute, self.left + (now - self.since) * self.per_minute / _MINUTE)
        self.since = now
        if self.left >= 1:
            self.left -= 1
            return 0.0
        return (1 - self.left) * _MINUTE / self.per_minute
