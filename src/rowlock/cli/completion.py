"""`rowlock completion`: the script that makes a shell complete our commands."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, FishComplete, ZshComplete

from rowlock.cli.options import debug_option, examples
from rowlock.cli.output import say

_SHELLS: dict[str, type[BashComplete | ZshComplete | FishComplete]] = {
    "bash": BashComplete,
    "zsh": ZshComplete,
    "fish": FishComplete,
}


@click.command(
    epilog=examples(
        'eval "$(rowlock completion bash)"          # in ~/.bashrc',
        'eval "$(rowlock completion zsh)"           # in ~/.zshrc',
        "rowlock completion fish > ~/.config/fish/completions/rowlock.fish",
    )
)
@click.argument("shell", type=click.Choice(list(_SHELLS)))
@debug_option
def command(*, shell: str) -> None:
    """Print the completion script of a shell."""
    from rowlock.cli.program import COMPLETE_VARIABLE, program

    say(_SHELLS[shell](program, {}, "rowlock", COMPLETE_VARIABLE).source().strip("\n"))
