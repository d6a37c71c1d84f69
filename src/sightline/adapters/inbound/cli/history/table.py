"""CSV files as history."""

from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from typing_extensions import override

from sightline.adapters.inbound.cli.history.blocks import Content, shown
from sightline.adapters.inbound.cli.history.files import Files, Reader
from sightline.adapters.inbound.cli.history.flags import Columns, Format
from sightline.adapters.inbound.cli.history.source import Mark
from sightline.adapters.inbound.cli.program import Ended, Exit
from sightline.adapters.wire.history_layout import Wishes, layout
from sightline.adapters.wire.history_table import TableReader
from sightline.domain.errors import BadData
from sightline.domain.labels import Labels


def wishes(said: Columns) -> Wishes:
    """What was said on the command line.

    Raises:
        Ended: it cannot be.
    """
    try:
        ZoneInfo(said.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Ended(Exit.USAGE, f"--time-zone {said.time_zone} is not known; write for example Europe/Berlin") from None
    if len(said.delimiter.encode()) > 1 or said.delimiter in {'"', "\n", "\r"}:
        raise Ended(Exit.USAGE, f"--delimiter {said.delimiter!r} must be one character, such as ;")
    return Wishes(
        tuple(one.strip() for one in said.columns.split(",")) if said.columns else (),
        said.delimiter,
        said.time_column,
        said.time_format,
        said.value_column,
        said.label_column,
        said.metric_column,
        said.metric,
        said.time_zone,
    )


class Tables(Files):
    """CSV files one after another, packed or not, each with a heading of its own unless the columns are said."""

    def __init__(self, files: Sequence[Path], wishes: Wishes, added: Labels) -> None:
        """`wishes` is what was said of the columns; the rest is seen in each file.

        Raises:
            Ended: a file is missing.
        """
        super().__init__(files, Format.AUTO, added, keep_nan=True)
        self._wishes = wishes
        self.key = f"csv {wishes}\n{self.key}"

    @override
    def _reader(self, content: Content, file: Path) -> tuple[Reader, str, Mark]:
        try:
            found = layout(content.head, self._wishes)
        except BadData as error:
            raise Ended(Exit.USAGE, f"{shown(file)}: {error.message}") from None
        heading = 0 if self._wishes.columns else content.head.find(b"\n") + 1
        return TableReader(found, self._added), "CSV of these columns", Mark(0, heading, 2 if heading else 1)
