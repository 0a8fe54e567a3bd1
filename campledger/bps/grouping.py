"""Which groups a step has: told from the submissions that are no rescues, by their names and their queries.

A group is a slice of a step's data. Files named alike (in another folder, or marked as old) are the same group,
unless their queries are apart; a file that covers just what several groups cover is a submission of all of them.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from campledger.bps.drafts import Draft
from campledger.bps.naming import safe_name
from campledger.bps.tree import natural
from campledger.model.campaign import DEFAULT_GROUP

Groups = dict[str, Draft]
"""The groups of one step, each with the submission that defines it."""


def group_step(drafts: list[Draft]) -> Groups:
    """Find the groups of one step; set the groups and relations of its first submissions."""
    _find_unnamed_rescues(drafts)
    firsts = sorted((draft for draft in drafts if not draft.follows), key=lambda item: natural(item.path))
    named: dict[str, list[Draft]] = {}
    for draft in firsts:
        if len(draft.rule.groups) <= 1:
            named.setdefault(_name(draft), []).append(draft)
    named = _apart(_merged(named))
    groups = {name: _order_duplicates(members) for name, members in named.items()}
    for name, members in named.items():
        for draft in members:
            draft.groups = [name]
    for draft in firsts:
        if len(draft.rule.groups) > 1:
            _cover_as_settled(draft, groups)
    _find_wholes(groups, named)
    _mark_other_tasks(groups)
    _mark_overlaps(groups)
    return dict(sorted(groups.items(), key=lambda item: (item[0] != DEFAULT_GROUP, natural(item[0]))))


def adopt_steps(drafts: list[Draft]) -> None:
    """Give a submission that nothing names the step in which others of its campaign run the same tasks."""
    named = [draft for draft in drafts if not draft.unnamed]
    for draft in drafts:
        if not draft.unnamed:
            continue
        tasks = task_set(draft.file.subset)
        similar = [other for other in named if tasks and tasks <= task_set(other.file.subset)]
        if len({other.step for other in similar}) != 1:
            source = "its subset" if draft.file.subset and "," not in draft.file.subset else "its file"
            draft.doubt(f"nothing names its step: called `{draft.step}` after {source}")
            continue
        draft.step = similar[0].step
        draft.doubt(f"nothing names its step: taken as {draft.step}, like {similar[0].path}, which runs the same tasks")
        same = [other for other in similar if other.file.query == draft.file.query and not other.follows]
        if same and not draft.group:
            draft.words, draft.group = same[0].words, same[0].group


def same_tasks(one: Draft, other: Draft) -> bool:
    """Whether two submissions run the same tasks."""
    return task_set(one.file.subset) == task_set(other.file.subset)


def task_set(subset: str) -> frozenset[str]:
    """Return the labels of a pipeline's subset."""
    return frozenset(label.strip() for label in subset.split(",") if label.strip())


def same_data(one: Draft, other: Draft) -> bool:
    """Whether two submissions certainly select the same data."""
    if one.file.query == other.file.query:
        return one.file.inputs == other.file.inputs
    exact = one.query.exact and other.query.exact
    return exact and one.query.covered_by([other.query]) and other.query.covered_by([one.query])


def _name(draft: Draft) -> str:
    return draft.rule.groups[0] if draft.rule.groups else draft.group or DEFAULT_GROUP


def _find_unnamed_rescues(drafts: list[Draft]) -> None:
    """Take as rescues those that skip what others made of the same data, even if nothing names them so."""
    plain = [draft for draft in drafts if not draft.follows and not draft.file.skip_existing_in]
    for draft in drafts:
        if draft.follows or draft.rule.relation or not draft.file.skip_existing_in:
            continue
        if any(_skips(draft, other) and draft.query.surely_overlaps(other.query) for other in plain):
            draft.relation, draft.rescue = "rescue", max(draft.rescue, 1)
            draft.remark("a rescue by its --skip-existing-in; its name does not say so")
        else:
            draft.remark("says --skip-existing-in, but nothing before it in the tree made the same data")


def _skips(draft: Draft, other: Draft) -> bool:
    return skips_output(draft.file.skip_existing_in, other.file.output)


def skips_output(collections: Iterable[str], output: str) -> bool:
    """Whether one of the collections is an output chain, or a run or chain below it."""
    return bool(output) and any(name == output or name.startswith(f"{output}/") for name in collections)


def _merged(named: dict[str, list[Draft]]) -> dict[str, list[Draft]]:
    """Join a name that only adds words to another one (7_v2 to 7) with it, where both run the same on the same data."""
    result: dict[str, list[Draft]] = {}
    for name, members in sorted(named.items(), key=lambda item: (len(item[1][0].words), natural(item[0]))):
        words = members[0].words
        for other, kept in result.items():
            shorter = kept[0].words
            extends = (
                bool(words) and words[: len(shorter)] == shorter and not set(words[len(shorter) :]) & _numeric(words)
            )
            settled = any(draft.rule.groups for draft in (*members, *kept))
            if extends and not settled and same_data(members[0], kept[0]) and same_tasks(members[0], kept[0]):
                for draft in members:
                    draft.doubt(f"another name for what {kept[0].path} runs: taken as the same group `{other}`")
                kept.extend(members)
                break
        else:
            result[name] = list(members)
    return result


