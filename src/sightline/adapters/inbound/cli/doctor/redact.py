"""Take secrets out of what is shown to others."""

import re
from typing import Any, Final

REDACTED: Final = "<redacted>"

_SECRET: Final = re.compile(
    r"(?i)token|passw|secret|credential|authorization|api[-_]?key|private|cookie|bearer|^__param_"
)
_ALL_WITHIN: Final = frozenset({"headers", "params"})
"""Under these, every value may be a secret."""
_WHOLLY: Final = frozenset({"apprise.urls", "ntfy.topic"})
"""Of these even what looks like a host is a secret: whoever knows the topic hears what is said there."""
_ADDRESSES: Final = frozenset({"webhook.url", "slack.webhook_url", "discord.webhook_url"})
"""Of these, everything behind the host may be a secret."""
_BEHIND_HOST: Final = re.compile(r"^([a-z]+://[^/?#]+).+$", re.DOTALL)
_USERINFO: Final = re.compile(r"(?i)(\b[a-z][a-z0-9+.-]*://)[^/\s@'\"]+@")
_QUERY: Final = re.compile(r"(://[^\s'\"<>?]*\?)[^\s'\"<>]+")
_SCHEME: Final = re.compile(r"(?i)\b(bearer|basic|token)(\s+)[A-Za-z0-9._~+/=-]{8,}")
_ASSIGNED: Final = re.compile(
    r"(?i)([\w.-]*(?:token|passw(?:or)?d|secret|api[-_]?key|authorization)(?!_file)[\w.-]*['\"]?\s*[=:]\s*)"
    r"(?!['\"]?<redacted>|(?:bearer|basic)\s)(?:'[^'\n]*'|\"[^\"\n]*\"|[^\s'\",;&)}]+)"
)


def redacted(value: Any, name: str = "") -> Any:
    """A tree without the values of secret names, whose texts are as those of `redacted_text`.

    name: under which the value stands, such as `http.token_file`. Names of files that hold a secret stay, for what is in
    them is not shown.
    """
    return _redacted(value, name, secret=_is_secret(name))


def redacted_text(text: str) -> str:
    """A text without what looks like a secret: userinfo and queries of addresses, tokens, values assigned to secret names."""
    for pattern, stays in (
        (_QUERY, rf"\1{REDACTED}"),
        (_USERINFO, rf"\1{REDACTED}@"),
        (_SCHEME, rf"\1\2{REDACTED}"),
        (_ASSIGNED, rf"\1{REDACTED}"),
    ):
        text = pattern.sub(stays, text)
    return text


def _redacted(value: Any, name: str, *, secret: bool) -> Any:
    if isinstance(value, dict):
        return {key: _redacted(one, str(key), secret=secret or _is_secret(str(key))) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(one, name, secret=secret) for one in value]
    if value is None or isinstance(value, bool) or value == "":
        return value
    if secret:
        return REDACTED
    if not isinstance(value, str):
        return value
    text = redacted_text(value)
    return _BEHIND_HOST.sub(rf"\1/{REDACTED}", text) if name in _ADDRESSES else text


def _is_secret(name: str) -> bool:
    word = name.rpartition(".")[2]
    return name in _WHOLLY or word in _ALL_WITHIN or (_SECRET.search(word) is not None and not word.endswith("_file"))
