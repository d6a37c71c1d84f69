"""Messages of Amazon's Simple Notification Service, as it posts them to an address, and what of them is signed.

Sources: https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html and
https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html.
"""

import re
from enum import StrEnum
from typing import Final

import msgspec

from sightline.adapters.wire.fields import decode
from sightline.domain.errors import InvalidField

_ADDRESS: Final = re.compile(r"https://sns\.[a-z0-9-]{3,40}\.amazonaws\.com(?:\.cn)?(?::443)?(/[!-~]*)")
_CERTIFICATE: Final = re.compile(r"/SimpleNotificationService-[A-Za-z0-9]{8,64}\.pem")
_MOST_SHOWN: Final = 80


class SnsType(StrEnum):
    """What a message is."""

    NOTIFICATION = "Notification"
    SUBSCRIPTION = "SubscriptionConfirmation"
    UNSUBSCRIPTION = "UnsubscribeConfirmation"


class SnsMessage(msgspec.Struct, frozen=True, gc=False):
    """A message as it is sent."""

    Type: str
    MessageId: str
    TopicArn: str
    Message: str
    Timestamp: str
    SignatureVersion: str
    Signature: str
    SigningCertURL: str
    Subject: str | None = None
    Token: str | None = None
    SubscribeURL: str | None = None

    @property
    def type(self) -> SnsType:
        """What it is."""
        return SnsType(self.Type)


_DECODER: Final = msgspec.json.Decoder(SnsMessage)
_EXPECTED: Final = dict.fromkeys(SnsMessage.__struct_fields__, "a text")
_SIGNED: Final = {
    SnsType.NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    SnsType.SUBSCRIPTION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    SnsType.UNSUBSCRIPTION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
"""By type, the fields that are signed, in order."""


def read_message(body: bytes) -> SnsMessage:
    """A message, whose signature is still to be verified.

    Raises:
        MalformedBody: no JSON.
        InvalidField: a field is missing or has the wrong form.
    """
    message = decode(_DECODER, body, _EXPECTED)
    if message.Type not in set(SnsType):
        known = ", ".join(SnsType)
        raise InvalidField(f"Type: wants one of {known}, not {message.Type[:_MOST_SHOWN]!a}", field="Type")
    if message.type is not SnsType.NOTIFICATION:
        for name in ("SubscribeURL", "Token"):
            if not getattr(message, name):
                raise InvalidField(f"{name}: is missing", field=name)
    return message


def signed_text(message: SnsMessage) -> bytes:
    """What the signature is of: names and values, each on a line; a subject that is not there is left out."""
    pairs = ((name, getattr(message, name)) for name in _SIGNED[message.type])
    return "".join(f"{name}\n{value}\n" for name, value in pairs if value is not None).encode()


def is_of_sns(url: str) -> bool:
    """Whether an address is one of the service itself, `https://sns.<region>.amazonaws.com/...`, and so may be asked."""
    return _ADDRESS.fullmatch(url) is not None


def is_certificate(url: str) -> bool:
    """Whether an address is that of a certificate of the service: nothing else that it answers is one."""
    found = _ADDRESS.fullmatch(url)
    return found is not None and _CERTIFICATE.fullmatch(found[1]) is not None
