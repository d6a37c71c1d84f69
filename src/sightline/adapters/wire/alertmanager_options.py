"""The settings of Alertmanager's integrations, of its section `global` and of its HTTP clients: names, types, what goes with what.

Source: https://prometheus.io/docs/alerting/latest/configuration/.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sightline.adapters.wire.yaml_fields import Fields
from sightline.adapters.wire.yaml_tree import Leaf, Tree, is_empty
from sightline.domain.alerts.receiver import Delivery, Integration, Option, Options

Read = Callable[[Fields, Tree, str], Any]
"""Reads a setting; None where it is wrong or not given."""
Table = Mapping[str, Read]


def read_options(fields: Fields, tree: Tree, what: str, table: Table) -> dict[str, Option]:
    """The settings that are given, each of which the table knows; null is none."""
    found = {
        name: table[name](fields, one, f"{what}: {name}")
        for name, one in fields.branches(tree, what, table).items()
        if not is_empty(one)
    }
    return {name: value for name, value in found.items() if value is not None}


def read_delivery(fields: Fields, tree: Tree, kind: Integration, settings: Options) -> Delivery:
    """One element of a receiver's `..._configs`. settings: the section `global`, for what is not given."""
    what = f"{kind}_config"
    if is_empty(tree):
        fields.object(tree.place, f"an element of {kind}_configs is empty")
        return Delivery(kind, {})
    options = read_options(fields, tree, what, INTEGRATIONS[kind])
    for names in _AT_MOST_ONE[kind]:
        at_most_one(fields, tree, what, options, names)
    for names, general in _FROM_GLOBAL.get(kind, ()):
        if not any(name in options for name in names):
            options |= {
                name: settings[its] for name, its in zip(names, general, strict=True) if settings.get(its) is not None
            }
    if kind is not Integration.EMAIL and "http_config" not in options:
        options["http_config"] = settings["http_config"]
    written = {name for name, one in fields.named(tree, what).items() if not isinstance(one, Leaf) or one.text}
    for names in _NEEDED[kind]:
        if not any(options.get(name) or name in written for name in names):
            general = dict(_FROM_GLOBAL.get(kind, ())).get(names, ())
            remedy = f", or {' or '.join(general)} in global" if general else ""
            fields.object(tree.place, f"{what} needs {' or '.join(names)}{remedy}")
    return Delivery(kind, options)


def read_global(fields: Fields, tree: Tree | None) -> Options:
    """The section `global`, with defaults."""
    if tree is None or is_empty(tree):
        return DEFAULTS
    given = read_options(fields, tree, "global", _GLOBAL)
    for names in (
        ("slack_api_url", "slack_api_url_file"),
        ("opsgenie_api_key", "opsgenie_api_key_file"),
        ("victorops_api_key", "victorops_api_key_file"),
        ("smtp_auth_password", "smtp_auth_password_file"),
        ("smtp_auth_secret", "smtp_auth_secret_file"),
    ):
        at_most_one(fields, tree, "global", given, names)
    return {**DEFAULTS, **given}


def at_most_one(fields: Fields, tree: Tree, what: str, options: Options, names: tuple[str, ...]) -> None:
    """Object to settings that exclude each other."""
    given = [name for name in names if options.get(name)]
    if len(given) > 1:
        fields.object(tree.place, f"{what}: at most one of {' and '.join(given)} can be given")


def _group(table: Table, *needed: str) -> Read:
    """A mapping of known settings, some of which are needed."""

    def read(fields: Fields, tree: Tree, what: str) -> Options | None:
        if is_empty(tree):
            return None
        found = read_options(fields, tree, what, table)
        for name in needed:
            if not found.get(name):
                fields.object(tree.place, f"{what} needs {name}")
        return found

    return read


def _each(element: Read) -> Read:
    """A list of settings."""

    def read(fields: Fields, tree: Tree, what: str) -> tuple[Option, ...]:
        found = (element(fields, one, f"an element of {what}") for one in fields.leaves(tree, what))
        return tuple(one for one in found if one is not None)

    return read


def _by_name(element: Read) -> Read:
    """A mapping with names of any kind."""

    def read(fields: Fields, tree: Tree, what: str) -> dict[str, Option]:
        found = {name: element(fields, one, f"{what}.{name}") for name, one in fields.named(tree, what).items()}
        return {name: one for name, one in found.items() if one is not None}

    return read


def _one_of(*words: str) -> Read:
    def read(fields: Fields, tree: Tree, what: str) -> str | None:
        text = fields.text(tree, what)
        if text is None or text in words:
            return text
        fields.object(tree.place, f"{what}: {text[:40]!a} is none of {', '.join(word for word in words if word)}")
        return None

    return read


