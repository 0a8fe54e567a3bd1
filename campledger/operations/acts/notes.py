"""Write notes and links."""

from __future__ import annotations

from collections.abc import Mapping

from campledger.errors import RefusedError
from campledger.model.rules import url_complaint
from campledger.operations.acts.act import Act, How, append_event, campaign_of, made_before, on_place
from campledger.operations.write.staging import StagedLedger


def note(staged: StagedLedger, reference: str, text: str, on: str | None, how: How) -> Act:
    """Write down something to remember."""
    record = staged.find(reference)
    if known := made_before(staged, record, how):
        return known
    own = {"type": "note", "text": text, **on_place(record, on)}
    return append_event(staged, record, own, f"note on {campaign_of(record).name}: {text}", how)


def link(staged: StagedLedger, reference: str, target: Mapping[str, str], on: str | None, how: How) -> Act:
    """Link a page; ``target`` has type, url and perhaps title."""
    record = staged.find(reference)
    if known := made_before(staged, record, how):
        return known
    complaint = url_complaint(target["url"])
    if complaint:
        raise RefusedError(f"{complaint}; link to an http or https address", value=target["url"])
    own = {"type": "link", "link": dict(target), **on_place(record, on)}
    return append_event(
        staged, record, own, f"link {campaign_of(record).name} to {target.get('title') or target['type']}", how
    )
