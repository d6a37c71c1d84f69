"""Alerts as mail: what is sent, to whom, and what a server's answers mean; the server is aiosmtpd on loopback."""

from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.adapters.mail_server import CERTIFICATE, MailServer, serving
from tests.adapters.notices import AT, ShownTemplates, notice

from sightline.adapters.outbound.notifiers.email import HTML, SUBJECT, Email
from sightline.domain.alerts.receiver import Option, Secret
from sightline.domain.errors import NoticeRefused, SettingsInvalid, Unavailable
from sightline.domain.reports.letter import Letter

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse"


def channel(server: MailServer, *, implicit_tls: bool | None = None, **options: Any) -> Email:
    """A channel to the server without TLS, unless the options say otherwise; keyword `from_` is the option `from`."""
    given: dict[str, Option] = {
        "smarthost": f"127.0.0.1:{server.port}",
        "from": "sightline@example.org",
        "to": "ops@example.org",
        "require_tls": False,
        **{name.rstrip("_"): value for name, value in options.items()},
    }
    return Email(given, ShownTemplates(), implicit_tls=implicit_tls)


async def test_a_message_has_what_alertmanagers_has() -> None:
    """Subject and HTML come from Alertmanager's templates unless settings say otherwise; the date is the notification's."""
    with serving() as server:
        await channel(
            server, from_="Sightline <sightline@example.org>", to="Ops <ops@example.org>, dba@example.org"
        ).notify(notice())
        (mail,) = server.mails
    message = mail.message
    assert (mail.sender, mail.recipients) == ("sightline@example.org", ["ops@example.org", "dba@example.org"])
    assert mail.greeting == "localhost"
    assert message["From"] == "Sightline <sightline@example.org>"
    assert message["To"] == "Ops <ops@example.org>, dba@example.org"
    assert message["Subject"] == SUBJECT
    assert message["Date"].datetime.timestamp() == AT / 1_000
    assert message["Auto-Submitted"] == "auto-generated"
    assert [(part.get_content_type(), part.get_content().strip()) for part in message.iter_parts()] == [
        ("text/html", HTML)
    ]


async def test_texts_and_headers_are_templates() -> None:
    """Both texts, every header, and who it is from and to."""
    with serving() as server:
        await channel(
            server,
            text="T [labels]",
            html="H [labels]",
            headers={"subject": "S [labels]", "X-Team": "ops"},
            hello="alerts.example.org",
            to="[labels]@example.org",
        ).notify(notice())
        (mail,) = server.mails
    message = mail.message
    assert message["Subject"] == "S firing:alertname=Hot"
    assert message["X-Team"] == "ops"
    assert [part.get_content().strip() for part in message.iter_parts()] == [
        "T firing:alertname=Hot",
        "H firing:alertname=Hot",
    ]
    assert mail.greeting == "alerts.example.org"


async def test_messages_about_one_group_are_a_thread() -> None:
    """They refer to one message that never was; an attempt that is made again has the same id, other notifications have others."""
    with serving() as server:
        email = channel(server)
        for one in (notice(), notice(), notice(at=AT + 60_000), notice("Full")):
            await email.notify(one)
        first, again, later, other = (mail.message for mail in server.mails)
    assert first["Message-ID"] == again["Message-ID"] != later["Message-ID"]
    assert first["References"] == first["In-Reply-To"] == later["References"] != other["References"]


async def test_labels_add_neither_headers_nor_recipients() -> None:
    """What an alert says stays where it is said, even in the header of the subject."""
    with serving() as server:
        await channel(server, headers={"Subject": "[labels]"}).notify(notice("Hot\r\nBcc: all@example.org\r\n\r\nbody"))
        (mail,) = server.mails
    assert mail.recipients == ["ops@example.org"]
    assert "Bcc" not in mail.message
    assert "Bcc: all@example.org body" in mail.message["Subject"]


@pytest.mark.parametrize("way", ["PLAIN", "LOGIN", "CRAM-MD5"])
async def test_starttls_and_every_way_of_authentication(way: str) -> None:
    """Under a certificate whose authority is named, with a password or a shared secret."""
    with serving(starttls=True, users={"sightline": PASSWORD}, ways=(way,)) as server:
        await channel(
            server,
            require_tls=True,
            tls_config={"ca_file": CERTIFICATE, "server_name": "exporter.test"},
            auth_username="sightline",
            auth_password=Secret(PASSWORD),
            auth_secret=Secret(PASSWORD),
        ).notify(notice())
        (mail,) = server.mails
    assert mail.is_encrypted
    assert mail.user == f"sightline by {way}"


