"""What the tests of definitions say in one word each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rowlock.definitions.signature import Signature
from rowlock.errors import PayloadError


def takes(hint: Any) -> Signature:
    def handler(value): ...

    handler.__annotations__ = {"value": hint}
    return Signature(handler)


def refusal(call: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(PayloadError) as caught:
        call()
    return caught.value.field, caught.value.problem
