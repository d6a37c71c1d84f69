"""The settings `smtp.*` as options of the channel of mail."""

from typing import Final

from sightline.adapters.wire.mail import addresses
from sightline.domain.alerts.receiver import Option, Options, Secret
from sightline.domain.errors import BadData, SettingsInvalid
from sightline.settings.schema import Smtp

_TEXT: Final = '{{ template "email.default.text" . }}'


def mail_options(given: Smtp, to: str = "smtp.to") -> Options:
    """Options by Alertmanager's names; none where nobody is to have mail.

    to: the setting that names the recipients. A server alone is not enough to send mail, for SMTP_HOST may be in the
    environment for another program.

    Raises:
        SettingsInvalid: an address is none, or there is no server, or two passwords are given.
    """
    if not given.to:
        return {}
    if not given.host:
        raise SettingsInvalid("smtp.to needs smtp.host: name the server that takes mail", key="smtp.host")
    if given.password and given.password_file is not None:
        raise SettingsInvalid("smtp.password and smtp.password_file: give one of the two", key="smtp.password")
    host = f"[{given.host}]" if ":" in given.host else given.host
    options: dict[str, Option] = {
        "smarthost": f"{host}:{given.port}",
        "from": _checked(given.from_ or given.username, "smtp.from"),
        "to": _checked(", ".join(given.to), to),
        "text": _TEXT,
        "require_tls": given.require_tls,
        "auth_username": given.username,
        "timeout": int(given.timeout),
    }
    if given.ca_file is not None:
        options["tls_config"] = {"ca_file": str(given.ca_file)}
    if given.password_file is not None:
        options["auth_password_file"] = str(given.password_file)
    elif given.password:
        options["auth_password"] = Secret(given.password)
    return options


def _checked(text: str, key: str) -> str:
    """An address, or several with commas between them."""
    try:
        addresses(text)
    except BadData as problem:
        raise SettingsInvalid(f"{key}: {problem.message}", key=key) from None
    return text
