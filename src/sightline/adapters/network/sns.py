"""Whether messages are Amazon's SNS' own, and the confirmation of its subscriptions.

Source: https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html.
"""

import asyncio
import base64
import binascii
from collections.abc import Collection
from typing import TYPE_CHECKING, Final, NamedTuple

from sightline.adapters.network.fetching import Fetch
from sightline.adapters.network.rsa_signature import certificate_key, verifies
from sightline.adapters.wire.sns import SnsMessage, is_certificate, is_of_sns, signed_text
from sightline.domain.errors import BadData, Forbidden, Unavailable
from sightline.ports.clock import Clock

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

MAX_CERTIFICATES: Final = 16
"""That are remembered; Amazon has one a region, and changes them once in years."""
KEPT: Final = 86_400.0
"""Seconds after which a certificate is asked for again."""
SETTING: Final = "alerts.sns_topics"
"""The setting that names the topics whose messages are taken."""

_DIGESTS: Final = {"1": "sha1", "2": "sha256"}


class _Kept(NamedTuple):
    key: "RSAPublicKey"
    until: float


class Sns:
    """Verifies and confirms. topics: those whose messages are taken, by ARN; none: all of them."""

    def __init__(self, fetch: Fetch, clock: Clock, topics: Collection[str] = ()) -> None:
        self._fetch = fetch
        self._clock = clock
        self._topics = frozenset(topics)
        self._keys: dict[str, _Kept] = {}
        self._one_at_a_time = asyncio.Lock()

    async def verify(self, message: SnsMessage) -> None:
        """Find that a message is from Amazon, and of a topic that is wanted.

        Raises:
            Forbidden: it is not.
            Unavailable: the certificate cannot be had now.
        """
        if self._topics and message.TopicArn not in self._topics:
            raise Forbidden(
                f"the topic {message.TopicArn[:200]!a} is not among {SETTING}: add it there if it should be"
            )
        digest = _DIGESTS.get(message.SignatureVersion)
        if digest is None:
            raise Forbidden(
                f"SignatureVersion {message.SignatureVersion[:20]!a} is not known: set 1 or 2 for the topic"
            )
        url = message.SigningCertURL
        if not is_certificate(url):
            raise Forbidden(
                "SigningCertURL leads elsewhere than to a certificate of https://sns.<region>.amazonaws.com"
            )
        try:
            signature = base64.b64decode(message.Signature, validate=True)
        except (binascii.Error, ValueError):
            raise Forbidden("Signature is no base64") from None
        if not verifies(await self._key(url), signature, signed_text(message), digest):
            raise Forbidden("the signature of the message is not its topic's: what came is not what Amazon sent")

    async def confirm(self, message: SnsMessage) -> None:
        """Say yes to a subscription whose message is verified.

        Raises:
            Forbidden: the address to say so at is not Amazon's.
            Unavailable: it does not answer now.
        """
        url = message.SubscribeURL or ""
        if not is_of_sns(url):
            raise Forbidden("SubscribeURL leads elsewhere than to https://sns.<region>.amazonaws.com")
        await self._fetch(url)

    def _known(self, url: str) -> "RSAPublicKey | None":
        kept = self._keys.get(url)
        return kept.key if kept is not None and self._clock.monotonic() < kept.until else None

    async def _key(self, url: str) -> "RSAPublicKey":
        """The key of a certificate, which is fetched once for all that wait for it."""
        known = self._known(url)
        if known is not None:
            return known
        async with self._one_at_a_time:
            known = self._known(url)
            if known is not None:
                return known
            try:
                key = certificate_key(await self._fetch(url))
            except BadData as error:
                raise Unavailable(f"the certificate of the service cannot be used: {error.message}") from None
            self._keys.pop(url, None)
            while len(self._keys) >= MAX_CERTIFICATES:
                del self._keys[next(iter(self._keys))]
            self._keys[url] = _Kept(key, self._clock.monotonic() + KEPT)
            return key
