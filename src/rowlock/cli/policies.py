"""What can be said of a queue on the command line."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from rowlock.cli.options import number

_OPTIONS = (
    click.option("--lifetime", metavar="DURATION", help="From enqueue to the first start."),
    click.option("--ttl", metavar="DURATION", help="The same as --lifetime."),
    click.option("--max-attempts", type=number, metavar="N", help="Runs in all; 1 runs once."),
    click.option("--retries", type=number, metavar="N", help="The same; 0 runs once, too."),
    click.option("--max-crashes", type=number, metavar="N", help="Worker deaths before it fails."),
    click.option("--retry", metavar="BACKOFF", help="none, immediate, fixed, exponential …"),
    click.option(
        "--retry-delay",
        metavar="DURATION",
        help="A quadratic --retry that begins with this, without jitter.",
    ),
    click.option("--lease", metavar="DURATION", help="How long a claim holds without heartbeat."),
    click.option("--timeout", metavar="DURATION", help="How long an attempt may take."),
    click.option("--retention", metavar="DURATION", help="How long finished tasks are kept."),
)
_NAMES = ("lifetime", "max_attempts", "max_crashes", "retry", "lease", "timeout", "retention")


def policy_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that describe a queue's policy, as one dict `policy`."""

    @wraps(command)
    def run(**given: Any) -> None:
        others = [given.pop(name) for name in ("ttl", "retries", "retry_delay")]
        policy = {name: given.pop(name) for name in _NAMES}
        _take_others(policy, *others)
        said = {name: value for name, value in policy.items() if value is not None}
        command(policy=said, **given)

    decorated: Callable[..., None] = run
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def _take_others(policy: dict[str, Any], ttl: Any, retries: Any, retry_delay: Any) -> None:
    """Put what is said by the names of other systems under our own."""
    if retry_delay is not None:
        from rowlock.model.queues import growing_retry

        retry_delay = growing_retry("retry_delay", retry_delay)
    others = {
        "lifetime": ("--ttl", ttl),
        "max_attempts": ("--retries", 1 if retries == 0 else retries),
        "retry": ("--retry-delay", retry_delay),
    }
    for name, (option, value) in others.items():
        if value is None:
            continue
        if policy[name] is not None:
            own = f"--{name.replace('_', '-')}"
            raise click.UsageError(f"{own} and {option} exclude each other")
        policy[name] = value
