"""What the names of submit files and campaigns say."""

from __future__ import annotations

import pytest

from campledger.bps.naming import is_old, read_campaign, read_label, safe_name, stack_tag, subset_step


@pytest.mark.parametrize(
    ("name", "step", "group", "rescue", "numbers"),
    [
        ("step1", "step1", "", 0, ()),
        ("step01_007", "step1", "007", 0, ("007",)),
        ("step1_7", "step1", "7", 0, ("7",)),
        ("step1_all_7", "step1", "7", 0, ("7",)),
        ("step1_group7", "step1", "7", 0, ("7",)),
        ("step5a", "step5", "a", 0, ()),
        ("step3_last", "step3", "last", 0, ()),
        ("PREOPS-863_step4", "step4", "", 0, ()),
        ("step1_resque", "step1", "", 1, ()),
        ("step1_rescue_all_7", "step1", "7", 1, ("7",)),
        ("step1_rescue2_7", "step1", "7", 2, ("7",)),
        ("step1_7_rescue2", "step1", "7", 2, ("7",)),
        ("step1_7_rescue_3", "step1", "7", 3, ("7",)),
        ("rescue_step2_4", "step2", "4", 1, ("4",)),
        ("step1_rescue_3-5", "step1", "3-5", 1, ("3", "4", "5")),
        ("step1_rescue_7_8_9", "step1", "7_8_9", 1, ("7", "8", "9")),
        ("step1_rescue_7_det_0_62", "step1", "7_det_0_62", 1, ("7",)),
        ("step1_tract4431_4432", "step1", "tract4431_4432", 0, ()),
        ("step1_7_old", "step1", "7", 0, ("7",)),
        ("stage2", "stage2", "", 0, ()),
        ("requestMemory", "", "", 0, ()),
        ("footstep1x", "", "", 0, ()),
    ],
)
def test_labels(name: str, step: str, group: str, rescue: int, numbers: tuple[str, ...]) -> None:
    label = read_label(name)
    assert (label.step, label.group if step else "", label.rescue, label.numbers) == (step, group, rescue, numbers)


@pytest.mark.parametrize(
    ("campaign", "base", "version", "ticket", "step", "group"),
    [
        ("w_2022_34/DM-35936", "w_2022_34/DM-35936", "w_2022_34", "DM-35936", "", ""),
        ("v23_0_0_rc2/PREOPS-728/step1_7", "v23_0_0_rc2/PREOPS-728", "v23_0_0_rc2", "PREOPS-728", "step1", "7"),
        ("v23_0_1/PREOPS-905/step2", "v23_0_1/PREOPS-905", "v23_0_1", "PREOPS-905", "step2", ""),
        ("v23_0_1/PREOPS-905/step1/group12", "v23_0_1/PREOPS-905", "v23_0_1", "PREOPS-905", "step1", "12"),
        ("w_2024_30/DM-45425c", "w_2024_30/DM-45425c", "w_2024_30", "DM-45425c", "", ""),
        ("DM-1/d_2026_01_02", "d_2026_01_02/DM-1", "d_2026_01_02", "DM-1", "", ""),
        ("w_2022_22/PREOPS-9/pilot", "w_2022_22/PREOPS-9/pilot", "w_2022_22", "PREOPS-9", "", ""),
        ("quick", "quick", "", "", "", ""),
        ("", "", "", "", "", ""),
    ],
)
def test_campaigns(campaign: str, base: str, version: str, ticket: str, step: str, group: str) -> None:
    parts = read_campaign(campaign)
    assert (parts.base, parts.version, parts.ticket) == (base, version, ticket)
    assert (parts.step.step, parts.step.group) == (step, group)


@pytest.mark.parametrize(
    ("subset", "step"),
    [("step1", "step1"), ("step2a", "step2a"), ("step1a-visit", "step1a"), ("step1,step2", ""), ("isr", ""), ("", "")],
)
def test_subsets(subset: str, step: str) -> None:
    assert subset_step(subset).step == step


def test_stack_tags() -> None:
    assert stack_tag("lsstsqre/centos:7-stack-lsst_distrib-w_2021_40") == "w_2021_40"
    assert stack_tag("x/y:7-stack-lsst_distrib-v23_0_0_rc2", "w_2021_40") == "v23_0_0_rc2"
    assert stack_tag("", "w_2021_40") == "w_2021_40"
    assert stack_tag("latest") == ""


def test_old_paths() -> None:
    assert is_old("old/step1.yaml")
    assert is_old("a/step1_bak.yaml")
    assert not is_old("bold/gold.yaml")


def test_safe_names() -> None:
    assert safe_name("  a b/c..") == "a-b-c"
    assert safe_name("///", "x") == "x"
