"""The command `campledger`, and the one place where an exception becomes a message and an exit code."""

from __future__ import annotations

import errno
import gc
import io
import os
import signal
import sys
import traceback

import click

from campledger import __version__
from campledger.cli.lazy_commands import LazyCommands
from campledger.cli.ledger_options import ledger_option
from campledger.cli.printing import clean
from campledger.errors import CampledgerError
from campledger.model.states import CAMPAIGN_ACTS
from campledger.suggestions import closest

SECTIONS = {
    "Define": ("init", "define", "templates", "edit", "groups", "import", "hooks", "completion"),
    "Read": ("todo", "list", "show", "whatnext", "log", "query", "check"),
    "Review": ("diff", "review", "ci"),
    "Follow": tuple(CAMPAIGN_ACTS),
    "Record": (
        "approve", "record", "outcome", "accept", "reject", "note", "link", "assign", "unassign", "retract",
        "reconcile", "batch",
    ),
    "Data": ("dataids", "upload", "verify-upload", "collect", "pipetask", "render"),
    "Share": ("site", "push"),
}  # fmt: skip
"""The commands, by what one wants; each is in the module of commands/ of its name, or in one of MODULES."""

MODULES = {
    **dict.fromkeys(CAMPAIGN_ACTS, "change_state"),
    **dict.fromkeys(("accept", "reject"), "decide"),
    "unassign": "assign",
    "import": "import_",
}


class Sections(click.Group):
    """A group whose help lists commands by what one wants, and which suggests the command that was meant."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, section by section."""
        for title, names in SECTIONS.items():
            rows = [(name, self.commands[name].get_short_help_str(200)) for name in names if name in self.commands]
            with formatter.section(title):
                formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; a typing error gets a suggestion."""
        known = args and (args[0] in self.commands or args[0].startswith("-"))
        if args and not known and not ctx.resilient_parsing:
            near = closest(args[0], self.commands)
            hint = f" Did you mean `{near[0]}`?" if near else " `campledger --help` lists the commands."
            raise click.UsageError(f"There is no command `{args[0]}`.{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=Sections,
    commands=LazyCommands("campledger.cli.commands", [name for names in SECTIONS.values() for name in names], MODULES),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="campledger")
@ledger_option
def main() -> None:
    """Keep data-processing campaigns in a git repository: define, review, follow, find and repeat them.

    CAMPAIGN is an id, a name, the beginning of either, or the last four characters of an id. SUBMISSION and EVENT are
    the beginning of an id; a submission's run id does as well. STEP[/GROUP] is a step, or one group of it. PERSON is a
    handle of campledger.yaml, or `me`.

    \b
    Exit codes:
      0    fine
      1    problems in the data
      2    usage: what was asked for makes no sense as asked
      3    refused: a transition or a rule forbids it
      4    git failed, or the repository's state forbids it
      5    Butler or BPS failed, or is not there
      70   a bug in campledger
      130  interrupted

    \b
    Examples:
      campledger init ledger --example
      campledger list state:running owner:me
      campledger todo --me
      campledger pause k7mq --reason "file system trouble"
    """


def _unexpected(error: Exception) -> int:
    """Tell of what no command reckons with; return its exit code. A bug keeps its traceback, a full disk is no bug."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        click.echo(f"campledger: what was to be written is not all there: {error.strerror}", err=True)
        return 4
    traceback.print_exc()
    click.echo("campledger: this is a bug; please report it with the lines above", err=True)
    return 70


def run() -> None:
    """Run the command line. The help of `campledger` lists the exit codes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a character is no bug
    gc.disable()  # a command ends before there is garbage worth collecting; a large check is a tenth quicker
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stopped like Ctrl-C: everything is put back
    try:
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if any("\udc80" <= char <= "\udcff" for argument in sys.argv for char in argument):
            raise click.UsageError("an argument is not UTF-8 text")  # noqa: TRY301
        if "_CAMPLEDGER_COMPLETE" in os.environ:  # shell_completion.ASKED
            from campledger.cli import shell_completion

            shell_completion.prepare(main)
        # https://no-color.org; click asks only whether there is a terminal.
        colour = False if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" else None
        status = main(standalone_mode=False, prog_name="campledger", color=colour)
    except click.exceptions.Exit as stop:
        status = stop.exit_code
    except click.ClickException as error:
        error.show()
        status = 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted; nothing was left half-done", err=True)
        status = 130
    except BrokenPipeError:
        # The reader has seen enough, as with `| head`; stdout is closed so that Python does not complain at exit.
        sys.stderr.close()
        status = 0
    except CampledgerError as error:
        click.echo(f"campledger: {clean(str(error))}", err=True)
        status = error.exit_code
    except Exception as error:  # noqa: BLE001 - the one boundary: nothing leaves it but an exit code
        status = _unexpected(error)
    sys.exit(status if isinstance(status, int) else 0)
