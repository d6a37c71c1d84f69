"""Tokens by OAuth 2.0's client credentials grant, as Alertmanager's `oauth2` asks for them.

Sources: RFC 6749, sections 2.3.1, 4.4 and 5; https://prometheus.io/docs/alerting/latest/configuration/#oauth2.
"""

import base64
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import quote_plus, urlencode

import msgspec

from sightline.adapters.network.http_config import secret_of
from sightline.adapters.network.statuses import is_success
from sightline.domain.alerts.receiver import Options, text_of

_LEAST: Final = 10.0
"""Seconds that a token must be good for to be used."""

Ask = Callable[[str, bytes, Mapping[str, str]], Awaitable[tuple[int, bytes]]]
"""Posts a form with headers to an address: status and body."""


class TokenRefused(Exception):
    """The server gave no token. status: what it answered. The message says why, without what was asked with."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class ClientCredentials:
    """Keeps a token for as long as it is good. where: what the options are called in messages."""

    def __init__(self, options: Options, where: str) -> None:
        self._options = options
        self._where = where
        self._token = ""
        self._until = 0.0

    @property
    def url(self) -> str:
        """Where tokens are asked for."""
        return text_of(self._options.get("token_url"))

    def kept(self, now: float) -> str:
        """The token that is still good; empty where there is none. now: in seconds, on a clock that never goes back."""
        return self._token if now < self._until else ""

    def forget(self) -> None:
        """Ask for another one the next time."""
        self._token = ""
        self._until = 0.0

    def secret(self) -> str:
        """The client's secret. Reads a file.

        Raises:
            Unavailable: it cannot be read.
            NoticeRefused: it holds no secret.
        """
        return secret_of(self._options, "client_secret", self._where)

    async def fetch(self, ask: Ask, secret: str, now: float) -> str:
        """Ask for a token: with id and secret as user and password and, where that is refused, in the form, as Alertmanager does.

        Raises:
            TokenRefused: there is none.
        """
        client = text_of(self._options.get("client_id"))
        form = self._form()
        pair = base64.b64encode(f"{quote_plus(client)}:{quote_plus(secret)}".encode()).decode()
        status, body = await ask(self.url, _encoded(form), {**_FORM, "Authorization": f"Basic {pair}"})
        if status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED}:
            form = {**form, "client_id": client, "client_secret": secret}
            status, body = await ask(self.url, _encoded(form), _FORM)
        if not is_success(status):
            raise TokenRefused(status, f"answered {status}")
        try:
            answer = msgspec.json.decode(body, type=_Answer)
        except (msgspec.DecodeError, RecursionError):
            raise TokenRefused(status, "answered what is no token") from None
        if not answer.access_token or not answer.access_token.isprintable() or not answer.access_token.isascii():
            raise TokenRefused(status, "answered without a token that can be sent")
        self._token = answer.access_token
        self._until = now + answer.expires_in - _LEAST if answer.expires_in else float("inf")
        return self._token

    def _form(self) -> dict[str, str]:
        scopes, params = self._options.get("scopes"), self._options.get("endpoint_params")
        words = [text_of(one) for one in scopes] if isinstance(scopes, Sequence) and not isinstance(scopes, str) else []
        further = {name: text_of(one) for name, one in params.items()} if isinstance(params, Mapping) else {}
        return {"grant_type": "client_credentials", **({"scope": " ".join(words)} if words else {}), **further}


class _Answer(msgspec.Struct):
    access_token: str = ""
    expires_in: float = 0.0


_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


def _encoded(form: Mapping[str, str]) -> bytes:
    return urlencode(form).encode()
