"""How heartbeats stand, and the pings that came, as documents of the catalog in JSON."""

from typing import Final

import msgspec

from sightline.domain.probes.heartbeat import Pulse
from sightline.domain.probes.ping import Ping

_PULSE: Final = msgspec.json.Decoder(Pulse)
_PING: Final = msgspec.json.Decoder(Ping)
_ENCODER: Final = msgspec.json.Encoder()


def encode_pulse(pulse: Pulse) -> bytes:
    """The document of a heartbeat."""
    return _ENCODER.encode(pulse)


def decode_pulse(body: bytes) -> Pulse:
    """The heartbeat of a document of `encode_pulse`."""
    return _PULSE.decode(body)


def encode_ping(ping: Ping) -> bytes:
    """The document of a ping."""
    return _ENCODER.encode(ping)


def decode_ping(body: bytes) -> Ping:
    """The ping of a document of `encode_ping`."""
    return _PING.decode(body)
