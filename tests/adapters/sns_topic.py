"""A stand-in for a topic of Amazon's SNS: not the real one, but it signs as that does, with a certificate that openssl made."""

import base64
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sightline.adapters.wire.sns import read_message, signed_text

ARN = "arn:aws:sns:eu-central-1:123456789012:alarms"
CERTIFICATE_URL = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
SUBSCRIBE_URL = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=a&Token=t"


@dataclass(frozen=True)
class Topic:
    """Signs messages. openssl: the program. folder: with key.pem and cert.pem."""

    openssl: str
    folder: Path

    @classmethod
    def make(cls, openssl: str, folder: Path, *key: str) -> "Topic":
        """With a new key, of RSA and 2048 bits unless openssl is told otherwise."""
        made = (
            "-newkey",
            *(key or ("rsa:2048",)),
            "-nodes",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
            "-subj",
            "/CN=sns",
        )
        subprocess.run([openssl, "req", "-x509", *made, "-days", "3"], cwd=folder, check=True, capture_output=True)
        return cls(openssl, folder)

    @property
    def certificate(self) -> bytes:
        """In PEM."""
        return (self.folder / "cert.pem").read_bytes()

    def signature(self, data: bytes, digest: str) -> bytes:
        """As openssl makes it."""
        signing = [self.openssl, "dgst", f"-{digest}", "-sign", "key.pem"]
        return subprocess.run(signing, cwd=self.folder, input=data, check=True, capture_output=True).stdout

    def message(self, kind: str, text: str, version: str = "2", **changes: Any) -> bytes:
        """A message as it is posted; changes are signed too."""
        fields = {
            "Type": kind,
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": ARN,
            "Message": text,
            "Timestamp": "2026-11-21T01:43:20.000Z",
            "SignatureVersion": version,
            "Signature": "",
            "SigningCertURL": CERTIFICATE_URL,
            **({} if kind == "Notification" else {"SubscribeURL": SUBSCRIBE_URL, "Token": "t" * 64}),
            **changes,
        }
        signed = signed_text(read_message(json.dumps(fields).encode()))
        made = self.signature(signed, {"1": "sha1", "2": "sha256"}[version])
        return json.dumps({**fields, "Signature": base64.b64encode(made).decode()}).encode()
