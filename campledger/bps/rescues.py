"""What a rescue completes: found by its `--skip-existing-in` collections, then by overlapping queries.

Names only confirm, or decide where queries cannot. Nothing in a submit file dates it, so one rescue follows another
only where a number (rescue2) or a collection says so.
"""

from __future__ import annotations

from campledger.bps.drafts import Draft
from campledger.bps.grouping import Groups, same_data, same_tasks, skips_output
from campledger.bps.naming import safe_name
from campledger.bps.queries import Query
from campledger.bps.regions import meet
from campledger.bps.tree import natural
from campledger.model.campaign import DEFAULT_GROUP


def link_step(drafts: list[Draft], groups: Groups, elsewhere: dict[str, str]) -> None:
    """Find the groups and parents of one step's rescues and restarts.

    ``elsewhere`` maps the output chains of other campaigns to the names by which people know these.
    A rescue of what the tree does not have defines a group of its own.
    """
    firsts = [draft for draft in drafts if not draft.follows]
    rescues = [draft for draft in drafts if draft.follows]
    outputs = {draft.file.output for draft in firsts}
    for draft in rescues:
        candidates = _by_collection(draft, firsts, rescues, elsewhere)
        draft.groups = list(draft.rule.groups) or _covered(draft, candidates, groups)
        _compare_numbers(draft)
    for draft in sorted(rescues, key=lambda item: natural(item.path)):
        if not draft.groups:
            draft.groups = [_new_group(draft, groups)]
        for name in draft.groups:
            groups.setdefault(name, draft)
    _order_by_collection(rescues, outputs)
    for draft in sorted(rescues, key=lambda item: (item.rescue, natural(item.path))):
        if draft.rule.parents is None and not draft.unsure:
            draft.parents = _parents(draft, firsts, rescues, groups)
        if draft.relation == "rescue" and not draft.file.skip_existing_in:
            draft.remark("named a rescue, but without --skip-existing-in: linked by its query")


def _by_collection(draft: Draft, firsts: list[Draft], rescues: list[Draft], elsewhere: dict[str, str]) -> list[Draft]:
    """Return the first submissions whose output it skips; all of the step's, where collections do not decide."""
    skipped = draft.file.skip_existing_in
    if not skipped:
        return firsts
    matching = [other for other in firsts if other.file.output in skipped]
    matching = matching or [other for other in firsts if skips_output(skipped, other.file.output)]
    known = {other.file.output for other in (*firsts, *rescues)}
    for name in skipped:
        if any(skips_output([name], output) for output in known):
            continue
        owner = next((elsewhere[output] for output in sorted(elsewhere) if skips_output([name], output)), "")
        if owner:
            draft.doubt(f"--skip-existing-in {name} is an output of {owner}, whose submissions cannot be its parents")
        else:
            draft.doubt(f"--skip-existing-in {name} is no output of this step in the tree")
    return matching or firsts


def _covered(draft: Draft, candidates: list[Draft], groups: Groups) -> list[str]:
    """Return the groups of the candidates that the rescue's query overlaps."""
    reachable = [name for name in groups if any(name in other.groups for other in candidates)]
    possible = [name for name in reachable if not draft.query.disjoint(groups[name].query)]
    sure = [name for name in possible if _is_sure(draft, groups[name])]
    named = [name for name in possible if _bare(name) in map(_bare, draft.numbers)]
    if sure and len(sure) == len(possible):
        # Where groups over the same data run different tasks, those are meant that run the rescue's, else the step's.
        alike = [name for name in sure if same_tasks(draft, groups[name])]
        alike = alike or [name for name in sure if _runs_whole_step(groups[name])] or sure
        return _narrowest(draft, alike, groups)
    if len(possible) <= 1:
        return possible
    if named:
        draft.remark(f"its query does not tell the groups apart; taken from its name: {', '.join(named)}")
        return named
    listed = ", ".join(possible)
    draft.doubt(f"its query does not tell which groups it covers: none of {listed} is ruled out; linked to no parent")
    draft.unsure = True
    return possible


def _narrowest(draft: Draft, names: list[str], groups: Groups) -> list[str]:
    """Return the one group that holds all of a rescue, or those of its name that do; neighbours may share an edge."""
    holding = [name for name in names if draft.query.covered_by([groups[name].query])]
    if len(holding) == 1:
        return holding
    named = [name for name in names if _bare(name) in map(_bare, draft.numbers)]
    if named and draft.query.covered_by([groups[name].query for name in named]):
        return named
    return names


