"""Speed of the site: against Hugo on the same data, and of builds after which little or nothing has changed.

Hugo gets each campaign's definition and events as front matter, and templates that show the plain part of ours: steps,
submissions, a timeline, the definition, and a list of all; and as ours does, it makes a feed and JSON of each campaign.
Ours draws pictures, checks everything that it reads, and makes the index and the form's files as well.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.timing import compare, seconds

CAMPLEDGER = Path(sys.executable).with_name("campledger")
CHANGED = 20

_CONFIG = """\
title = "Bench"
baseURL = "/"
disableKinds = ["taxonomy", "term", "sitemap", "robotsTXT", "404"]
[outputs]
home = ["HTML"]
section = ["HTML"]
page = ["HTML", "JSON", "RSS"]
[security.exec]
allow = []
"""

_SINGLE = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ .Title }}</title></head><body>
<header><a href="/">Bench</a></header>
<main><h1>{{ .Title }}</h1><p>{{ .Params.description }}</p>
<dl><dt>Owner</dt><dd>{{ .Params.owner }}</dd><dt>Kind</dt><dd>{{ .Params.kind }}</dd>
{{ range .Params.tickets }}<dt>Ticket</dt><dd>{{ .key }}</dd>{{ end }}</dl>
{{ range $name := slice "scope" "software" "data" "compute" }}<h2>{{ $name }}</h2>
<dl>{{ range $key, $value := index $.Params $name }}<dt>{{ $key }}</dt><dd>{{ $value }}</dd>{{ end }}</dl>{{ end }}
{{ range .Params.steps }}<section><h2>{{ .name }}</h2><p>{{ .title }}</p>
<ul>{{ range .groups }}<li>{{ .name }}</li>{{ end }}</ul></section>{{ end }}
<h2>Submissions</h2>
{{ range where .Params.events "type" "submission" }}<section id="s-{{ .id }}"><h3>{{ .relation }} {{ .state }}</h3>
<p>{{ delimit .groups ", " }} {{ .time }} {{ .by }}</p></section>{{ end }}
<h2>Timeline</h2>
<ol>{{ range sort .Params.events "time" "desc" }}<li id="e-{{ .id }}"><time datetime="{{ .time }}">{{ .time }}</time>
{{ .by }} {{ .type }} {{ .from }} {{ .to }} {{ .text }} {{ .reason }} {{ .result }} {{ .decision }}</li>{{ end }}</ol>
<pre><code>{{ .Params.written }}</code></pre></main>
<footer>built by Hugo</footer></body></html>
"""

_FEED = """\
{{ safeHTML "<?xml version=\\"1.0\\" encoding=\\"utf-8\\"?>" }}
<feed xmlns="http://www.w3.org/2005/Atom"><title>{{ .Title }}</title><id>{{ .Permalink }}</id>
{{ range sort .Params.events "time" "desc" }}<entry><title>{{ .type }} {{ .from }} {{ .to }} {{ .state }}</title>
<id>urn:uuid:{{ sha1 .id }}</id><link rel="alternate" type="text/html" href="{{ $.RelPermalink }}#e-{{ .id }}"/>
<updated>{{ .time }}</updated><author><name>{{ .by }}</name></author>
<content type="text">{{ .text }} {{ .reason }}</content></entry>
{{ end }}</feed>
"""

