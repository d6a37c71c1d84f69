"""Urls of checks, taken apart."""

import pytest

from sightline.domain.probes.address import Address, address_of


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://shop.test/cart?x=1#y", Address("https://shop.test/cart?x=1#y", "shop.test", 443)),
        ("http://ann:s3cret@shop.test:8080/", Address("http://shop.test:8080/", "shop.test", 8080)),
        ("http://ann:p@ss@shop.test", Address("http://shop.test", "shop.test", 80)),
        ("wss://[2001:db8::1]:99/x@y", Address("wss://[2001:db8::1]:99/x@y", "2001:db8::1", 99)),
        ("db.test:5432", Address("db.test:5432", "db.test", 5432)),
        ("root:s3cret@db.test", Address("db.test", "db.test", None)),
        ("2001:db8::1", Address("2001:db8::1", "2001:db8::1", None)),
        ("postgres://u:p%40ss@db/x", Address("postgres://db/x", "db", None)),
        ("redis://:s3cret@cache:6379", Address("redis://cache:6379", "cache", 6379)),
        ("example.com", Address("example.com", "example.com", None)),
        ("http://x.test/?mail=a@b.c", Address("http://x.test/?mail=a@b.c", "x.test", 80)),
        ("", Address("", "", None)),
    ],
)
def test_a_url_is_shown_without_credentials(url: str, address: Address) -> None:
    """Host and port are found in whatever a kind of check writes, and user name and password are never shown."""
    assert address_of(url) == address
