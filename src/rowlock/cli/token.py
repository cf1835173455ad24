"""`rowlock token`: who may use the HTTP service."""

from __future__ import annotations

import click

from rowlock.app import token_flows as flows
from rowlock.app.opened import Opened
from rowlock.cli.changing import by_options
from rowlock.cli.doors import Place
from rowlock.cli.options import examples, json_option
from rowlock.cli.output import say, say_json, say_table, time_text, warn
from rowlock.cli.places import place_options
from rowlock.model.changes import By
from rowlock.model.tokens import Scope, Token
from rowlock.wire.tokens import token_to_wire

COLUMNS = ("ID", "NAME", "NAMESPACE", "SCOPES", "CREATED", "EXPIRES", "LAST USED", "REVOKED")


@click.group(
    epilog=examples(
        "rowlock token create shop --scope tasks:enqueue --scope tasks:read",
        "rowlock token list",
        "rowlock token revoke 0199b2f0-7c1e-7000-8000-000000000000",
    )
)
def command() -> None:
    """Make, list and revoke tokens of the HTTP service."""


@command.command(
    "create",
    epilog=examples(
        "rowlock token create shop --scope tasks:enqueue --expires 90d",
        "rowlock token create worker --scope tasks:work --namespace shop",
        "rowlock token create ops --scope admin --all-namespaces",
    ),
)
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    metavar="SCOPE",
    help=f"What it may do; again for more: {', '.join(Scope)}.",
)
@click.option(
    "--expires", metavar="DURATION", help="After how long it ends: 90d.  [default: never]"
)
@click.option("--all-namespaces", is_flag=True, help="It is good for every namespace.")
@by_options
@place_options
@json_option
def create(
    place: Place,
    *,
    name: str,
    scopes: tuple[str, ...],
    expires: str | None,
    all_namespaces: bool,
    by: By,
    as_json: bool,
) -> None:
    """Make a token and print it: this once, nobody can read it again.

    It is good for one namespace: that of --namespace, or 'default'. At a server it has no more
    than the token that asks for it: its namespace, and its end at the latest.
    """
    if all_namespaces and place.namespace is not None:
        raise click.UsageError("--all-namespaces and --namespace exclude each other")
    with place.door(Opened, create=True) as door:
        token, text = door.ask(
            flows.create_token, name, scopes, expires=expires, everywhere=all_namespaces, by=by
        )
    if as_json:
        say_json({**token_to_wire(token), "token": text})
        return
    say(text)
    warn(f"token {token.id} of {token.name}: keep it, it is not shown again")


@command.command("list", epilog=examples("rowlock token list", "rowlock token list --json"))
@place_options
@json_option
def list_tokens(place: Place, *, as_json: bool) -> None:
    """List the tokens of a namespace, or all if none is named.

    At a server, those of the namespace that the token which asks is good for.
    """
    with place.door(Opened) as door:
        tokens = door.ask(flows.list_tokens, everywhere=place.namespace is None)
    if as_json:
        say_json([token_to_wire(token) for token in tokens])
        return
    say_table(COLUMNS, [_row(token) for token in tokens], whole=("ID",), spare=("CREATED",))
    if not tokens:
        warn("no tokens yet: rowlock token create NAME --scope SCOPE")


@command.command(
    "revoke", epilog=examples("rowlock token revoke 0199b2f0-7c1e-7000-8000-000000000000")
)
@click.argument("token_id", metavar="TOKEN")
@by_options
@place_options
@json_option
def revoke(place: Place, *, token_id: str, by: By, as_json: bool) -> None:
    """End a token's use for good; the next request with it is refused."""
    with place.door(Opened) as door:
        revoked = door.ask(flows.revoke_token, token_id, everywhere=place.namespace is None, by=by)
    if as_json:
        say_json(token_to_wire(revoked))
    else:
        say(f"{revoked.id}\trevoked")


def _row(token: Token) -> list[str]:
    times = (token.created_at, token.expires_at, token.last_used_at, token.revoked_at)
    return [
        str(token.id),
        token.name,
        token.namespace or "every",
        " ".join(token.scopes),
        *("-" if moment is None else time_text(moment) for moment in times),
    ]
