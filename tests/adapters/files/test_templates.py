"""Files of templates of notices, as a configuration of Alertmanager names them."""

from pathlib import Path

from sightline.adapters.outbound.files.templates import MAX_FILE_BYTES, TemplateFiles
from sightline.adapters.wire.notice_json import sample_notice
from sightline.domain.alerts.go_time import Moment
from sightline.domain.alerts.notice_templates import NoticeTemplates

NOW = Moment(1_700_000_000_000_000_000)


def filled(templates: NoticeTemplates, name: str) -> str:
    """What a template says."""
    return templates.fill(f'{{{{ template "{name}" . }}}}', sample_notice(NOW))


def test_patterns_are_relative_to_the_configuration(tmp_path: Path) -> None:
    """Files of patterns are read in order of their names, patterns in their own; a pattern that leads nowhere is no problem."""
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "b.tmpl").write_text('{{ define "x" }}b{{ end }}')
    (tmp_path / "t" / "a.tmpl").write_text('{{ define "x" }}a{{ end }}')
    other = tmp_path / "z.tmpl"
    other.write_text('{{ define "y" }}{{ template "x" }}{{ end }}')
    read = TemplateFiles(("t/*.tmpl", "none/*.tmpl", str(other)), tmp_path).read_now()
    assert read.problems == ()
    assert filled(read.templates, "y") == "b"
    assert filled(read.templates, "a.tmpl") == ""
    read = TemplateFiles(("t/b.tmpl", "t/*.tmpl"), tmp_path).read_now()
    assert filled(read.templates, "x") == "a"


def test_a_file_that_breaks_goes_on_as_it_was(tmp_path: Path) -> None:
    """A problem has file, line and column, and the last whole state of the file is used until it is mended."""
    file = tmp_path / "a.tmpl"
    file.write_text('{{ define "x" }}one{{ end }}')
    files = TemplateFiles(("*.tmpl",), tmp_path)
    assert filled(files.read_now().templates, "x") == "one"
    file.write_text('{{ define "x" }}\n{{ nosuch }}{{ end }}')
    read = files.read_now()
    assert read.problems == (f"{file}:2:4: there is no function 'nosuch'",)
    assert filled(read.templates, "x") == "one"
    file.write_text('{{ define "x" }}other{{ end }}')
    assert filled(files.read_now().templates, "x") == "other"


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    """What is no UTF-8, or larger than a file may be, is named with what to do."""
    (tmp_path / "a.tmpl").write_bytes(b"ab\xff")
    with (tmp_path / "b.tmpl").open("wb") as large:
        large.truncate(MAX_FILE_BYTES + 1)
    (tmp_path / "c.tmpl").mkdir()
    assert TemplateFiles(("*.tmpl",), tmp_path).read_now().problems == (
        f"{tmp_path}/a.tmpl: byte 2 is no UTF-8: write the file in that encoding",
        f"{tmp_path}/b.tmpl: larger than 4 MiB: split it into several files",
        f"{tmp_path}/c.tmpl: cannot be read: Is a directory",
    )
