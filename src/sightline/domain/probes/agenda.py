"""Who is to be looked at, and when."""

import heapq


class Agenda:
    """One time for each of many, by their numbers; the earliest is found at once."""

    def __init__(self) -> None:
        self._at: dict[int, int] = {}
        self._heap: list[tuple[int, int]] = []

    def put(self, who: int, at: int) -> None:
        """Have somebody looked at then, and no longer at another time."""
        if self._at.get(who) != at:
            self._at[who] = at
            heapq.heappush(self._heap, (at, who))

    def drop(self, who: int) -> None:
        """Have somebody looked at no more."""
        self._at.pop(who, None)

    def next(self) -> int | None:
        """The earliest time; None where nobody is to be looked at."""
        while self._heap:
            at, who = self._heap[0]
            if self._at.get(who) == at:
                return at
            heapq.heappop(self._heap)  # what was put off, or dropped
        return None

    def take(self, until: int) -> list[int]:
        """All whose time is there, the earliest first; they are looked at no more unless they are put again."""
        found = []
        while (at := self.next()) is not None and at <= until:
            who = heapq.heappop(self._heap)[1]
            del self._at[who]
            found.append(who)
        return found
