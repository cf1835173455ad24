"""`python -m rowlock` is the command line."""

from rowlock.cli.main import main

if __name__ == "__main__":
    main()