def _numeric(words: tuple[str, ...]) -> set[str]:
    return {word for word in words if word.isdigit()}


def _apart(named: dict[str, list[Draft]]) -> dict[str, list[Draft]]:
    """Give files of one name whose queries are apart groups of their own, named after their folders."""
    result: dict[str, list[Draft]] = {name: [] for name in named}
    for name, members in named.items():
        clusters: list[list[Draft]] = []
        for draft in members:
            home = next((cluster for cluster in clusters if not draft.query.disjoint(cluster[0].query)), None)
            if home is None:
                clusters.append([draft])
            else:
                home.append(draft)
        result[name] = clusters[0]
        for cluster in clusters[1:]:
            folder = posixpath.basename(posixpath.dirname(cluster[0].path))
            fresh = _free_name(safe_name(f"{name}-{folder}"), result)
            result[fresh] = cluster
            for draft in cluster:
                draft.doubt(f"named as group `{name}` like {clusters[0][0].path}, but of other data: called `{fresh}`")
    return result


def _free_name(name: str, taken: dict[str, list[Draft]]) -> str:
    candidate, number = name[:90], 2
    while candidate in taken:
        candidate, number = f"{name[:90]}-{number}", number + 1
    return candidate


def _order_duplicates(members: list[Draft]) -> Draft:
    """Say which of several first submissions of one group came before which; return the one that defines the group."""
    if len(members) == 1:
        return members[0]
    old = [draft for draft in members if draft.is_old]
    new = [draft for draft in members if not draft.is_old]
    if old and len(new) == 1:
        for draft in old:
            draft.remark(f"superseded by {new[0].path}, as its path says")
        if not new[0].rule.relation:
            new[0].relation = "replacement"
        new[0].parents = [draft.path for draft in old]
        new[0].remark(f"replaces {', '.join(new[0].parents)}")
        return new[0]
    kept = (new or old)[0]
    for draft in members:
        if draft is kept:
            continue
        if draft.file.meaning == kept.file.meaning:
            draft.doubt(f"duplicate of {kept.path}: it says the same; which of the two was submitted is not said")
        else:
            draft.doubt(
                f"runs what {kept.path} runs, in another way; which of the two superseded the other is not said"
            )
            kept.doubt(f"{draft.path} is of the same step and group; which of the two superseded the other is not said")
    return kept


def _cover_as_settled(draft: Draft, groups: Groups) -> None:
    for name in draft.rule.groups:
        groups.setdefault(name, draft)
    draft.groups = list(draft.rule.groups)


def _find_wholes(groups: Groups, named: dict[str, list[Draft]]) -> None:
    """Let a submission whose data is just that of several other groups cover those, instead of a group of its own."""
    for name, whole in list(groups.items()):
        if whole.rule.groups or not whole.query.exact:
            continue
        parts = {
            other: draft
            for other, draft in groups.items()
            if other != name and same_tasks(whole, draft) and draft.query.exact and not same_data(whole, draft)
            if draft.query.covered_by([whole.query])
        }
        if len(parts) < 2 or not whole.query.covered_by([draft.query for draft in parts.values()]):
            continue
        del groups[name]
        listed = ", ".join(draft.path for draft in parts.values())
        for draft in named[name]:
            draft.groups = sorted(parts, key=natural)
            draft.doubt(f"covers what {listed} cover together; which of them superseded the other is not said")
        for draft in parts.values():
            draft.doubt(f"{whole.path} covers its data too; which of them superseded the other is not said")


def main_subset(drafts: Iterable[Draft]) -> str:
    """Return the subset that a step's groups run: the one that names the step, else that of the unnamed group."""
    ordered = list(drafts)
    for draft in ordered:
        if draft.file.subset.startswith(draft.step):
            return draft.file.subset
    whole = next((draft for draft in ordered if not draft.words), ordered[0])
    return whole.file.subset


def _mark_other_tasks(groups: Groups) -> None:
    if len({task_set(draft.file.subset) for draft in groups.values()}) < 2:
        return
    main = task_set(main_subset(groups.values()))
    for name, draft in groups.items():
        if task_set(draft.file.subset) != main:
            draft.doubt(
                f"runs `{draft.file.subset}`, not what the rest of {draft.step} runs: "
                f"a part of the step or a completion of it; taken as a group of its own, `{name}`"
            )


def _mark_overlaps(groups: Groups) -> None:
    for name, draft in groups.items():
        shared = [
            other_name
            for other_name, other in groups.items()
            if other_name != name and same_tasks(draft, other) and draft.query.surely_overlaps(other.query)
        ]
        if shared:
            listed = ", ".join(sorted(shared, key=natural)[:10]) + (
                f", ... ({len(shared)} in all)" if len(shared) > 10 else ""
            )
            draft.doubt(f"group `{name}` has data of other groups of {draft.step} too: {listed}")
