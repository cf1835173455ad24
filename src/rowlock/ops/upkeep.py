"""The duties that any process may do for the whole database, and how often."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

RESCUE_GRACE = timedelta(seconds=2)
RESCUE_LIMIT = 100
# Beyond the last look, for what that passed over.
RESCUE_REACH = timedelta(seconds=10)
EXPIRE_LIMIT = 500
END_PAUSES_LIMIT = 500
PRUNE_LIMIT = 1_000
FOLD_LIMIT = 5_000


class Duty(NamedTuple):
    """Work that one process of the whole fleet does now and then."""

    name: str
    every: timedelta


RESCUE = Duty("rescue", timedelta(seconds=2))
RESCUE_ALL = Duty("rescue_all", timedelta(minutes=1))
EXPIRE = Duty("expire", timedelta(seconds=2))
END_PAUSES = Duty("end_pauses", timedelta(seconds=2))
DELETE_QUEUES = Duty("delete_queues", timedelta(seconds=2))
FOLD_TALLIES = Duty("fold_tallies", timedelta(seconds=30))
VACUUM = Duty("vacuum", timedelta(seconds=5))
