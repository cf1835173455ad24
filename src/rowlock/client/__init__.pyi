from rowlock.client.asynchronous import AsyncClient as AsyncClient
from rowlock.client.synchronous import Client as Client
from rowlock.client.working.worker import HttpWorker as HttpWorker

__all__ = ["AsyncClient", "Client", "HttpWorker"]
