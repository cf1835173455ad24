"""Tests of a program with tasks: run them with `pytest examples/test_with_rowlock.py`.

Prints:

    ok: an order sends a receipt an hour later
    ok: a receipt is tried again while the mail server is down
    ok: a checkout works as a whole
"""

from rowlock import Context, Rowlock
from rowlock.testing import (
    assert_enqueued,
    clock,
    drain,
    inline,
    on_memory,
    refute_enqueued,
    run_task,
)

# The program: in production its app is on a server, which no test touches.
app = Rowlock("postgresql://db.example/shop")
sent: list[int] = []


@app.task(queue="emails", max_attempts=3, retry="exponential")
def send_receipt(ctx: Context, order: int) -> None:
    """Pretend to send a mail, which works at the second attempt."""
    if ctx.attempt == 1:
        raise ConnectionError("mail server is down")
    sent.append(order)


@app.task
def place_order(order: int) -> None:
    """Place an order, and send the receipt an hour later."""
    send_receipt.options(delay="1h").enqueue(order)


def checkout(order: int) -> str:
    """Do what a web request does."""
    return place_order.enqueue(order).state.value


def test_an_order_sends_a_receipt_an_hour_later() -> None:
    with on_memory(app), clock(app) as time:
        checkout(7)
        refute_enqueued(app, send_receipt)
        drain(app)
        [receipt] = assert_enqueued(app, send_receipt, {"order": 7}, queue="emails")
        time.advance("1h")
        assert receipt.run_at == time.now


def test_a_receipt_is_tried_again_while_the_mail_server_is_down() -> None:
    sent.clear()
    with on_memory(app):
        first = run_task(app, send_receipt, {"order": 7}, with_errors="record")
        assert isinstance(first.error, ConnectionError)
        assert not first.task.state.is_final
        drain(app, with_scheduled=True)
    assert sent == [7]


def test_a_checkout_works_as_a_whole() -> None:
    with on_memory(app), inline(app):
        assert checkout(7) == "succeeded"


if __name__ == "__main__":
    for test in (
        test_an_order_sends_a_receipt_an_hour_later,
        test_a_receipt_is_tried_again_while_the_mail_server_is_down,
        test_a_checkout_works_as_a_whole,
    ):
        test()
        print("ok:", test.__name__.removeprefix("test_").replace("_", " "))