def _is_sure(draft: Draft, other: Draft) -> bool:
    return draft.file.query == other.file.query or draft.query.surely_overlaps(other.query)


def _runs_whole_step(other: Draft) -> bool:
    return other.file.subset.startswith(other.step)


def _compare_numbers(draft: Draft) -> None:
    """Compare the groups found with those in the name; the name's first number may be the rescue's own."""
    numbers, covered = [_bare(number) for number in draft.numbers], {_bare(name) for name in draft.groups}
    if draft.rule.groups or not numbers or not covered or set(numbers) == covered or covered == {DEFAULT_GROUP}:
        return
    if draft.rescue == 1 and len(numbers) == 2 and {numbers[1]} == covered and 1 < int(numbers[0]) < 10:
        draft.rescue = int(numbers[0])
        draft.remark(f"its name's `{numbers[0]}` is taken as the number of the rescue, for it covers only {numbers[1]}")
    else:
        said, found = ", ".join(numbers), ", ".join(draft.groups)
        draft.doubt(f"its name says group {said}, its collections and query {found}: taken as the latter")


def _bare(number: str) -> str:
    """Return a number without leading zeros: operators write 007 and 7."""
    return number.lstrip("0") or number


def _new_group(draft: Draft, groups: Groups) -> str:
    name = safe_name(draft.group or "_".join(draft.numbers), DEFAULT_GROUP)
    draft.doubt(f"nothing before it in the tree covers its data; group `{name}` is known from it alone")
    if name in groups and groups[name].query.disjoint(draft.query):
        name = f"{name[:90]}-rescue"
    return name


def _order_by_collection(rescues: list[Draft], outputs: set[str]) -> None:
    """Number a rescue after those whose own output it skips, where their outputs tell them from first submissions."""
    for _ in range(5):
        for draft in rescues:
            for other in rescues:
                own = other.file.output not in outputs and other.file.output != draft.file.output
                skipped = skips_output(draft.file.skip_existing_in, other.file.output)
                mutual = skips_output(other.file.skip_existing_in, draft.file.output)
                if own and skipped and not mutual and set(draft.groups) & set(other.groups):
                    draft.rescue = max(draft.rescue, other.rescue + 1)


def _parents(draft: Draft, firsts: list[Draft], rescues: list[Draft], groups: Groups) -> list[str]:
    """Return the latest submissions before it, group by group."""
    found: list[str] = []
    for name in draft.groups:
        earlier = [other for other in rescues if name in other.groups and other.rescue < draft.rescue]
        region = _region(draft, groups[name])
        taken: list[Draft] = []
        for level in sorted({other.rescue for other in earlier}, reverse=True):
            taken += [other for other in earlier if other.rescue == level and not other.query.disjoint(region)]
            if taken and region.covered_by([other.query for other in taken]):
                break
        else:
            taken += _first(draft, name, firsts)
        found += [other.path for other in taken]
        _mark_siblings(draft, name, rescues)
    return list(dict.fromkeys(found))


def _region(draft: Draft, group: Draft) -> Query:
    """Return the rescue's part of a group."""
    boxes = [
        both for mine in draft.query.boxes for other in group.query.boxes if (both := meet(mine, other)) is not None
    ]
    return Query(tuple(boxes), draft.query.exact and group.query.exact)


def _first(draft: Draft, name: str, firsts: list[Draft]) -> list[Draft]:
    """Return the latest first submission of a group, or none where several have an equal claim."""
    covering = [other for other in firsts if name in other.groups]
    replaced = {path for other in covering for path in other.parents}
    latest = [other for other in covering if other.path not in replaced]
    if len(latest) > 1:
        matching = [other for other in latest if skips_output(draft.file.skip_existing_in, other.file.output)]
        latest = matching or latest
    if len(latest) > 1:
        latest = [other for other in latest if same_data(draft, other)] or latest
    if len({other.file.meaning for other in latest}) > 1:
        listed = ", ".join(other.path for other in latest)
        draft.doubt(f"which of {listed} it follows for group `{name}` is not said: linked to none")
        return []
    return latest[:1]


def _mark_siblings(draft: Draft, name: str, rescues: list[Draft]) -> None:
    for other in rescues:
        if other is draft or name not in other.groups or other.rescue != draft.rescue:
            continue
        if draft.query.surely_overlaps(other.query) or draft.file.query == other.file.query:
            draft.doubt(f"{other.path} rescues some of the same data of group `{name}`; which came first is not said")