_TLS_VERSION: Final = _one_of("TLS10", "TLS11", "TLS12", "TLS13")
_TLS_TABLE: Final[Table] = {
    "ca": Fields.text,
    "cert": Fields.text,
    "key": Fields.secret,
    "ca_file": Fields.text,
    "cert_file": Fields.text,
    "key_file": Fields.text,
    "server_name": Fields.text,
    "insecure_skip_verify": Fields.flag,
    "min_version": _TLS_VERSION,
    "max_version": _TLS_VERSION,
}


def _tls(fields: Fields, tree: Tree, what: str) -> Options:
    found = read_options(fields, tree, what, _TLS_TABLE)
    for name in ("ca", "cert", "key"):
        at_most_one(fields, tree, what, found, (name, f"{name}_file"))
    if bool(found.get("cert") or found.get("cert_file")) is not bool(found.get("key") or found.get("key_file")):
        fields.object(tree.place, f"{what}: a certificate and its key are given together")
    return found


_PROXY: Final[Table] = {
    "proxy_url": Fields.secret,
    "no_proxy": Fields.text,
    "proxy_from_environment": Fields.flag,
    "proxy_connect_header": _by_name(_each(Fields.secret)),
}
_HTTP_TABLE: Final[Table] = {
    "basic_auth": _group(
        {
            "username": Fields.text,
            "username_file": Fields.text,
            "password": Fields.secret,
            "password_file": Fields.text,
        }
    ),
    "authorization": _group({"type": Fields.text, "credentials": Fields.secret, "credentials_file": Fields.text}),
    "oauth2": _group(
        {
            "client_id": Fields.text,
            "client_secret": Fields.secret,
            "client_secret_file": Fields.text,
            "scopes": Fields.texts,
            "token_url": Fields.text,
            "endpoint_params": _by_name(Fields.secret),
            "tls_config": _tls,
            **_PROXY,
        },
        "client_id",
        "token_url",
    ),
    "bearer_token": Fields.secret,
    "bearer_token_file": Fields.text,
    "tls_config": _tls,
    "follow_redirects": Fields.flag,
    "enable_http2": Fields.flag,
    "http_headers": _by_name(_group({"values": Fields.texts, "secrets": _each(Fields.secret), "files": Fields.texts})),
    **_PROXY,
}
_HTTP_DEFAULTS: Final[Options] = {"follow_redirects": True, "enable_http2": True}


def _http(fields: Fields, tree: Tree, what: str) -> Options:
    found = read_options(fields, tree, what, _HTTP_TABLE)
    at_most_one(
        fields,
        tree,
        what,
        {name: value is not None for name, value in found.items()},
        ("basic_auth", "authorization", "oauth2", "bearer_token", "bearer_token_file"),
    )
    for name, pairs in (
        ("basic_auth", ("username", "password")),
        ("authorization", ("credentials",)),
        ("oauth2", ("client_secret",)),
    ):
        group = found.get(name)
        if isinstance(group, Mapping):
            for one in pairs:
                at_most_one(fields, tree, f"{what}: {name}", group, (one, f"{one}_file"))
    authorization = found.get("authorization")
    if isinstance(authorization, Mapping) and str(authorization.get("type", "")).strip().lower() == "basic":
        fields.object(tree.place, f"{what}: authorization cannot have the type basic: use basic_auth")
    return {**_HTTP_DEFAULTS, **found}


def _headers(fields: Fields, tree: Tree, what: str) -> dict[str, str]:
    found = fields.pairs(tree, what)
    seen = set[str]()
    for name in found:
        if name.lower() in seen:
            fields.object(
                tree.place, f"{what}: the header {name!a} is given twice; small and capital letters are alike"
            )
        seen.add(name.lower())
    return found


def _responder(fields: Fields, tree: Tree, what: str) -> Options:
    found = read_options(fields, tree, what, dict.fromkeys(("id", "name", "username", "type"), Fields.text))
    if not any(found.get(name) for name in ("id", "name", "username")):
        fields.object(tree.place, f"{what} needs id, name or username")
    kind = str(found.get("type", ""))
    kinds = ("team", "teams", "user", "escalation", "schedule")
    if "{{" not in kind and kind.lower() not in kinds:
        fields.object(tree.place, f"{what}: the type {kind[:40]!a} is none of {', '.join(kinds)}")
    return found


_CONFIRM: Final = _group(dict.fromkeys(("text", "title", "ok_text", "dismiss_text"), Fields.text), "text")
_ACTION: Final[Table] = {
    **dict.fromkeys(("type", "text", "url", "style", "name", "value"), Fields.text),
    "confirm": _CONFIRM,
}


