"""What blackbox_exporter's modules say, prober by prober, as definitions of checks.

Source: https://github.com/prometheus/blackbox_exporter/blob/master/CONFIGURATION.md.
"""

from collections.abc import Mapping
from typing import Any, Final

from sightline.adapters.wire.imported_checks import Importing, flag
from sightline.domain.errors import BadData
from sightline.domain.probes.quantity import quoted

_VERSIONS: Final = {"HTTP/2.0": "HTTP/2", "HTTP/3.0": "HTTP/3"}
_IGNORED: Final = frozenset({"compression", "skip_resolve_phase_with_proxy", "enable_http3", "no_follow_redirects"})


class Module:
    """The settings of one module, and which of them were read."""

    def __init__(self, given: Mapping[str, Any], path: str, into: Importing) -> None:
        self._given = given
        self.path = path
        self._into = into
        self._read: frozenset[str] = frozenset()

    def get(self, name: str) -> Any:
        """A setting; None where it is not given."""
        self._read |= {name}
        value = self._given.get(name)
        return None if value == "" else value

    def text(self, name: str, otherwise: str = "") -> str:
        """A text."""
        value = self.get(name)
        return otherwise if value is None else str(value)

    def flag(self, name: str, *, otherwise: bool = False) -> bool:
        """True or false."""
        return flag(self.get(name), otherwise=otherwise)

    def listed(self, name: str) -> list[Any]:
        """A list."""
        value = self.get(name)
        return value if isinstance(value, list) else []

    def mapping(self, name: str) -> Mapping[str, Any]:
        """A mapping."""
        value = self.get(name)
        return value if isinstance(value, dict) else {}

    def pairs(self, name: str) -> dict[str, str]:
        """Names and texts."""
        return {str(key): str(value) for key, value in self.mapping(name).items()}

    def tell(self, field: str, reason: str) -> None:
        """Note what is left out."""
        self._into.tell(f"{self.path}.{field}", reason)

    def tell_unread(self) -> None:
        """Note every setting that nobody read."""
        self._into.tell_others(self._given, self._read | _IGNORED, self.path)

    def ip_version(self) -> str:
        """Which addresses may be used."""
        preferred = self.text("preferred_ip_protocol")
        if not self.flag("ip_protocol_fallback", otherwise=True):
            return {"ip4": "4"}.get(preferred, "6")
        if preferred:
            self.tell("preferred_ip_protocol", "with a fallback, whatever address answers first is used")
        return "any"

    def tls(self) -> dict[str, Any]:
        """Whom TLS trusts."""
        given = self.mapping("tls_config")
        for name in given:
            if name not in {"insecure_skip_verify", "ca_file", "cert_file", "key_file", "server_name"}:
                self.tell(f"tls_config.{name}", "it has no place here")
        names = ("ca_file", "cert_file", "key_file", "server_name")
        return {
            "verify": not flag(given.get("insecure_skip_verify")),
            **{name: str(given.get(name) or "") for name in names},
        }


def http(module: Module, target: str) -> dict[str, Any]:
    """A check over HTTP."""
    follows = module.flag("follow_redirects", otherwise=not module.flag("no_follow_redirects"))
    if module.get("body_file"):
        module.tell("body_file", "write what is in it as body")
    version = "auto" if module.flag("enable_http2", otherwise=True) else "1.1"
    return {
        "type": "http",
        "url": target if "://" in target else f"http://{target}",
        "method": module.text("method", "GET"),
        "headers": module.pairs("headers"),
        "body": module.text("body"),
        "accepted": [str(code) for code in module.listed("valid_status_codes")] or ["200-299"],
        "follow_redirects": follows,
        "version": version,
        "tls": module.tls(),
        "certificate_days": 0,
        "proxy": module.text("proxy_url"),
        "ip_version": module.ip_version(),
        "conditions": _http_conditions(module),
        **_credentials(module),
    }


def _credentials(module: Module) -> dict[str, Any]:
    basic, given = module.mapping("basic_auth"), module.mapping("authorization")
    for field, file in ((basic, "password_file"), (given, "credentials_file")):
        if field.get(file):
            module.tell(file, "files of secrets are not read: write the secret")
    if module.get("bearer_token_file"):
        module.tell("bearer_token_file", "files of secrets are not read: write the secret")
    if basic:
        return {"auth": {"username": str(basic.get("username") or ""), "password": str(basic.get("password") or "")}}
    if (token := module.text("bearer_token")) or (token := str(given.get("credentials") or "")):
        scheme = str(given.get("type") or "Bearer")
        if scheme != "Bearer":
            return {"headers": {**module.pairs("headers"), "Authorization": f"{scheme} {token}"}}
        return {"auth": {"token": token}}
    return {}


