"""What the HTTP service answers, as types: for its OpenAPI document and for clients.

The values are made by the functions of `wire`; tests hold them against these types.
"""
