"""Whom the machine trusts to sign certificates, where nobody says otherwise."""

import os
import ssl
from functools import cache
from pathlib import Path
from typing import Final

_USUAL: Final = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
"""Debian, Red Hat, macOS and BSD: libcurl was built elsewhere and does not know."""


@cache
def system_bundle() -> str:
    """The file that SSL_CERT_FILE names, else the machine's own; empty where neither is found."""
    paths = ssl.get_default_verify_paths()
    named = os.environ.get("SSL_CERT_FILE", "")
    usual = (named, paths.cafile or "", *_USUAL)
    return next((path for path in usual if path and Path(path).is_file()), "")
