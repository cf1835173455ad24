"""The methods of the client, one for each route of the service.

Written by `python -m tests.docs.client_routes`; do not edit.
"""
