"""Push acts that were made offline."""

from __future__ import annotations

import click

from campledger.cli.ledger_options import ledger_option, workspace


@click.command()
@ledger_option
def push() -> None:
    """Push acts that were made without --push, on top of what others have pushed meanwhile.

    An act that has become illegal meanwhile is withdrawn and told; the exit code is 3 then. Commits that campledger did
    not make stop it, named.

    \b
    Example:
      campledger push
    """
    from campledger.errors import RefusedError
    from campledger.model.text_format import counted
    from campledger.operations.write.pushing import push as operation
    from campledger.operations.write.pushing import tell

    result = operation(workspace())
    if result.commit:
        click.echo(f"pushed {counted(result.landed, 'act')}, up to commit {result.commit[:10]}")
    else:
        click.echo("nothing to push")
    if result.withdrawn:
        raise RefusedError(tell(result.withdrawn))


COMMANDS = (push,)
