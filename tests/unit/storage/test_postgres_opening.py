"""What is refused before PostgreSQL is asked."""

from __future__ import annotations

import pytest

from rowlock.errors import ConfigError
from rowlock.storage.url import open_storage


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:p%zz@host/db",
        "postgresql://me:p%zz@[::1/db",
        "postgresql://host:5432:1/db",
        "postgresql://host:no/db",
        "postgresql://host:65536/db",
        "postgresql://one:5432,two:0/db",
    ],
)
def test_a_url_that_cannot_be_read_is_refused_without_its_password(url):
    with pytest.raises(ConfigError) as refused:
        open_storage(url)
    assert "p%zz" not in str(refused.value)


def test_a_url_may_name_several_hosts_and_no_port():
    for url in ("postgresql://one:5432,two:5433/db", "postgresql://one,two/db"):
        open_storage(url).close_all()


def test_a_listen_url_that_cannot_be_read_is_named():
    with pytest.raises(ConfigError, match="listen_url"):
        open_storage("postgresql://host/db", listen_url="postgresql://me:%zz@host/db")