def _action(fields: Fields, tree: Tree, what: str) -> Options:
    found = read_options(fields, tree, what, _ACTION)
    for names in (("type",), ("text",), ("url", "name")):
        if not any(found.get(name) for name in names):
            fields.object(tree.place, f"{what} needs {' or '.join(names)}")
    return found


_EVERY: Final[Table] = {"send_resolved": Fields.flag}
_OVER_HTTP: Final[Table] = {**_EVERY, "http_config": _http}

INTEGRATIONS: Final[Mapping[Integration, Table]] = {
    Integration.WEBHOOK: {
        **_OVER_HTTP,
        "url": Fields.secret_url,
        "url_file": Fields.text,
        "max_alerts": Fields.natural,
        "timeout": Fields.duration,
    },
    Integration.SLACK: {
        **_OVER_HTTP,
        "api_url": Fields.secret_url,
        "api_url_file": Fields.text,
        **dict.fromkeys(
            (
                *("channel", "username", "color", "title", "title_link", "pretext", "text", "footer", "fallback"),
                *("callback_id", "icon_emoji", "icon_url", "image_url", "thumb_url"),
            ),
            Fields.text,
        ),
        "fields": _each(_group({"title": Fields.text, "value": Fields.text, "short": Fields.flag}, "title", "value")),
        "short_fields": Fields.flag,
        "link_names": Fields.flag,
        "mrkdwn_in": Fields.texts,
        "actions": _each(_action),
        "timeout": Fields.duration,
    },
    Integration.EMAIL: {
        **_EVERY,
        "to": Fields.text,
        "from": Fields.text,
        "hello": Fields.text,
        "smarthost": Fields.address,
        "auth_username": Fields.text,
        "auth_password": Fields.secret,
        "auth_password_file": Fields.text,
        "auth_secret": Fields.secret,
        "auth_secret_file": Fields.text,
        "auth_identity": Fields.text,
        "headers": _headers,
        "html": Fields.text,
        "text": Fields.text,
        "require_tls": Fields.flag,
        "tls_config": _tls,
    },
    Integration.PAGERDUTY: {
        **_OVER_HTTP,
        "service_key": Fields.secret,
        "service_key_file": Fields.text,
        "routing_key": Fields.secret,
        "routing_key_file": Fields.text,
        "url": Fields.url,
        **dict.fromkeys(
            ("client", "client_url", "description", "source", "severity", "class", "component", "group"), Fields.text
        ),
        "details": Fields.pairs,
        "images": _each(_group(dict.fromkeys(("src", "alt", "href"), Fields.text))),
        "links": _each(_group(dict.fromkeys(("href", "text"), Fields.text))),
        "timeout": Fields.duration,
    },
    Integration.OPSGENIE: {
        **_OVER_HTTP,
        "api_key": Fields.secret,
        "api_key_file": Fields.text,
        "api_url": Fields.url,
        **dict.fromkeys(
            ("message", "description", "source", "entity", "actions", "tags", "note", "priority"), Fields.text
        ),
        "details": Fields.pairs,
        "responders": _each(_responder),
        "update_alerts": Fields.flag,
    },
    Integration.TELEGRAM: {
        **_OVER_HTTP,
        "api_url": Fields.url,
        "bot_token": Fields.secret,
        "bot_token_file": Fields.text,
        "chat_id": Fields.whole,
        "message_thread_id": Fields.whole,
        "message": Fields.text,
        "disable_notifications": Fields.flag,
        "parse_mode": _one_of("", "Markdown", "MarkdownV2", "HTML"),
    },
    Integration.DISCORD: {
        **_OVER_HTTP,
        "webhook_url": Fields.secret_url,
        "webhook_url_file": Fields.text,
        **dict.fromkeys(("title", "message", "content", "username", "avatar_url"), Fields.text),
    },
    Integration.MSTEAMS: {
        **_OVER_HTTP,
        "webhook_url": Fields.secret_url,
        "webhook_url_file": Fields.text,
        **dict.fromkeys(("title", "summary", "text"), Fields.text),
    },
    Integration.MSTEAMSV2: {
        **_OVER_HTTP,
        "webhook_url": Fields.secret_url,
        "webhook_url_file": Fields.text,
        **dict.fromkeys(("title", "text"), Fields.text),
    },
}
"""What every integration takes."""

