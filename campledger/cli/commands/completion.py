"""Print the completion script of a shell."""

from __future__ import annotations

import click

from campledger.cli.shell_completion import ASKED, SHELLS


@click.command()
@click.argument("shell", type=click.Choice(list(SHELLS)))
def completion(shell: str) -> None:
    """Print the script that lets a shell complete campledger: ids, names, steps, people, states, queries, sets.

    \b
    Examples:
      campledger completion bash > ~/.local/share/bash-completion/completions/campledger
      campledger completion zsh > "${fpath[1]}/_campledger"
      campledger completion fish > ~/.config/fish/completions/campledger.fish
    """
    kind, where = SHELLS[shell]
    root = click.get_current_context().find_root()
    click.echo(kind(root.command, {}, "campledger", ASKED).source(), nl=False)
    click.echo(f"it belongs into {where}; a new shell completes then", err=True)


COMMANDS = (completion,)
