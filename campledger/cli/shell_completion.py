"""What a shell may complete: ids, names, steps, people, states, queries, sets; and the scripts that let it ask.

A shell asks at every press of a key, so nothing here reads the ledger: names come from names of directories and
files, steps from the one definition that is meant, people and the like from the settings.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
)

_MOST_HISTORIES = 200
"""Campaigns, the newest ones, whose submissions and events are offered."""

_MOST_BYTES = 4_000_000
"""Files larger than this are not looked into while a shell waits."""

_OF_STATES = re.compile('"type": *"(?:status|retracted|reconciled)"')
"""What changes a campaign's state, in a line of its history."""

_PLAIN = re.compile("[A-Za-z0-9@][A-Za-z0-9._+:=,/@-]*")
"""Words that stand in a command line as they are: others might mean something to the shell, and are not offered."""


class Known:
    """What a ledger on disk offers. What cannot be read offers nothing."""

    def __init__(self, root: Path):
        self.root = root

    @cached_property
    def homes(self) -> dict[str, Path]:
        """The directory of each campaign by its id, newest first."""
        from campledger.model.ids import CAMPAIGN_ID

        found: dict[str, Path] = {}
        for year in _folders(self.root / "campaigns"):
            for month in _folders(year):
                found |= {home.name: home for home in _folders(month) if CAMPAIGN_ID.fullmatch(home.name)}
        return dict(sorted(found.items(), reverse=True))

    def campaigns(self, typed: str, act: str = "") -> list[str]:
        """Return ids that begin as typed, or names; the four characters at the end give the id.

        For an act that changes a campaign's state, those in whose state it is possible; the oldest are not looked at.
        """
        ids = [one for one in self.homes if typed in one]
        ids = [one for n, one in enumerate(ids) if n >= _MOST_HISTORIES or self._allows(self.homes[one], act)]
        by_id = [one for one in ids if one.startswith(typed)] if typed[:1].isdigit() else []
        names = dict.fromkeys(name for one in ids if (name := one[11:-5]).startswith(typed))
        by_end = [one for one in ids if typed and one.endswith(f"-{typed}")]
        return by_id or [*names] or by_end

    def _allows(self, home: Path, act: str) -> bool:
        """Whether a campaign's state allows an act; what cannot be read does not forbid it."""
        from campledger.model.campaign import Campaign
        from campledger.model.history import Event, replay
        from campledger.model.states import CAMPAIGN_ACTS, acts_from

        if act not in CAMPAIGN_ACTS:
            return True
        lines = _text(home / "events.yaml").splitlines()
        with suppress(ValueError, LookupError, TypeError, AttributeError):
            found = [json.loads(line.removeprefix("- ")) for line in lines if _OF_STATES.search(line)]
            return act in acts_from(replay(Campaign(home.name, {}), map(Event, found)).state)
        return True

    def home(self, reference: str) -> Path | None:
        """Return the directory of the campaign that people mean, the newest one if there are several."""
        for means in (
            lambda one: one == reference,
            lambda one: one[-4:] == reference,
            lambda one: one[11:-5] == reference.lower(),
            lambda one: one.startswith(reference) or one[11:].startswith(reference.lower()),
        ):
            found = next(filter(means, self.homes), None)
            if found is not None:
                return self.homes[found]
        return None

    def places(self, campaign: str, typed: str) -> list[str]:
        """Return the steps of a campaign that begin as typed, and groups where one step is meant."""
        home = self.home(campaign)
        steps = _mapping(home / "campaign.yaml").get("steps", ()) if home else ()
        found: dict[str, list[str]] = {}
        for step in steps if isinstance(steps, list) else ():
            if isinstance(step, Mapping):
                groups = step.get("groups", ())
                named = [one.get("name") for one in groups if isinstance(one, Mapping)]
                found[str(step.get("name"))] = [f"{step.get('name')}/{one}" for one in named]
        fitting = [name for name in found if name.startswith(typed.partition("/")[0])]
        several = "/" not in typed and len(fitting) != 1
        return fitting if several else [one for name in fitting for one in (name, *found[name])]

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """What campledger.yaml says."""
        return _mapping(self.root / "campledger.yaml")

    def setting(self, name: str) -> list[str]:
        """Return the names that a part of the settings lists."""
        return [str(one) for one in self.settings.get(name, ())]

    @property
    def people(self) -> list[str]:
        """Handles, and `me`."""
        return ["me", *self.setting("people")]

    @property
    def queries(self) -> list[str]:
        """Names of saved queries, as expressions have them: @NAME."""
        with suppress(OSError):
            return sorted(f"@{file.stem}" for file in (self.root / "queries").iterdir() if file.suffix == ".yaml")
        return []

    @property
    def sets(self) -> list[str]:
        """Names of shared DataId sets."""
        from campledger.dataids.formats import ENDINGS

        base = self.root / "dataids"
        files = (Path(top, name).relative_to(base).as_posix() for top, _, names in os.walk(base) for name in names)
        return sorted({name.rpartition(".")[0] for name in files if name.endswith(ENDINGS)})

    def events(self, typed: str, campaign: str = "", *, submissions: bool = False) -> Iterator[CompletionItem]:
        """Yield the ids of events, and the run ids of submissions, of one campaign or of the newest ones."""
        from campledger.cli.printing import clean
        from campledger.model.event_kinds import describe
        from campledger.model.history import Event

        one = self.home(campaign) if campaign else None
        homes = [one] if one is not None else islice(self.homes.values(), _MOST_HISTORIES)
        for home in homes:
            days = sorted(home.glob("events/*.yaml"), reverse=True)
            lines = (line for file in (*days, home / "events.yaml") for line in reversed(_text(file).splitlines()))
            for line in lines:
                if f'"{typed}' not in line or (submissions and '"submission"' not in line):
                    continue
                with suppress(ValueError, LookupError, TypeError, AttributeError):
                    data = json.loads(line.removeprefix("- "))
                    if submissions and data["type"] != "submission":
                        continue
                    words = " ".join(clean(f"{home.name[11:-5]}: {describe(Event(data))}").split())
                    yield from (CompletionItem(data[key], help=words) for key in ("id", "run_id") if key in data)


