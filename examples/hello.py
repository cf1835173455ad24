"""The smallest program: define a task, enqueue it, run it.

Prints:

    queued
    succeeded: Hello, Ada!
"""

from rowlock import Rowlock, Worker

app = Rowlock("memory://")  # sqlite:///app.db keeps the tasks; a server serves many hosts


@app.task
def greet(name: str) -> str:
    """Say hello."""
    return f"Hello, {name}!"


def main() -> None:
    task = greet.enqueue("Ada")
    print(task.state)

    # Usually a process of its own: rowlock worker hello:app
    Worker(app).run_once()

    task = app.get_task(task)
    print(f"{task.state}: {task.result}")


if __name__ == "__main__":
    main()
