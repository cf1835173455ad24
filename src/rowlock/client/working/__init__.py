"""A worker over HTTP: the runtime of every worker, over the client of the service."""
