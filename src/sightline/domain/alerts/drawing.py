"""The state table as people see it: text for the documentation, made from the table itself."""

from itertools import groupby

from sightline.domain.alerts.notice import AlertState
from sightline.domain.alerts.state import MOVES, Finding


def state_diagram() -> str:
    """The moves between states as a Mermaid state diagram, one line a move: `from --> to: finding (reason)`."""
    lines = ["stateDiagram-v2", f"    [*] --> {AlertState.INACTIVE}"]
    lines += [
        f"    {state} --> {move.state}: {finding} ({move.reason})"
        for (state, finding), move in MOVES.items()
        if move.state is not state
    ]
    return "\n".join(lines)


def state_table() -> str:
    """Every state and finding as a Markdown table: a row a state, a column a finding, in each cell the next state."""
    head = ["state", *Finding]
    rows = [
        [state.value, *(_cell(state, finding) for finding in Finding)]
        for state, _ in groupby(MOVES, lambda key: key[0])
    ]
    return "\n".join(_row(row) for row in [head, ["---"] * len(head), *rows])


def _cell(state: AlertState, finding: Finding) -> str:
    move = MOVES.get((state, finding))
    return "" if move is None else f"{move.state} ({move.reason})"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
