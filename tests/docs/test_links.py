"""Every link between pages leads somewhere, and every page can be found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, pages, without_blocks

_LINK = re.compile(r"\]\((?P<target>[^()\s]+)\)")


def links(path: Path) -> list[str]:
    return [match["target"] for match in _LINK.finditer(without_blocks(path))]


def is_local(target: str) -> bool:
    return not re.match(r"[a-z]+:", target)


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as the usual renderers make them."""
    headings = re.findall(r"^#+ (.+)$", without_blocks(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def resolved(page: Path, target: str) -> Path:
    name = target.partition("#")[0]
    return (page.parent / name).resolve() if name else page


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_resolves(page: Path):
    local = [target for target in links(page) if is_local(target)]
    missing = [target for target in local if not resolved(page, target).exists()]
    assert missing == []
    lost = [
        target
        for target in local
        if "#" in target and target.partition("#")[2] not in anchors(resolved(page, target))
    ]
    assert lost == []


def test_every_page_is_reachable_from_the_index():
    seen: set[Path] = set()
    waiting = [DOCS / "index.md"]
    while waiting:
        page = waiting.pop()
        if page not in seen and page.suffix == ".md":
            seen.add(page)
            waiting += [resolved(page, target) for target in links(page) if is_local(target)]
    assert set(DOCS.rglob("*.md")) - seen == set()


def test_the_readme_leads_to_the_index():
    assert (DOCS / "index.md") in {
        resolved(ROOT / "README.md", target) for target in links(ROOT / "README.md")
    }