_LIST = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Bench</title></head><body><main><h1>Campaigns</h1><table><tbody>
{{ range where site.RegularPages "Section" "campaigns" }}<tr><th><a href="{{ .RelPermalink }}">{{ .Title }}</a></th>
<td>{{ .Params.kind }}</td><td>{{ .Params.owner }}</td><td>{{ .Params.software.stack }}</td>
<td>{{ .Params.scope.instrument }}</td><td>{{ (index (last 1 .Params.events) 0).time }}</td>
<td>{{ range .Params.tickets }}{{ .key }}{{ end }}</td></tr>{{ end }}
</tbody></table></main></body></html>
"""


def site(root: Path) -> None:
    """Builds of a whole ledger, of nothing, and of a few changes."""
    count = sum(1 for _ in root.glob("campaigns/*/*/*"))
    out = root.parent / "site"
    cold(root, out, count)
    unchanged(root, out, count)
    few(root, out, count)


def _build(root: Path, out: Path) -> None:
    _run(CAMPLEDGER, "site", "build", "--ledger", root, "--out", out)


def _run(*command: str | Path, **environment: str) -> None:
    words = [str(word) for word in command]
    subprocess.run(
        words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | environment
    )


@contextmanager
def _processors(count: int) -> Iterator[None]:
    """Let what is started meanwhile have only so many processors."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cold(root: Path, out: Path, count: int) -> None:
    """A build from nothing against Hugo's, on one processor and on two."""

    def ours() -> None:
        shutil.rmtree(out, ignore_errors=True)
        shutil.rmtree(root / ".git/campledger", ignore_errors=True)
        _build(root, out)

    if shutil.which("hugo") is None:
        print("hugo is not installed: Debian's package has it", flush=True)
        return
    project = root.parent / "hugo"
    make_hugo(root, project)

    def theirs() -> None:
        shutil.rmtree(project / "public", ignore_errors=True)
        _run("hugo", "--quiet", "--source", project, GOMAXPROCS=str(len(os.sched_getaffinity(0))))

    for processors in (1, 2):
        with _processors(processors):
            compare(f"cold build of {count} campaigns against Hugo, both on {processors} CPU", ours, theirs, 3)


def make_hugo(root: Path, project: Path) -> None:
    """Write the ledger as a project of Hugo."""
    layouts = project / "layouts/_default"
    layouts.mkdir(parents=True)
    (layouts / "single.html").write_text(_SINGLE)
    (layouts / "single.json").write_text("{{ jsonify .Params }}\n")
    (layouts / "single.rss.xml").write_text(_FEED)
    (layouts / "list.html").write_text(_LIST)
    (project / "layouts/index.html").write_text(_LIST)
    (project / "config.toml").write_text(_CONFIG)
    content = project / "content/campaigns"
    content.mkdir(parents=True)
    for directory in root.glob("campaigns/*/*/*"):
        written = (directory / "campaign.yaml").read_text()
        events = "".join(f"  {line}\n" for line in (directory / "events.yaml").read_text().splitlines())
        quoted = "".join(f"  {line}\n" for line in written.splitlines())
        text = f"---\n{written}events:\n{events}written: |\n{quoted}---\n"
        (content / f"{directory.name}.md").write_text(text)


def unchanged(root: Path, out: Path, count: int) -> None:
    """A build after which nothing has changed, against git's comparison of two commits and the start of Python."""
    _run("git", "-C", root, "commit", "--quiet", "--allow-empty", "-m", "Nothing")
    _build(root, out)

    def theirs() -> None:
        _run("git", "-C", root, "diff-tree", "-r", "--name-only", "HEAD~1", "HEAD")
        _run(sys.executable, "-c", "import click, git")

    name = f"build of {count} campaigns, none changed, against git diff-tree and start-up"
    compare(name, lambda: _build(root, out), theirs, 9)


def few(root: Path, out: Path, count: int) -> None:
    """A build after a few campaigns have changed, against one of as small a ledger from nothing, and of all."""
    chosen = sorted(root.glob("campaigns/*/*/*/campaign.yaml"))[:: max(1, count // CHANGED)][:CHANGED]
    small = root.parent / "small"
    for file in chosen:
        shutil.copytree(file.parent, small / file.parent.relative_to(root))
    shutil.copy(root / "campledger.yaml", small)
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "bench"]):
        _run("git", "-C", small, *command)

    def change() -> None:
        for file in chosen:
            file.write_text(file.read_text() + "# changed\n")
        _run("git", "-C", root, "commit", "-q", "-a", "-m", "Few")

    def ours() -> None:
        _build(root, out)

    def theirs() -> None:
        shutil.rmtree(root.parent / "small-site", ignore_errors=True)
        shutil.rmtree(small / ".git/campledger", ignore_errors=True)
        _build(small, root.parent / "small-site")

    times = []
    for _ in range(5):
        change()
        times.append((seconds(ours), seconds(theirs)))
    mine, other = (sorted(column)[2] for column in zip(*times, strict=True))
    print(
        f"build of {count} campaigns, {CHANGED} changed, against a ledger of those {CHANGED} from nothing: "
        f"{mine / other:.2f} times ({mine:.3f} s against {other:.3f} s, median of 5)",
        flush=True,
    )