async def test_tls_from_the_start() -> None:
    """As at port 465; then STARTTLS is not asked for."""
    with serving(from_the_start=True) as server:
        await channel(
            server, implicit_tls=True, require_tls=True, tls_config={"ca": Path(CERTIFICATE).read_text()}
        ).notify(notice())
        assert server.mails[0].is_encrypted


async def test_the_password_may_stand_in_a_file(tmp_path: Path) -> None:
    """It is read every time; a file that is not there makes the channel unavailable and is named."""
    file = tmp_path / "password"
    with serving(starttls=True, users={"sightline": PASSWORD}, ways=("LOGIN",)) as server:
        email = channel(
            server,
            require_tls=True,
            tls_config={"insecure_skip_verify": True},
            auth_username="sightline",
            auth_password_file=str(file),
        )
        with pytest.raises(Unavailable, match=f"auth_password_file {file} cannot be read"):
            await email.notify(notice())
        file.write_text(f"{PASSWORD}\n")
        await email.notify(notice())
        assert server.mails[0].user == "sightline by LOGIN"


async def test_tls_is_required_unless_settings_say_otherwise() -> None:
    """A server that does not offer it gets neither a password nor a message."""
    with serving() as server:
        email = channel(server, require_tls=True, auth_username="sightline", auth_password=Secret(PASSWORD))
        with pytest.raises(NoticeRefused, match="does not offer STARTTLS, which require_tls asks for"):
            await email.notify(notice())
        assert not server.mails


@pytest.mark.parametrize("tls", [{}, {"ca_file": CERTIFICATE, "server_name": "mail.test"}])
async def test_a_certificate_that_is_not_trusted_ends_the_attempt(tls: dict[str, str]) -> None:
    """Whether its authority is unknown or its name another; the message says what to do."""
    with serving(starttls=True) as server:
        with pytest.raises(Unavailable, match=r"certificate is not trusted: .*tls_config"):
            await channel(server, require_tls=True, tls_config=tls).notify(notice())
        assert not server.mails


async def test_a_wrong_password_is_refused_and_never_shown() -> None:
    """Not even where the server repeats what it was sent."""
    answers = {"AUTH": "535 5.7.8 {user} may not, with {password}"}
    with serving(starttls=True, users={"sightline": "another"}, ways=("PLAIN",), answers=answers) as server:
        email = channel(
            server,
            require_tls=True,
            tls_config={"ca_file": CERTIFICATE},
            auth_username="sightline",
            auth_password=Secret(PASSWORD),
        )
        with pytest.raises(
            NoticeRefused, match=r"authentication with 535 .*sightline may not, with <secret>"
        ) as refused:
            await email.notify(notice())
    assert PASSWORD not in str(refused.getrepr(style="long"))


async def test_ways_of_authentication_without_what_they_need_are_named() -> None:
    """A server that offers only those gets no message."""
    with serving(starttls=True, users={"sightline": PASSWORD}, ways=("CRAM-MD5",)) as server:
        email = channel(
            server,
            require_tls=True,
            tls_config={"ca_file": CERTIFICATE},
            auth_username="sightline",
            auth_password=Secret(PASSWORD),
        )
        with pytest.raises(NoticeRefused, match="offers authentication by cram-md5"):
            await email.notify(notice())


@pytest.mark.parametrize(
    ("answers", "error", "message"),
    [
        ({"MAIL": "451 try later"}, Unavailable, r"MAIL FROM with 451 \(try later\)"),
        ({"MAIL": "550 not you"}, NoticeRefused, r"MAIL FROM with 550 \(not you\)"),
        ({"DATA": "452 disk full"}, Unavailable, r"DATA with 452 \(disk full\)"),
        ({"DATA": "554 spam"}, NoticeRefused, r"DATA with 554 \(spam\)"),
        ({"ops@example.org": "450 grey"}, Unavailable, r"RCPT TO ops@example.org with 450 \(grey\)"),
        ({"ops@example.org": "550 unknown"}, NoticeRefused, r"RCPT TO ops@example.org with 550 \(unknown\)"),
    ],
)
async def test_answers_of_4xx_mean_not_now_and_5xx_never(
    answers: dict[str, str], error: type[Exception], message: str
) -> None:
    """Whatever they are to."""
    with serving(answers=answers) as server:
        with pytest.raises(error, match=message):
            await channel(server).notify(notice())
        assert not server.mails


