"""A task that reports progress, logs, fails twice, and succeeds at the third attempt.

Prints:

    attempt 1: failed, ConnectionError: no answer
    attempt 2: failed, ConnectionError: no answer
    attempt 3: succeeded
    progress 100.0, downloading
    log: part 1 of 2
    log: part 2 of 2
    result: 2 parts
"""

from rowlock import Context, Rowlock, Worker

app = Rowlock("memory://")


@app.task(max_attempts=3, retry="immediate", timeout="30s")
async def download(ctx: Context, parts: int) -> str:
    """Download something that fails at first."""
    if ctx.attempt < 3:
        raise ConnectionError("no answer")
    for part in range(1, parts + 1):
        ctx.log.info("part %d of %d", part, parts)
        await ctx.progress(100 * part / parts, "downloading")
    return f"{parts} parts"


def main() -> None:
    task = download.enqueue(2)
    Worker(app).run_once()

    for run in app.attempts(task):
        error = f", {run.error.type}: {run.error.message}" if run.error else ""
        print(f"attempt {run.attempt}: {run.outcome}{error}")
    done = app.get_task(task)
    print(f"progress {done.progress}, {done.progress_message}")
    for line in app.task_log(task):
        print(f"log: {line.message}")
    print(f"result: {done.result}")


if __name__ == "__main__":
    main()
