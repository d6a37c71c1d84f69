"""Templates of notices, those that are there by themselves and those of people's files, filled for what is told."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from typing_extensions import override

from sightline.domain.alerts.go_functions import html_escaped
from sightline.domain.alerts.notice_data import NoticeData, notice_data
from sightline.domain.alerts.notice_defaults import DEFAULTS
from sightline.domain.alerts.notice_functions import NOTICES
from sightline.domain.alerts.notice_html import HtmlRun
from sightline.domain.alerts.notice_texts import NoticeTexts
from sightline.domain.alerts.notification import Notification
from sightline.domain.alerts.template_parse import parse_tree
from sightline.domain.alerts.template_run import Compiler, Frame, Named, Run
from sightline.domain.errors import BadData, SightlineError, Unprocessable

MAX_KEPT: Final = 256
"""How many templates are kept ready; those of more options than that are read again."""


class TemplateFile(NamedTuple):
    """A file of templates. name: what stands in messages; templates know it by the part after its last slash."""

    name: str
    text: str


class NoticeTemplates(NoticeTexts):
    """Fills templates, which may call those that are there, and those that they define themselves."""

    def __init__(self, named: Mapping[str, Named]) -> None:
        self._named = named
        self._ready = lru_cache(MAX_KEPT)(self._read)

    @override
    def text(self, template: str, notification: Notification) -> str:
        try:
            return self.fill(template, notice_data(notification))
        except (BadData, Unprocessable) as error:
            return _failure(error)

    @override
    def html(self, template: str, notification: Notification) -> str:
        try:
            return self.fill(template, notice_data(notification), as_html=True)
        except (BadData, Unprocessable) as error:
            return html_escaped(_failure(error))

    def fill(self, template: str, data: NoticeData, *, as_html: bool = False) -> str:
        """The text, or HTML, of a template.

        Raises:
            BadData: it is none; the message says where and why.
            Unprocessable: it cannot be filled, or takes more than it may; likewise.
        """
        whole, named = self._ready(template)
        run = HtmlRun(data, NOTICES, named) if as_html else Run(data, NOTICES, named)
        run.depth = whole.depth
        whole.do(Frame(run, data))
        return "".join(run.pieces)

    def _read(self, template: str) -> tuple[Named, Mapping[str, Named]]:
        own, whole = _compiled(template, "")
        return whole, _joined(self._named, own) if own else self._named


class TemplatesRead(NamedTuple):
    """Templates, and what is wrong with files, each with file, line and column in front; those are left out."""

    templates: NoticeTemplates
    problems: tuple[str, ...] = ()


def read_templates(files: Iterable[TemplateFile]) -> TemplatesRead:
    """Read files, in whose order later definitions replace earlier ones, and all of them the defaults.

    As in Go, one that is empty replaces none that is not, and what stands in a file outside of definitions is a template by the
    name of the file.
    """
    named, problems = dict(_defaults()), list[str]()
    for file in files:
        try:
            own, whole = _compiled(file.text, file.name)
        except BadData as error:
            line, column = error.detail["line"], error.detail["column"]
            reason = error.message.removeprefix(f"template, line {line}, column {column}: ").removeprefix("template: ")
            problems.append(f"{file.name}:{line}:{column}: {' '.join(reason.split())}")
            continue
        named = _joined(named, {**own, file.name.rpartition("/")[2]: whole})
    return TemplatesRead(NoticeTemplates(named), tuple(problems))


@lru_cache(1)
def _defaults() -> Mapping[str, Named]:
    return _compiled(DEFAULTS, "the defaults")[0]


def _compiled(text: str, file: str) -> tuple[dict[str, Named], Named]:
    """What a source defines, and the source itself."""
    compiler = Compiler(text, parse_tree(text, NOTICES), NOTICES, file)
    return compiler.named(), compiler.whole()


def _joined(earlier: Mapping[str, Named], later: Mapping[str, Named]) -> dict[str, Named]:
    return {**earlier, **{name: one for name, one in later.items() if not (one.is_empty and name in earlier)}}


def _failure(error: SightlineError) -> str:
    return f"<error expanding template: {' '.join(error.message.split())}>"
