"""What a mysql:// URL may say, and what is refused before anything is connected."""

from __future__ import annotations

from contextlib import closing

import pytest

from rowlock.errors import ConfigError
from rowlock.storage.mysql.opening import address_from
from rowlock.storage.url import open_storage


def test_a_url_names_user_password_host_port_and_database():
    address = address_from("mysql://me:s%40cr%2Ft@db.example:3307/shop")
    assert (address.user, address.password) == ("me", "s@cr/t")
    assert (address.host, address.port, address.database) == ("db.example", 3307, "shop")


def test_what_a_url_leaves_out_has_a_default():
    address = address_from("mariadb:///my%20shop")
    assert (address.host, address.port, address.database) == ("localhost", 3306, "my shop")
    assert (address.user, address.password, address.unix_socket) == (None, "", None)
    assert address.tls == {}


def test_an_ipv6_address_is_a_host():
    assert address_from("mysql://[::1]:3307/shop").host == "::1"


def test_a_socket_and_certificates_are_options():
    address = address_from("mysql:///shop?unix_socket=/run/my%20sql.sock&ssl_cert=c&ssl_key=k")
    assert address.unix_socket == "/run/my sql.sock"
    assert address.tls == {"ssl_cert": "c", "ssl_key": "k"}


def test_a_certificate_authority_has_the_server_verified():
    tls = address_from("mysql://db/shop?ssl_ca=/etc/ca.pem").tls
    assert tls == {"ssl_ca": "/etc/ca.pem", "ssl_verify_cert": True, "ssl_verify_identity": True}


def test_the_password_is_not_shown():
    assert "secret" not in repr(address_from("mysql://me:secret@db/shop"))


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("mysql://db", "no database"),
        ("mysql://db/", "no database"),
        ("mysql://db:port/shop", "[Pp]ort"),
        ("mysql://db:99999/shop", "[Pp]ort"),
        ("mysql://[::1/shop", "IPv6"),
        ("mysql://db/shop?charset=latin1&ssl_mode=x", "charset, ssl_mode"),
        ("mysql://db/shop?unix_socket=", "unix_socket"),
    ],
)
def test_a_url_that_says_too_little_or_too_much_is_refused(url, problem):
    with pytest.raises(ConfigError, match=problem):
        address_from(url)


def test_opening_connects_nothing():
    with closing(open_storage("mysql://no.such.host.invalid/shop")) as storage:
        assert storage.durable
        assert not storage.migrates_itself


def test_there_are_no_schemas():
    with pytest.raises(ConfigError, match="schema"):
        open_storage("mysql://db/shop", schema="other")
