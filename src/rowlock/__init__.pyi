# What type checkers see of the package; at run time `__init__.py` loads the same names lazily.
from rowlock._version import __version__ as __version__
from rowlock.app.async_facade import AsyncRowlock as AsyncRowlock
from rowlock.app.sync_facade import Rowlock as Rowlock
from rowlock.backoff import Backoff as Backoff
from rowlock.backoff import RetryPolicy as RetryPolicy
from rowlock.definitions.collection import Tasks as Tasks
from rowlock.definitions.context import Context as Context
from rowlock.definitions.context import context as context
from rowlock.definitions.definition import TaskDefinition as TaskDefinition
from rowlock.definitions.dependencies import depends as depends
from rowlock.definitions.outcomes import Cancel as Cancel
from rowlock.definitions.outcomes import Fail as Fail
from rowlock.definitions.outcomes import Retry as Retry
from rowlock.definitions.outcomes import Snooze as Snooze
from rowlock.definitions.task_handler import TaskHandler as TaskHandler
from rowlock.definitions.transaction import TaskTransaction as TaskTransaction
from rowlock.model.claimed import ClaimedTask as ClaimedTask
from rowlock.model.definitions import Definition as Definition
from rowlock.model.definitions import DefinitionStatus as DefinitionStatus
from rowlock.model.definitions import DefinitionTasks as DefinitionTasks
from rowlock.model.listing import TaskCount as TaskCount
from rowlock.model.listing import TaskOrder as TaskOrder
from rowlock.model.measures import Durations as Durations
from rowlock.model.measures import Throughput as Throughput
from rowlock.model.progress import TaskProgress as TaskProgress
from rowlock.model.queues import Queue as Queue
from rowlock.model.queues import QueuePolicy as QueuePolicy
from rowlock.model.states import TaskState as TaskState
from rowlock.model.tasks import Attempt as Attempt
from rowlock.model.tasks import LogLine as LogLine
from rowlock.model.tasks import QueueCounts as QueueCounts
from rowlock.model.tasks import Task as Task
from rowlock.model.tasks import TaskFailure as TaskFailure
from rowlock.ops.tasks import Canceled as Canceled
from rowlock.worker.worker import Worker as Worker

__all__: list[str]  # noqa: PYI035 - the names above, in another order