_Names = tuple[str, ...]
_HOOK: Final[_Names] = ("webhook_url", "webhook_url_file")
_AT_MOST_ONE: Final[Mapping[Integration, tuple[_Names, ...]]] = {
    Integration.WEBHOOK: (("url", "url_file"),),
    Integration.SLACK: (("api_url", "api_url_file"),),
    Integration.EMAIL: (("auth_password", "auth_password_file"), ("auth_secret", "auth_secret_file")),
    Integration.PAGERDUTY: (("routing_key", "routing_key_file"), ("service_key", "service_key_file")),
    Integration.OPSGENIE: (("api_key", "api_key_file"),),
    Integration.TELEGRAM: (("bot_token", "bot_token_file"),),
    Integration.DISCORD: (_HOOK,),
    Integration.MSTEAMS: (_HOOK,),
    Integration.MSTEAMSV2: (_HOOK,),
}
_NEEDED: Final[Mapping[Integration, tuple[_Names, ...]]] = {
    Integration.WEBHOOK: (("url", "url_file"),),
    Integration.SLACK: (("api_url", "api_url_file"),),
    Integration.EMAIL: (("to",), ("smarthost",), ("from",)),
    Integration.PAGERDUTY: (("routing_key", "routing_key_file", "service_key", "service_key_file"),),
    Integration.OPSGENIE: (("api_key", "api_key_file"),),
    Integration.TELEGRAM: (("bot_token", "bot_token_file"), ("chat_id",)),
    Integration.DISCORD: (_HOOK,),
    Integration.MSTEAMS: (_HOOK,),
    Integration.MSTEAMSV2: (_HOOK,),
}
_FROM_GLOBAL: Final[Mapping[Integration, tuple[tuple[_Names, _Names], ...]]] = {
    Integration.SLACK: ((("api_url", "api_url_file"), ("slack_api_url", "slack_api_url_file")),),
    Integration.EMAIL: (
        *(
            ((name,), (f"smtp_{name}",))
            for name in ("smarthost", "from", "hello", "auth_username", "auth_identity", "require_tls", "tls_config")
        ),
        (("auth_password", "auth_password_file"), ("smtp_auth_password", "smtp_auth_password_file")),
        (("auth_secret", "auth_secret_file"), ("smtp_auth_secret", "smtp_auth_secret_file")),
    ),
    Integration.PAGERDUTY: ((("url",), ("pagerduty_url",)),),
    Integration.OPSGENIE: (
        (("api_key", "api_key_file"), ("opsgenie_api_key", "opsgenie_api_key_file")),
        (("api_url",), ("opsgenie_api_url",)),
    ),
    Integration.TELEGRAM: ((("api_url",), ("telegram_api_url",)),),
}
"""What is taken from the section `global` where none of some settings is given: theirs, and those of `global`."""

_GLOBAL: Final[Table] = {
    "resolve_timeout": Fields.duration,
    "http_config": _http,
    "smtp_from": Fields.text,
    "smtp_hello": Fields.text,
    "smtp_smarthost": Fields.address,
    "smtp_auth_username": Fields.text,
    "smtp_auth_password": Fields.secret,
    "smtp_auth_password_file": Fields.text,
    "smtp_auth_secret": Fields.secret,
    "smtp_auth_secret_file": Fields.text,
    "smtp_auth_identity": Fields.text,
    "smtp_require_tls": Fields.flag,
    "smtp_tls_config": _tls,
    "slack_api_url": Fields.secret_url,
    "slack_api_url_file": Fields.text,
    "pagerduty_url": Fields.url,
    "opsgenie_api_url": Fields.url,
    "opsgenie_api_key": Fields.secret,
    "opsgenie_api_key_file": Fields.text,
    "telegram_api_url": Fields.url,
    "jira_api_url": Fields.url,
    "wechat_api_url": Fields.url,
    "wechat_api_secret": Fields.secret,
    "wechat_api_corp_id": Fields.text,
    "victorops_api_url": Fields.url,
    "victorops_api_key": Fields.secret,
    "victorops_api_key_file": Fields.text,
    "webex_api_url": Fields.url,
    "rocketchat_api_url": Fields.url,
    "rocketchat_token": Fields.secret,
    "rocketchat_token_file": Fields.text,
    "rocketchat_token_id": Fields.secret,
    "rocketchat_token_id_file": Fields.text,
}
DEFAULTS: Final[Options] = {
    "resolve_timeout": 300_000,
    "http_config": _HTTP_DEFAULTS,
    "smtp_hello": "localhost",
    "smtp_require_tls": True,
    "pagerduty_url": "https://events.pagerduty.com/v2/enqueue",
    "opsgenie_api_url": "https://api.opsgenie.com/",
    "telegram_api_url": "https://api.telegram.org",
}
"""What the section `global` says where nothing is written, of what the integrations here take."""
