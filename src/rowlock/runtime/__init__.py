"""Running tasks: slots, attempts, heartbeats, settling and stopping.

It knows definitions and a `TaskSource`; where the tasks come from is somebody else's matter.
"""