def _folders(place: Path) -> list[Path]:
    """Return the directories in a directory, without links; none where it cannot be read."""
    with suppress(OSError), os.scandir(place) as entries:
        return [place / entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    return []


def _text(file: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        if not file.is_symlink() and file.stat().st_size <= _MOST_BYTES:
            return file.read_text("utf-8")
    return ""


def _mapping(file: Path) -> Mapping[str, Any]:
    from campledger.documents import strict

    value = strict.read(file.name, _text(file).encode()).value
    return value if isinstance(value, Mapping) else {}


Items = Iterable[str | CompletionItem]


def _expression(known: Known, _: click.Context, typed: str) -> Items:
    """Offer attributes, the values of one, or saved queries."""
    from campledger.model.query import ATTRIBUTES, CHOICES

    if typed.startswith("@"):
        return known.queries
    key, colon, rest = re.match(r"([a-z_]*)([:=]?)(.*)", typed, re.DOTALL).groups()  # type: ignore[union-attr]
    if not colon:
        return [*(CompletionItem(f"{name}:", help=told) for name, told in ATTRIBUTES.items()), *known.queries]
    values: Mapping[str, Callable[[], Iterable[str]]] = {
        **{name: lambda name=name: CHOICES[name] for name in CHOICES},  # type: ignore[misc]
        **{name: lambda: known.people for name in ("owner", "operator")},
        "production": lambda: known.setting("productions"),
        "instrument": lambda: known.setting("instruments"),
        "butler": lambda: known.setting("butlers"),
        "name": lambda: dict.fromkeys(one[11:-5] for one in known.homes),
        **{name: lambda: known.homes for name in ("id", "parent")},
    }
    before = f"{key}{colon}" + "".join(rest.rpartition(",")[:2])
    return [f"{before}{value}" for value in values[key]()] if key in values else []


def _list_or_log(known: Known, context: click.Context, typed: str) -> Items:
    """Offer campaigns, and words of an expression beside them."""
    return [*known.campaigns(typed), *_expression(known, context, typed)]


def _columns(_: Known, __: click.Context, typed: str) -> Items:
    from campledger.model.columns import COLUMNS

    return _one_more(COLUMNS, typed)


def _types(_: Known, __: click.Context, typed: str) -> Items:
    from campledger.model.event_kinds import EVENT_KINDS

    return _one_more(EVENT_KINDS, typed)


def _one_more(names: Iterable[str], typed: str) -> Items:
    """Offer names behind those that were typed already, with commas; `-` may stand in front."""
    before, comma, last = typed.rpartition(",")
    minus = "-" if last.startswith("-") else ""
    return [f"{before}{comma}{minus}{name}" for name in names]


def _places(known: Known, context: click.Context, typed: str) -> Items:
    return known.places(_campaign(context), typed)


def _campaign(context: click.Context) -> str:
    """Return what was typed for the campaign; where an option still lacks its value, click has not sorted it out."""
    named = context.params.get("campaign") or context.params.get("campaigns") or context.args
    return str(named if isinstance(named, str) else next(iter(named), ""))


def _kinds(_: Known, __: click.Context, ___: str) -> Items:
    from campledger.model.query import CHOICES

    return CHOICES["kind"]


Completer = Callable[[Known, click.Context, str], Items]

COMPLETERS: dict[str, Completer] = {
    "campaign": lambda known, context, typed: known.campaigns(typed, str(context.info_name)),
    "campaigns": _list_or_log,
    "parent": lambda known, _, typed: known.campaigns(typed),
    "expression": _expression,
    "place": _places,
    "places": _places,
    "on": _places,
    "person": lambda known, _, __: known.people,
    "by": lambda known, _, __: known.people,
    "owner": lambda known, _, __: known.people,
    "submission": lambda known, _, typed: known.events(typed, submissions=True),
    "parents": lambda known, context, typed: known.events(typed, _campaign(context), submissions=True),
    "event": lambda known, _, typed: known.events(typed),
    "drop": lambda known, context, typed: known.events(typed, _campaign(context)),
    "columns": _columns,
    "sort": _columns,
    "group": _columns,
    "types": _types,
    "production": lambda known, _, __: known.setting("productions"),
    "kind": _kinds,
    "instrument": lambda known, _, __: known.setting("instruments"),
    "alias": lambda known, _, __: known.setting("butlers"),
    "what": lambda known, _, typed: [*known.sets, *known.campaigns(typed)],
    "dataids": lambda known, _, __: known.sets,
    "query": lambda known, _, __: [one[1:] for one in known.queries],
}
"""What is offered for a parameter of text, by its name; `dataids` and `query` are for the names in these groups."""

_OF_GROUPS = {"name", "names", "before", "after", "sources"}


class Completed(click.types.StringParamType):
    """Text that a shell can complete."""

    def __init__(self, complete: Completer):
        self.complete = complete

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return what begins as typed. A ledger that cannot be read offers nothing."""
        from campledger.cli.ledger_options import ledger_root
        from campledger.errors import CampledgerError

        try:
            with ctx.scope(cleanup=False):
                items = self.complete(Known(ledger_root()), ctx, incomplete)
        except CampledgerError:
            return []
        offered = (one if isinstance(one, CompletionItem) else CompletionItem(one) for one in items)
        return [one for one in offered if _fits(str(one.value), incomplete)]


def _fits(value: str, typed: str) -> bool:
    """Whether a value begins as typed; the end of an id stands for the whole."""
    return bool(_PLAIN.fullmatch(value)) and (value.startswith(typed) or value.endswith(f"-{typed}"))


def teach(group: click.Group, above: str = "") -> None:
    """Let the parameters of all commands below a group be completed."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            teach(command, above or name)
            continue
        for parameter in command.params:
            key = above if parameter.name in _OF_GROUPS else str(parameter.name)
            if isinstance(parameter.type, click.types.StringParamType) and key in COMPLETERS:
                parameter.type = Completed(COMPLETERS[key])


_BASH = """\
# Bash completion of campledger: in ~/.bashrc, or a file in ~/.local/share/bash-completion/completions/campledger
%(complete_func)s() {
    # Bash parts words at : = @ < > too, which are put together again here, and taken off in front of what is offered.
    local IFS=' ' rest=$COMP_LINE words=() cword=0 i type value glued
    for ((i = 0; i <= COMP_CWORD; i++)); do
        if ((i > 0)) && [[ $rest != [[:space:]]* ]]; then
            words[cword]+=${COMP_WORDS[i]}
        else
            ((i > 0)) && cword=$((cword + 1))
            words[cword]=${COMP_WORDS[i]}
        fi
        rest=${rest#"${rest%%%%[![:space:]]*}"}
        rest=${rest#"${COMP_WORDS[i]}"}
    done
    glued=${words[cword]%%"$2"}
    COMPREPLY=()
    while IFS=, read -r type value; do
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain)
                [[ $value == *[:=] ]] && compopt -o nospace
                COMPREPLY+=("${value#"$glued"}")
                ;;
        esac
    done < <(COMP_WORDS="${words[*]}" COMP_CWORD=$cword %(complete_var)s=bash_complete "$1" 2>/dev/null)
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""


class _Negated(ShellComplete):
    """Words of an expression that are turned round, which click would take for the beginning of an option."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        """Return what may stand at the end of a line."""
        items = super().get_completions([*args], incomplete)
        if not re.match("-[a-z]", incomplete):
            return items
        turned = super().get_completions([*args], incomplete[1:])
        return [*items, *(CompletionItem(f"-{one.value}", help=one.help) for one in turned if ":" in str(one.value))]


class Bash(_Negated, BashComplete):
    """Completion for bash, which parts words at colons: click's own script knows nothing of it."""

    source_template = _BASH

    def format_completion(self, item: CompletionItem) -> str:
        """Return what is offered as the script reads it."""
        return f"{item.type},{item.value}"


_ZSH = """\
#compdef %(prog_name)s
# Zsh completion of campledger: a file _campledger in a directory of $fpath
%(complete_func)s() {
    local -a whole open response
    local type value help
    response=("${(@f)$(COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT-1)) %(complete_var)s=zsh_complete \\
        %(prog_name)s 2>/dev/null)}")
    for type value help in $response; do
        case $type in
            dir) _path_files -/ ;;
            file) _path_files ;;
            plain)
                if [[ $value == *[:=] ]]; then
                    open+=("${value//:/\\:}:${help#_}")
                else
                    whole+=("${value//:/\\:}:${help#_}")
                fi
                ;;
        esac
    done
    (( $#whole )) && _describe -V campledger whole -U
    (( $#open )) && _describe -V campledger open -U -S ''
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""


class Zsh(_Negated, ZshComplete):
    """Completion for zsh, which leaves no space behind `state:`."""

    source_template = _ZSH

    def format_completion(self, item: CompletionItem) -> str:
        """Return what is offered as the script reads it."""
        return f"{item.type}\n{item.value}\n_{item.help or ''}"


_FISH = """\
# Fish completion of campledger: ~/.config/fish/completions/campledger.fish
function %(complete_func)s
    set -l asked COMP_WORDS=(commandline -cp | string collect) COMP_CWORD=(commandline -t | string collect)
    for line in (env $asked %(complete_var)s=fish_complete %(prog_name)s 2>/dev/null)
        set -l parts (string split -m 1 "," -- $line)
        switch $parts[1]
            case dir
                __fish_complete_directories $parts[2]
            case file
                __fish_complete_path $parts[2]
            case plain
                echo $parts[2]
        end
    end
end
complete --no-files --keep-order --command %(prog_name)s --arguments "(%(complete_func)s)"
"""


class Fish(_Negated, FishComplete):
    """Completion for fish."""

    source_template = _FISH

    def format_completion(self, item: CompletionItem) -> str:
        """Return what is offered as the script reads it."""
        return f"{item.type},{item.value}" + (f"\t{item.help}" if item.help else "")


SHELLS: dict[str, tuple[type[ShellComplete], str]] = {
    "bash": (Bash, "~/.local/share/bash-completion/completions/campledger"),
    "zsh": (Zsh, "a directory of $fpath, as _campledger"),
    "fish": (Fish, "~/.config/fish/completions/campledger.fish"),
}
"""How each shell completes, and where its script belongs."""


def prepare(group: click.Group) -> None:
    """Let a group of commands answer a shell that asks."""
    for kind, _ in SHELLS.values():
        add_completion_class(kind)
    teach(group)


ASKED = "_CAMPLEDGER_COMPLETE"
"""The variable in which a shell says that it asks, as click names it."""
