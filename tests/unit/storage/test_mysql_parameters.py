"""How values become literals, batches and rows of values."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from rowlock.model.states import TaskState
from rowlock.sql_text import SqlText
from rowlock.storage.mysql.parameters import (
    MYSQL_VALUES,
    bound,
    json_batch,
    rendered,
)

ID = UUID("0123456789abcdef0123456789abcdef")
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "NULL"),
        (True, "1"),
        (False, "0"),
        (-5, "-5"),
        (0.5, "0.5"),
        (1e100, "1e+100"),
        ("it's", "'it''s'"),
        ("a\\'b\\", "'a\\\\''b\\\\'"),
        ("100% é😀\n", "'100% é😀\n'"),
        (ID, "X'0123456789abcdef0123456789abcdef'"),
        (b"\x00'\\", "X'00275c'"),
        (TaskState.FAILED, "'failed'"),
        (NOON, "'2030-01-01 12:00:00.000000'"),
        (NOON.replace(microsecond=7), "'2030-01-01 12:00:00.000007'"),
        (NOON.astimezone(timezone(timedelta(hours=2))), "'2030-01-01 12:00:00.000000'"),
        (NOON.replace(tzinfo=None), "'2030-01-01 12:00:00.000000'"),
        (timedelta(seconds=1, microseconds=1), "1000001"),
        (["a", "b_c"], "'\na\nb_c\n'"),
        ([], "'\n'"),
    ],
)
def test_a_value_in_a_statement(value, text):
    assert (
        rendered(SqlText("SELECT 5 % 3, :v, ':v'"), {"v": value}) == f"SELECT 5 % 3, {text}, ':v'"
    )


def test_a_value_that_no_column_takes_is_refused():
    with pytest.raises(TypeError, match="set"):
        rendered(SqlText("SELECT :v"), {"v": {1}})


def test_parameters_for_any_driver_are_plain():
    values = {"id": ID, "at": NOON, "lease": timedelta(seconds=1), "paused": True, "none": None}
    assert bound(values) == {
        "id": ID.bytes,
        "at": "2030-01-01 12:00:00.000000",
        "lease": 1_000_000,
        "paused": 1,
        "none": None,
    }


def test_a_batch_is_one_json_array_without_nulls():
    batch = json_batch(
        ids=[ID, ID], delays=[timedelta(seconds=2), None], ats=[NOON, None], charged=[True, False]
    )
    assert json.loads(batch["batch"]) == [
        {"ids": ID.hex, "delays": 2_000_000, "ats": "2030-01-01 12:00:00.000000", "charged": 1},
        {"ids": ID.hex, "charged": 0},
    ]


def test_values_come_back_as_ours():
    assert MYSQL_VALUES.read_id(ID.bytes) == ID
    assert MYSQL_VALUES.read_id(ID) == ID
    assert MYSQL_VALUES.read_time(NOON.replace(tzinfo=None)) == NOON
    assert MYSQL_VALUES.optional_time(None) is None
