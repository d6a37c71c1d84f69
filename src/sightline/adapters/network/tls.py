"""Alertmanager's `tls_config`: whom we trust, and the certificate that we show.

Source: https://prometheus.io/docs/alerting/latest/configuration/#tls_config.
"""

import ssl
import tempfile
from pathlib import Path
from typing import Final

from sightline.domain.alerts.receiver import Options, text_of
from sightline.domain.errors import Unavailable

_VERSIONS: Final = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}


def tls_context(tls: Options, what: str) -> ssl.SSLContext:
    """What one `tls_config` comes to. Reads files. what: what it is called in messages.

    Raises:
        Unavailable: a file cannot be read, or does not hold what it should.
    """
    try:
        return _context(tls)
    except (OSError, ValueError) as error:  # SSLError is an OSError
        files = ", ".join(text_of(tls[name]) for name in ("ca_file", "cert_file", "key_file") if tls.get(name))
        reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        raise Unavailable(f"{what} {files} cannot be used: {reason}") from None


def _context(tls: Options) -> ssl.SSLContext:
    context = ssl.create_default_context(
        cafile=text_of(tls.get("ca_file")) or None, cadata=text_of(tls.get("ca")) or None
    )
    if tls.get("insecure_skip_verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    for name, bound in (("min_version", "minimum_version"), ("max_version", "maximum_version")):
        version = _VERSIONS.get(text_of(tls.get(name)))
        if version is not None:
            setattr(context, bound, version)
    certificate, key = text_of(tls.get("cert")), text_of(tls.get("key"))
    with tempfile.TemporaryDirectory() as folder:  # only from files does the library take certificate and key
        files = []
        for text, name in ((certificate, "cert"), (key, "key")):
            file = Path(folder, name)
            if text:
                file.touch(0o600)
                file.write_text(text, encoding="utf-8")
            files.append(str(file) if text else text_of(tls.get(f"{name}_file")))
        if files[0]:
            context.load_cert_chain(files[0], files[1] or None)
    return context
