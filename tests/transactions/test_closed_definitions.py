"""A definition that takes no new tasks takes none in the caller's transaction either."""

from __future__ import annotations

import pytest

from rowlock.errors import DefinitionClosedError
from tests.app.steps import greeting, is_empty
from tests.transactions.kinds import of_each_kind


@of_each_kind
def test_nothing_is_stored_and_the_transaction_goes_on(app, backend, begin):
    """C53."""
    greet = greeting(app)
    app.create_definition("send_greeting", status="canceled")
    with begin(backend.url) as caller:
        with pytest.raises(DefinitionClosedError):
            greet.options(transaction=caller.transaction).enqueue()
        with pytest.raises(DefinitionClosedError):
            app.enqueue("send-greeting", transaction=caller.transaction)
        with pytest.raises(DefinitionClosedError):
            greet.options(transaction=caller.transaction).enqueue_many([{}])
        caller.commit()
    assert is_empty(app)
