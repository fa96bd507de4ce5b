"""The page on the sandbox's checks names every refusal that the sandbox makes, and no other."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from sandbox_refusals import GAP, calls_in

from audiences.errors import AuthError
from audiences.platforms import google_errors, meta_errors, pinterest_errors, snapchat_errors, tiktok_errors
from audiences.platforms.http_wire import Reply

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "sandbox-checks.md").read_text(encoding="utf-8")
MODULES = {
    "meta": ("meta", "meta_errors", "meta_lists", "meta_request", "meta_sessions"),
    "google": ("google", "google_errors", "google_lists", "google_members", "google_request", "google_uploads"),
    "tiktok": ("tiktok",),
    "pinterest": ("pinterest", "rest_refusals"),
    "snapchat": ("snapchat", "rest_refusals"),
}
USUAL = {"meta": "100", "google": "400", "tiktok": "40002", "pinterest": "400", "snapchat": "400"}
VERIFIED = re.compile("documented|read in the SDK|read in the API description|third party|ours: not verified")
REASON = re.compile("[A-Z][A-Z0-9_]+")
ABOUT = ("rows", "list", "account")


class Row(NamedTuple):
    """One row of a platform's tables."""

    check: str
    status: int
    code: str
    texts: tuple[str, ...]
    errors: tuple[str, ...]
    place: str


def section(platform):
    titles = {name.lower(): rest for name, _, rest in (part.partition("\n") for part in PAGE.split("\n## "))}
    return titles[platform]


def rows_of(platform):
    cells = [re.split(r" \| ", line.strip("| ")) for line in section(platform).splitlines() if line.startswith("| ")]
    rows = [one for one in cells if one[0] not in ("the sandbox checks", "---")]
    assert all(len(one) == 4 for one in rows)
    return [
        Row(check, *answer(cell), tuple(re.findall("`(.*?)`", errors)), place) for check, cell, errors, place in rows
    ]


def answer(cell):
    status, code = re.match(r"(\d{3})(?: · (\d[\d/]*))?", cell).groups()
    return int(status), code or "", tuple(re.findall("`(.*?)`", cell))


def refusals_of(platform):
    """The texts of each refusal in the source, each with the codes that go with it: () where it can be any."""
    assert len(calls_in(*MODULES[platform])) >= 15
    for call in calls_in(*MODULES[platform]):
        is_ours = call.name in ("require", "refused")
        place = 0 if call.name in ("page", "invalid") else 1
        code = call.texts[2 if call.name == "require" else 0] if len(call.texts) > 2 or call.name == "refused" else None
        for text in call.texts[place]:
            if text != GAP:
                words = re.sub(r"^\(#\d+\) ", "", text)
                yield words, (code or (USUAL[platform],)) if is_ours else (GAP,), call.line


def google_refusals():
    """Reason and path of each of Google's refusals."""
    for call in calls_in(*MODULES["google"]):
        if call.name == "page":
            yield call.texts[0][0], None, call.line
        elif call.name == "Refusal":
            yield call.texts[1][0], None, call.line
        else:
            for reason in call.texts[1]:
                yield reason, max(call.texts[0], key=len), call.line


def fits(template, path):
    """Whether a path of the page is one that the source can give; a gap on the page is for what the source leaves open."""
    if path == GAP:
        return template == GAP
    return re.fullmatch(".*".join(map(re.escape, re.sub(r"\[…\]", "[n]", template).split(GAP))), path)


@pytest.mark.parametrize("platform", ["meta", "tiktok", "pinterest", "snapchat"])
def test_the_page_names_every_refusal_and_no_other(platform):
    named = {(row.texts[0], row.code.partition("/")[0] or str(row.status)) for row in rows_of(platform)}
    made = list(refusals_of(platform))
    words = {text for text, _ in named}

    assert [f"{line}: {text}" for text, _, line in made if text not in words] == []
    assert words - {text for text, _, _ in made} == set()
    wrong = [
        f"{line}: {text}"
        for text, codes, line in made
        if not {GAP} & set(codes) and not {(text, c) for c in codes} & named
    ]
    assert wrong == []


def test_the_page_names_every_refusal_of_googles_with_its_path():
    named = [(row.texts[0], row.texts[1] if len(row.texts) > 1 else None) for row in rows_of("google")]
    made = list(google_refusals())

    def is_same(reason, path, other, template):
        return reason == other and (path is None) == (template is None) and (path is None or fits(template, path))

    assert len(made) > 50
    assert [f"{line}: {r} {t}" for r, t, line in made if not any(is_same(*one, r, t) for one in named)] == []
    assert [one for one in named if not any(is_same(*one, r, t) for r, t, _ in made)] == []


def errors_for(platform, row):
    """The names of our errors that the answer becomes, over what the request can be about."""
    code, _, subcode = row.code.partition("/")
    if row.texts[0] == "invalid_grant":  # what asks for tokens makes one error of all that it is not given
        yield AuthError("no token")
        return
    for about in ABOUT:
        if platform == "meta":
            told = {"code": int(code or 0), "error_subcode": int(subcode or 0) or None, "message": row.texts[0]}
            body = {"error": told} if code else "<html>"
            yield meta_errors.error_of(row.status, body, about=about)
        elif platform == "google":
            yield google_error(row, about)
        elif platform == "tiktok":
            yield tiktok_errors.error_in(Reply(row.status, {}, {"code": int(code)} if code else {}), about, 60.0)
        else:
            table = {"pinterest": pinterest_errors, "snapchat": snapchat_errors}[platform].dialect(60.0)
            yield table.error_in(Reply(row.status, {}, {}), about)


def google_error(row, about):
    fields = [{"field": path.replace("[n]", "[7]").replace("[m]", "[0]")} for path in row.texts[1:] if path != GAP]
    details = [{"@type": "x.ErrorInfo", "reason": row.texts[0]}] if REASON.fullmatch(row.texts[0]) else []
    details += [{"@type": "x.BadRequest", "fieldViolations": fields}] if fields else []
    now = datetime(2026, 11, 24, tzinfo=UTC)
    return google_errors.error_of(row.status, details, about=about, now=now, timezone="America/Los_Angeles")


@pytest.mark.parametrize("platform", MODULES)
def test_each_answer_becomes_the_error_that_the_page_names(platform):
    wrong = []
    for row in rows_of(platform):
        become = {kind.__name__ for error in errors_for(platform, row) for kind in type(error).__mro__[:2]}
        if not row.errors or not set(row.errors) <= become:
            wrong.append(f"{row.check}: {sorted(become)}")
    assert wrong == []


@pytest.mark.parametrize("platform", MODULES)
def test_each_check_has_its_place_in_a_source_that_the_platforms_page_lists(platform):
    sources = (DOCS / "platforms" / f"{platform}.md").read_text(encoding="utf-8").partition("## Sources")[2]
    labels = {label for cell in re.findall(r"^\| ([^|]+) \|", sources, re.MULTILINE) for label in cell.split(", ")}
    places = {row.check: row.place for row in rows_of(platform)}

    assert [check for check, place in places.items() if VERIFIED.search(place) is None] == []
    unknown = [
        check
        for check, place in places.items()
        if not place.startswith("ours: not verified") and place.partition(",")[0] not in labels
    ]
    assert unknown == []
