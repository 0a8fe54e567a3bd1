"""Commands that are imported when they are asked for: a command line loads the one that it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from importlib import import_module

import click


class LazyCommands(MutableMapping[str, click.Command]):
    """The commands of a group by name; each is in the COMMANDS of a module of its name, or of one that is named."""

    def __init__(self, package: str, names: Iterable[str], modules: Mapping[str, str]):
        self._modules = {name: f"{package}.{modules.get(name, name.replace('-', '_'))}" for name in names}
        self._loaded: dict[str, click.Command] = {}

    def module_of(self, name: str) -> str:
        """Return the name of the module that has a command."""
        return self._modules[name]

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._loaded:
            module = import_module(self._modules[name])
            self._loaded |= {str(command.name): command for command in module.COMMANDS}
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in self._modules

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._modules[name] = ""
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._modules[name]
