"""Handlers in child processes: started when needed, one task at a time, killed when they must be.

A child is told what to run, and tells how it went, in JSON over a pair of sockets. What it dies
of is the failure of the attempt that it was running, and of no other.
"""
