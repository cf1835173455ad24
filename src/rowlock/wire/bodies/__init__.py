"""What the bodies of requests to the HTTP service may say.

A value may have two names: ours, and that of the queue service whose clients are to go on
working. Durations are seconds, or text such as `"1h30m"`; times are RFC 3339.
"""
