"""Tasks that are stored together with your own rows, or not at all.

Needs SQLAlchemy for its second half.

Prints:

    sqlite3: ada is welcomed
    sqlite3: bob is not there; the newest task is still for ada
    SQLAlchemy: eve is welcomed
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from rowlock import Rowlock


def main(folder: Path) -> None:
    with Rowlock(f"sqlite:///{folder / 'shop.db'}") as app:
        app.migrate()

        @app.task
        def welcome(name: str) -> None:
            """Send the welcome mail."""

        with closing(sqlite3.connect(folder / "shop.db")) as shop:
            shop.execute("CREATE TABLE customer (name TEXT PRIMARY KEY)")

            with shop:
                shop.execute("INSERT INTO customer VALUES ('ada')")
                welcome.options(transaction=shop).enqueue("ada")
            print(f"sqlite3: {waiting(app)} is welcomed")

            try:
                with shop:
                    welcome.options(transaction=shop).enqueue("bob")
                    shop.execute("INSERT INTO customer VALUES ('bob'), ('ada')")
            except sqlite3.IntegrityError:
                print(f"sqlite3: bob is not there; the newest task is still for {waiting(app)}")

        engine = create_engine(f"sqlite:///{folder / 'shop.db'}")
        with Session(engine) as session, session.begin():
            session.execute(text("INSERT INTO customer VALUES ('eve')"))
            welcome.options(transaction=session).enqueue("eve")
        print(f"SQLAlchemy: {waiting(app)} is welcomed")
        engine.dispose()


def waiting(app: Rowlock) -> str:
    """Name whom the newest task welcomes."""
    [newest] = app.list_tasks(limit=1)
    return str(newest.payload["name"])


if __name__ == "__main__":
    with TemporaryDirectory() as temporary:
        main(Path(temporary))
