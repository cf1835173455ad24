"""One unfinished task for each customer, however often it is asked for.

Prints:

    first: created
    again: the same task: True
    refused: the first task holds the key: True
    other customer: created
    after it has finished: created
"""

from rowlock import Rowlock, Worker
from rowlock.errors import DuplicateTaskError

app = Rowlock("memory://")


@app.task(unique=["customer"])
def refresh(customer: int, reason: str) -> None:
    """Compute a customer's statistics anew."""


def main() -> None:
    first, created = refresh.enqueue_if_not_exists(1, "order")
    print("first:", "created" if created else "there already")

    again, created = refresh.enqueue_if_not_exists(1, "payment")
    print("again:", "created" if created else f"the same task: {again.id == first.id}")

    try:
        refresh.enqueue(1, "refund")
    except DuplicateTaskError as error:
        print(f"refused: the first task holds the key: {error.task_id == first.id}")

    _, created = refresh.enqueue_if_not_exists(2, "order")
    print("other customer:", "created" if created else "there already")

    Worker(app).run_once()
    _, created = refresh.enqueue_if_not_exists(1, "refund")
    print("after it has finished:", "created" if created else "there already")


if __name__ == "__main__":
    main()
