"""The state table as people see it: text for the documentation, made from the table itself."""

from collections import defaultdict

from sightline.domain.alerts.notice import AlertState
from sightline.domain.alerts.state import MOVES, Finding


def state_diagram() -> str:
    """The moves between states as a Mermaid state diagram, one line for each two states: `from --> to: findings`."""
    findings: dict[tuple[AlertState, AlertState], list[str]] = defaultdict(list)
    for (state, finding), move in MOVES.items():
        if move.state is not state:
            findings[state, move.state].append(finding)
    lines = ["stateDiagram-v2", f"    [*] --> {AlertState.INACTIVE}"]
    lines += [f"    {state} --> {following}: {', '.join(its)}" for (state, following), its in findings.items()]
    return "\n".join(lines)


def state_table() -> str:
    """Every finding and state as a Markdown table: a row a finding, a column a state, in each cell the next state and why."""
    head = ["finding", *AlertState]
    rows = [[f"`{finding}`", *(_cell(state, finding) for state in AlertState)] for finding in Finding]
    return "\n".join(_row(row) for row in [head, ["---"] * len(head), *rows])


def _cell(state: AlertState, finding: Finding) -> str:
    move = MOVES.get((state, finding))
    return "" if move is None else f"{move.state} ({move.reason})"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