async def test_who_has_a_message_does_not_get_it_again() -> None:
    """Some of several recipients may not be taken now: only they are tried when the notification comes again."""
    with serving(answers={"dba@example.org": "450 grey"}) as server:
        email = channel(server, to="ops@example.org, dba@example.org")
        with pytest.raises(Unavailable, match=r"RCPT TO dba@example\.org with 450 \(grey\)"):
            await email.notify(notice())
        server.answers.clear()
        await email.notify(notice())
        assert [mail.recipients for mail in server.mails] == [["ops@example.org"], ["dba@example.org"]]
        await email.notify(notice("Full"))
        assert server.mails[2].recipients == ["ops@example.org", "dba@example.org"]


async def test_who_left_keeps_nobody_else_from_being_told() -> None:
    """Recipients who are refused for good are named in the log, and the message is taken where others have it."""
    with serving(answers={"old@example.org": "550 unknown", "dba@example.org": "450 grey"}) as server:
        email = channel(server, to="ops@example.org, old@example.org, dba@example.org")
        with pytest.raises(Unavailable, match=r"RCPT TO old@example\.org, dba@example\.org with 450"):
            await email.notify(notice())
        del server.answers["dba@example.org"]
        with capture_logs() as said:
            await email.notify(notice())
        assert [mail.recipients for mail in server.mails] == [["ops@example.org"], ["dba@example.org"]]
    assert [one["problem"] for one in said] == [
        f"channel email: 127.0.0.1:{server.port} answered RCPT TO old@example.org with 550 (unknown)"
    ]


async def test_a_server_that_does_not_answer_in_time_is_unavailable() -> None:
    """The time is for the whole of a notification."""
    with serving(silent=True) as server:
        with pytest.raises(Unavailable, match=r"took longer than 0\.2 s \(smtp"):
            await channel(server, timeout=200).notify(notice())
        assert not server.mails


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"to": "everybody"}, "`to`: 'everybody' is no address"),
        ({"from_": "a@example.org, b@example.org"}, "`from` has several addresses"),
        ({"to": ""}, "`to`: there is no address"),
    ],
)
async def test_a_template_that_gives_no_address_is_refused(options: dict[str, Any], message: str) -> None:
    """Nothing is sent, and the setting is named."""
    with serving() as server:
        with pytest.raises(NoticeRefused, match=message):
            await channel(server, **options).notify(notice())
        assert not server.mails


@pytest.mark.parametrize(
    "options",
    [
        {"smarthost": "mail.example.org"},
        {"smarthost": "mail.example.org:70000"},
        {"smarthost": ":25"},
        {"hello": "a\r\nMAIL FROM:<x@example.org>"},
        {"headers": {"X Y": "z"}},
    ],
)
def test_settings_that_cannot_be_used_are_refused_at_once(options: dict[str, Any]) -> None:
    """Before the first notification."""
    with pytest.raises(SettingsInvalid, match="channel email"):
        channel(MailServer(port=25), **options)


async def test_a_tls_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """It may be there the next time."""
    with serving() as server, pytest.raises(Unavailable, match=f"tls_config {tmp_path}/ca.pem cannot be used"):
        await channel(server, tls_config={"ca_file": f"{tmp_path}/ca.pem"}).notify(notice())


async def test_metadata_of_clouds_is_not_reached() -> None:
    """A server at an address of a cloud's metadata is refused, and it is said which setting would allow it."""
    options: dict[str, Option] = {"smarthost": "169.254.169.254:25", "from": "a@example.org", "to": "b@example.org"}
    with pytest.raises(NoticeRefused, match=r"set alerts\.allow_metadata_addresses if that is meant"):
        await Email(options, ShownTemplates()).notify(notice())


async def test_a_letter_is_sent_as_it_is() -> None:
    """A report goes to all recipients with both texts; who has it does not get it again when others are tried once more."""
    letter = Letter("report-1", "Report: 1 alert fired", "Plain {{ text }}", "<p>{{ html }}</p>", AT)
    with serving(answers={"late@example.org": "450 later"}) as server:
        email = channel(server, to="ops@example.org, late@example.org")
        with pytest.raises(Unavailable, match="450"):
            await email.send(letter)
        server.answers.clear()
        await email.send(letter)
        first, second = server.mails
    assert (first.recipients, second.recipients) == (["ops@example.org"], ["late@example.org"])
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert first.message["Subject"] == "Report: 1 alert fired"
    assert [part.get_content().strip() for part in first.message.iter_parts()] == [
        "Plain {{ text }}",
        "<p>{{ html }}</p>",
    ]
