"""The flows that commands use, asked of a server: one module for each of `rowlock.app`.

A function here has the name and the arguments of the flow in whose place it stands, with a client
in place of the database, and returns the same kind of value. It leaves out what a flow may be told
only where it runs.
"""
