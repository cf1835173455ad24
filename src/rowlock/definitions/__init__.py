"""What can be run: handlers, their signatures, their defaults; knows no storage."""
