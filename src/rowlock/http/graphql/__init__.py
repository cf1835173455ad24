"""GraphQL over the same app, guard and handlers as REST; its libraries are an extra.

They are loaded at the first request that may use them, so that a service that nobody asks in
GraphQL does not pay for them.
"""
