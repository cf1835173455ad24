"""An effect that happens exactly once, although the first attempt fails after it.

Prints:

    attempt 1 has paid 20, and fails
    attempt 2 has paid 20
    payments: [20], receipts waiting: 1, result: {'paid': 20}
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from rowlock import Context, Rowlock, Worker


def main(folder: Path) -> None:
    with Rowlock(f"sqlite:///{folder / 'shop.db'}") as app:
        app.migrate()

        @app.task(queue="receipts")
        def send_receipt(amount: int) -> None:
            """Send a receipt."""

        @app.task(max_attempts=2, retry="immediate")
        def pay(ctx: Context, amount: int) -> None:
            """Book a payment, and have its receipt sent."""
            with ctx.transaction() as tx:
                tx.connection.execute("INSERT INTO payment VALUES (?)", (amount,))
                send_receipt.enqueue(amount)
                if ctx.attempt == 1:
                    print(f"attempt 1 has paid {amount}, and fails")
                    raise RuntimeError("everything in the block is taken back")
                print(f"attempt {ctx.attempt} has paid {amount}")
                tx.result = {"paid": amount}

        with closing(sqlite3.connect(folder / "shop.db")) as shop:
            shop.execute("CREATE TABLE payment (amount INTEGER)")
            task = pay.enqueue(20)
            Worker(app).run_once()
            payments = [amount for (amount,) in shop.execute("SELECT amount FROM payment")]

        receipts = len(app.list_tasks(queue="receipts"))
        result = app.get_task(task).result
        print(f"payments: {payments}, receipts waiting: {receipts}, result: {result}")


if __name__ == "__main__":
    with TemporaryDirectory() as temporary:
        main(Path(temporary))
