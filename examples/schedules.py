"""Schedules in code and at run time, with a clock of our own so that nobody waits.

Prints:

    stored: weekday-report
    At 09:00 on Monday to Friday, Europe/Berlin time
    a week later: 5 reports
    after three hours without a worker: 1 fetch, 2 missed
    the last one was on time: True
"""

from datetime import UTC, datetime

from rowlock import Rowlock
from rowlock.recurrence import parse
from rowlock.testing import clock, drain

app = Rowlock("memory://")


@app.schedule("0 9 * * mon-fri", name="weekday-report", zone="Europe/Berlin")
@app.task
def report() -> None:
    """Write the report of the day."""


@app.task
def fetch(source: int) -> None:
    """Fetch a feed."""


def main() -> None:
    with clock(app, datetime(2027, 3, 25, 8, 30, tzinfo=UTC)) as time:
        # Workers do this when they start.
        print("stored:", ", ".join(app.sync_schedules().created))
        print(parse(app.get_schedule("weekday-report").rule).explain())

        # Every occurrence at its own time, over a change of the clocks.
        runs = drain(app, until=datetime(2027, 4, 1, 7, 30, tzinfo=UTC))
        print(f"a week later: {len(runs)} reports")
        app.pause_schedule("weekday-report")

        app.create_schedule("fetch-feed", "1h", fetch, arguments={"source": 1})
        time.advance("3h")
        print(
            f"after three hours without a worker: {len(drain(app))} fetch, "
            f"{app.get_schedule('fetch-feed').missed} missed"
        )

        drain(app, until=time.now.replace(hour=11, minute=0))
        last = app.list_firings("fetch-feed")[0]
        print("the last one was on time:", not last.late)


if __name__ == "__main__":
    main()