def _http_conditions(module: Module) -> list[str]:
    found: list[str] = []
    if versions := [_VERSIONS.get(str(one), str(one)) for one in module.listed("valid_http_versions")]:
        found.append(f"version in ({', '.join(map(quoted, versions))})")
    if module.flag("fail_if_ssl"):
        found.append("not has(certificate.subject)")
    if module.flag("fail_if_not_ssl"):
        found.append("has(certificate.subject)")
    found += [f"not body matches {_regex(one)}" for one in module.listed("fail_if_body_matches_regexp")]
    found += [f"body matches {_regex(one)}" for one in module.listed("fail_if_body_not_matches_regexp")]
    found += [_header(one, "not ") for one in module.listed("fail_if_header_matches")]
    found += [_header(one, "") for one in module.listed("fail_if_header_not_matches")]
    return found


def _header(given: Any, negation: str) -> str:
    if not isinstance(given, dict):
        raise BadData("fail_if_header_matches has entries with header and regexp")
    header = f"header({quoted(str(given.get('header') or '').lower())})"
    compared = f"{negation}{header} matches {_regex(given.get('regexp'))}"
    return f"not has({header}) or {compared}" if flag(given.get("allow_missing")) else compared


def _regex(regex: Any) -> str:
    """A regular expression whose dot, as there, matches no line feed."""
    text = str(regex or "")
    return quoted(f"(?-s){text}" if "." in text else text)


def tcp(module: Module, target: str) -> dict[str, Any]:
    """A connection and a talk."""
    steps: list[dict[str, Any]] = []
    for number, one in enumerate(module.listed("query_response")):
        if not isinstance(one, dict):
            continue
        if one.get("expect"):
            steps.append({"expect": str(one["expect"])})
        if one.get("expect_bytes") or one.get("labels"):
            module.tell(f"query_response[{number}]", "expect_bytes and labels are left out")
        if one.get("send"):
            if "${" in str(one["send"]):
                module.tell(f"query_response[{number}].send", "what was matched before is not put into what is sent")
            steps.append({"send": f"{one['send']}\n"})
        if flag(one.get("starttls")):
            steps.append({"starttls": True})
    tls = module.tls()
    return {
        "type": "tcp",
        "url": target.removeprefix("tcp://"),
        "talk": steps,
        "tls": tls if module.flag("tls") or any("starttls" in one for one in steps) else None,
        "ip_version": module.ip_version(),
    }


def dns(module: Module, target: str) -> dict[str, Any]:
    """A question to the target."""
    if module.flag("dns_over_tls"):
        raise BadData("DNS over TLS is not known here")
    if module.text("query_class", "IN") != "IN":
        module.tell("query_class", "only IN is asked for")
    for name in ("validate_authority_rrs", "validate_additional_rrs"):
        if module.get(name):
            module.tell(name, "only answers are looked at")
    return {
        "type": "dns",
        "url": module.text("query_name").rstrip("."),
        "record_type": module.text("query_type", "ANY"),
        "resolver": target,
        "transport": module.text("transport_protocol", "udp"),
        "recursion": module.flag("recursion_desired", otherwise=True),
        "accepted_rcodes": [str(one) for one in module.listed("valid_rcodes")] or ["NOERROR"],
        "ip_version": module.ip_version(),
        "conditions": _answers(module),
    }


def _answers(module: Module) -> list[str]:
    given = module.mapping("validate_answer_rrs")
    forms = {
        "fail_if_matches_regexp": "len(answers) == 0 or not any(answers) matches {}",
        "fail_if_all_match_regexp": "len(answers) == 0 or not all(answers) matches {}",
        "fail_if_not_matches_regexp": "len(answers) == 0 or all(answers) matches {}",
        "fail_if_none_matches_regexp": "any(answers) matches {}",
    }
    found: list[str] = []
    for name, regexes in given.items():
        if name not in forms:
            module.tell(f"validate_answer_rrs.{name}", "it has no place here")
            continue
        found += [forms[name].format(_regex(one)) for one in (regexes if isinstance(regexes, list) else [])]
    if found:
        module.tell("validate_answer_rrs", "the data of records is compared alone: without name, TTL and type in front")
    return found


def icmp(module: Module, target: str) -> dict[str, Any]:
    """Echo requests."""
    size = module.text("payload_size")
    found: dict[str, Any] = {"type": "icmp", "url": target, "ip_version": module.ip_version()}
    return {**found, "payload": int(size)} if size.isdecimal() and int(size) else found


def grpc(module: Module, target: str) -> dict[str, Any]:
    """A health check over gRPC."""
    tls = module.tls()
    given = module.mapping("metadata").items()
    metadata = {name: ", ".join(map(str, one)) if isinstance(one, list) else str(one) for name, one in given}
    return {
        "type": "grpc",
        "url": target,
        "service": module.text("service"),
        "tls": tls if module.flag("tls") else None,
        "metadata": metadata,
        "ip_version": module.ip_version(),
    }
