"""PyMySQL's errors in our words."""

from __future__ import annotations

import pymysql
import pytest
from pymysql.err import raise_mysql_exception

from rowlock.errors import (
    SchemaMissingError,
    StorageConflictError,
    StorageDataError,
    StorageDeniedError,
    StorageError,
    StorageUnavailableError,
)
from rowlock.storage.mysql.connection import translated


def error_of(code: int) -> pymysql.MySQLError:
    """The error that PyMySQL raises for the server's code."""
    packet = b"\xff" + code.to_bytes(2, "little") + b"#HY000why"
    with pytest.raises(pymysql.MySQLError) as caught:
        raise_mysql_exception(packet)
    return caught.value


@pytest.mark.parametrize(
    ("codes", "kind"),
    [
        ((1020, 1205, 1213, 3572), StorageConflictError),
        ((1040, 1044, 1045, 1047, 1049, 1053, 1698), StorageUnavailableError),
        ((1114, 1317, 1927, 2002, 2003, 2006, 2013, 2055, 4031), StorageUnavailableError),
        ((1048, 1062, 1264, 1292, 1366, 1406, 1452, 3819, 4025), StorageDataError),
        ((1142, 1143, 1227, 1370), StorageDeniedError),
        ((1064, 1054), StorageError),
    ],
)
def test_codes_of_the_server(codes, kind):
    for code in codes:
        ours = translated(error_of(code))
        assert type(ours) is kind, code
        assert str(ours) == f"({code}) why"


def test_a_missing_table_means_missing_migrations():
    assert type(translated(error_of(1146))) is SchemaMissingError


def test_a_server_that_only_reads_is_named_so():
    ours = translated(error_of(1290))
    assert type(ours) is StorageUnavailableError
    assert "only reads" in str(ours)


@pytest.mark.parametrize(
    "error",
    [
        pymysql.InterfaceError(0, ""),
        pymysql.InternalError("Packet sequence number wrong - got 3 expected 1"),
        pymysql.Error("Already closed"),
        BrokenPipeError(),
        TimeoutError("timed out"),
    ],
)
def test_a_broken_conversation_is_an_outage(error):
    assert type(translated(error)) is StorageUnavailableError


def test_text_that_is_no_unicode_is_a_matter_of_data():
    with pytest.raises(UnicodeEncodeError) as caught:
        "\ud800".encode()
    assert type(translated(caught.value)) is StorageDataError


def test_what_is_not_the_drivers_is_left_alone():
    assert translated(KeyError("x")) is None
