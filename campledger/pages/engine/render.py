"""Plain dicts -> bytes, by the packaged templates and the ledger's own. The home of Jinja2."""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping, MutableMapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from campledger.errors import DataError
from campledger.model.states import CAMPAIGN_STATES, GROUP_STATES
from campledger.pages.drawing import styles
from campledger.pages.engine.overrides import FOLDER, Overrides

_SITE = files("campledger").joinpath("site")
_PACKAGED = "packaged/"
_NONE = Overrides()


class _Loader(jinja2.BaseLoader):
    """The ledger's templates, else the packaged ones; those go by `packaged/NAME` as well."""

    def __init__(self, overrides: Overrides):
        self._own = overrides.templates

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str | None, None]:
        """Return a template's source, and its path as messages name it."""
        if template in self._own:
            return self._own[template], f"{FOLDER}templates/{template}", None
        name = template.removeprefix(_PACKAGED)
        file = _SITE.joinpath("templates", name)
        # Only plain names: a template cannot be used to read other files.
        if "/" in name or "\\" in name or not file.is_file():
            raise jinja2.TemplateNotFound(template)
        return file.read_text("utf-8"), None, None

    def load(
        self, environment: jinja2.Environment, name: str, globals: MutableMapping[str, Any] | None = None
    ) -> jinja2.Template:
        """Return a template. Raise TemplateSyntaxError for one of the ledger's that becomes no program of Python's."""
        try:
            return super().load(environment, name, globals)
        except jinja2.TemplateError:
            raise
        except Exception as error:
            # Nested too deeply, a number of too many digits: it ends in Python's compiler, or before.
            if name not in self._own:
                raise
            message = f"{type(error).__name__}: {error}"
            raise jinja2.TemplateSyntaxError(message, 0, name, f"{FOLDER}templates/{name}") from None


Templates = jinja2.Environment
"""Where templates are found."""


def environment(overrides: Overrides = _NONE) -> Templates:
    """Return the environment of the templates: everything is escaped, nothing may be undefined.

    A ledger's own templates are code that its reviewers let in, and still are kept away from Python's insides.
    """
    kind = ImmutableSandboxedEnvironment if overrides.templates else jinja2.Environment
    return kind(
        loader=_Loader(overrides),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )


def page(templates: Templates, content: Mapping[str, Any]) -> bytes:
    """Return the page that the dict describes: a pure function of it. Raise DataError for a template that is wrong."""
    try:
        text = templates.get_template(content["template"]).render(content)
    except jinja2.TemplateSyntaxError as error:
        if not (error.filename or "").startswith(FOLDER):
            raise
        raise DataError(f"{error.filename}:{error.lineno}:0: {error.message}") from None
    except Exception as error:
        # Whatever a ledger's own template calls up is a mistake in it; in a packaged one alone it is ours.
        place = _place(error)
        if place is None:
            raise
        what = "it ends in itself" if isinstance(error, RecursionError) else str(error)
        raise DataError(f"{place}: {type(error).__name__}: {what} (in {content['path']})") from None
    # File names from git may hold lone surrogates, which UTF-8 has no bytes for.
    return text.encode("utf-8", "replace")


def _place(error: Exception) -> str | None:
    """Return path and line of the ledger's template in which an error came up last, if in any."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith(FOLDER)]
    return f"{own[-1].filename}:{own[-1].lineno}:0" if own else None


def static_files(overrides: Overrides = _NONE) -> dict[str, bytes]:
    """Return what stands in the site as it is, by path: styles, scripts, pictures, the schema of the JSON."""
    packaged = dict(entry for top in ("static", "api") for entry in _below(_SITE.joinpath(top), top))
    packaged["static/site.css"] = styles.from_tables().encode() + packaged["static/site.css"]
    packaged["api/v1/schema.json"] = _with_states(packaged["api/v1/schema.json"])
    return {**packaged, **overrides.static}


def _with_states(schema: bytes) -> bytes:
    """Return the schema of the JSON with the names of the states in it."""
    document = json.loads(schema)
    document["$defs"]["state"]["enum"] = list(CAMPAIGN_STATES)
    document["$defs"]["group_state"]["enum"] = list(GROUP_STATES)
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def _below(folder: Traversable, path: str) -> list[tuple[str, bytes]]:
    found = []
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        here = f"{path}/{entry.name}"
        if entry.name.startswith("."):
            continue
        found += _below(entry, here) if entry.is_dir() else [(here, entry.read_bytes())]
    return found


def script_file(name: str, document: Mapping[str, Any] | str) -> bytes:
    """Return a document as a script that sets a global: pages opened from a disk cannot fetch JSON."""
    # In ASCII, a script means the same whatever charset it is taken for.
    return f"window.{name} = {json.dumps(document, separators=(',', ':'))};\n".encode("ascii")
