"""Messages of mail as bytes: addresses, headers, parts."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.wire.mail import Address, addresses, checked_name, message
from sightline.domain.errors import BadData


def read(raw: bytes) -> EmailMessage:
    """A message as programs of mail read it."""
    found = message_from_bytes(raw, policy=default)
    assert isinstance(found, EmailMessage)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ops@example.org", [("ops@example.org", "")]),
        ("Ops <ops@example.org>, dba@example.org,", [("ops@example.org", "Ops"), ("dba@example.org", "")]),
        ('"Last, First" <a.b+c@example.org>', [("a.b+c@example.org", "Last, First")]),
        ("a@example.org, A <a@example.org>", [("a@example.org", "")]),
        ("root@localhost, x@[127.0.0.1]", [("root@localhost", ""), ("x@[127.0.0.1]", "")]),
        ("Ö <o@exämple.org>", [("o@xn--exmple-cua.org", "Ö")]),
    ],
)
def test_addresses_are_read_as_people_write_them(text: str, expected: list[tuple[str, str]]) -> None:
    """One or several, with names or without, each once; domains become ASCII."""
    assert addresses(text) == tuple(Address(*each) for each in expected)


@pytest.mark.parametrize("text", ["", ",", "Ops", "a@", "@b", "a b@example.org", "ö@example.org", "a@b@c"])
def test_what_is_no_address_is_refused(text: str) -> None:
    """Nothing is sent to somebody who was perhaps not meant."""
    with pytest.raises(BadData, match=r"address"):
        addresses(text)


@given(st.text())
def test_addresses_that_are_read_can_stand_in_a_command(text: str) -> None:
    """Whatever is read, an address is ASCII without white space, brackets or commas."""
    try:
        found = addresses(text)
    except BadData:
        return
    assert all(each.spec.isascii() and each.spec.isprintable() and not set(each.spec) & set(" <>,;") for each in found)


HOSTILE = st.one_of(
    st.text(alphabet=st.characters()),
    st.text(alphabet=st.sampled_from("aä:\r\n \t=?_.<>@,\x0b\x85\u2028")),
    st.sampled_from(
        [
            "up\r\nBcc: all@example.org",
            "=?utf-8?q?=0D=0ABcc:_all@example.org?=",
            "\r\n\r\nbody",
            "a\nb",
            "x" * 5_000,
            "ü" * 5_000,
            " ".join(["word"] * 500),
        ]
    ),
)


@given(st.sampled_from(["Subject", "To", "From", "X-Team", "Reply-To"]), HOSTILE)
def test_nothing_in_a_value_becomes_another_header(name: str, value: str) -> None:
    """Values stay in their header, lines are no longer than servers take, and the body is untouched."""
    raw = message({name: value}, {}, text="the body", html="")
    head, _, _ = raw.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    starts = [line.partition(b":")[0].decode() for line in lines if not line.startswith(b" ")]
    assert starts == [name, "MIME-Version", "Content-Type"]
    assert all(len(line) <= 998 and line.isascii() for line in lines)
    assert not {10, 13} & set(b"".join(lines))
    assert "Bcc" not in read(raw)
    assert [part.get_content() for part in read(raw).iter_parts()] == ["the body\r\n"]


@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), max_size=200))
def test_a_subject_arrives_as_it_was(subject: str) -> None:
    """Of any script, and also where it looks like an encoded word."""
    assert read(message({"Subject": subject}, {}, text="", html=""))["Subject"] == subject


@given(st.text(alphabet=st.characters(exclude_characters="\r")))
def test_texts_arrive_as_they_were(text: str) -> None:
    """Both kinds, of any script and with lines of any length; halves of characters become question marks."""
    found = read(message({}, {}, text=f"{text}|", html=f"<p>{text}</p>"))
    assert [part.get_content_type() for part in found.iter_parts()] == ["text/plain", "text/html"]
    sent = text.encode("utf-8", "replace").decode()
    contents = [part.get_content().replace("\r\n", "\n") for part in found.iter_parts()]
    assert contents == [f"{sent}|\n", f"<p>{sent}</p>\n"]


def test_headers_that_are_given_replace_defaults_in_any_case() -> None:
    """What says how the message is made is nobody else's."""
    found = read(
        message(
            {"subject": "mine", "content-type": "text/plain", "Mime-Version": "2"},
            {"Subject": "default", "X-More": "1"},
            text="",
            html="<p>",
        )
    )
    assert found.get_all("Subject") == ["mine"]
    assert found["X-More"] == "1"
    assert found.get_content_type() == "multipart/alternative"
    assert found.get_all("MIME-Version") == ["1.0"]


@pytest.mark.parametrize("name", ["", "A B", "A:", "A\r\nB", "Ä"])
def test_a_name_that_cannot_be_one_is_refused(name: str) -> None:
    """Before anything is sent."""
    with pytest.raises(BadData, match="header"):
        checked_name(name)
