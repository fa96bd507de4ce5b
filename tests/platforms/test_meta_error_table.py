"""The table of errors in the docs: each of its rows is proven by a fault of the sandbox, through Meta's own SDK."""

from __future__ import annotations

import re
from pathlib import Path
from time import sleep

import pytest

from audiences.domain import ListId
from audiences.errors import AuthError, Gone, PlatformError, RateLimited, RejectedRequest, RejectedRows, Unavailable
from audiences.platforms.meta_errors import RULES, SUBCODES

PAGE = (Path(__file__).parents[2] / "docs" / "platforms" / "meta.md").read_text()
NUMBERS = re.compile(r"(\d+)(?:/(\d+))?(?: (.+))?")
ROW = re.compile(r"^\| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
TRIES = 4
OTHER_THAN_CODES = {
    "any page instead of data": {"do": "html", "message": "error"},
    "HTTP 500": {"do": "server_error"},
    "HTTP 502": {"do": "html", "status": 502},
    "HTTP 503": {"do": "html", "status": 503},
    "HTTP 504": {"do": "html", "status": 504},
    "no answer in time": {"do": "slow", "seconds": 0.6},
    "a broken connection": {"do": "cut_after"},
    "HTTP 413": {"do": "html", "status": 413},
    "HTTP 429": {"do": "error", "code": 424242, "status": 429},
    "any other code": {"do": "error", "code": 424242},
}
WITH = {
    'with "reduce the amount of data"': {"message": "Please reduce the amount of data you're asking for"},
    "on an upload": {},
    "elsewhere": {"on": "create"},
    "on the ad account": {"on": "find"},
}
CREATION = {(2654, None), (100, 1713098)}
EVERY_CODE = {
    *((1, None), (2, None), (5000, None), (105, None), (102, None), (190, None), (190, 463), (190, 460)),
    *((4, None), (17, None), (17, 2446079), (32, None), (613, None), (613, 1487742)),
    *((80003, 2446079), (80004, 2446079), (80000, None), (80009, None), (80014, None), (341, None), (368, None)),
    *((100, None), (100, 33), (100, 1713230), (100, 1713098), (1487301, None), (1487366, None), (2635, None)),
    *((10, None), (200, None), (294, None), (200, 1870090), (200, 1870050), (200, 1870034), (2655, None), (2663, None)),
    *((2650, None), (2650, 1870145), (2650, 1870158), (2650, 1870147), (2650, 1870159), (2650, 1870148)),
    *((2650, 1870144), (2654, None)),
}


def rows_of_the_table():
    table = PAGE[PAGE.index("| what comes |") : PAGE.index("- **tries again**")]
    return ROW.findall(table)[2:]


ROWS = rows_of_the_table()


def fault_of(what):
    """What the sandbox is told so that this comes."""
    if what in OTHER_THAN_CODES:
        return {"on": "add", **OTHER_THAN_CODES[what]}
    code, subcode, condition = NUMBERS.fullmatch(what).groups()
    numbers = (int(code), int(subcode) if subcode else None)
    on = {"on": "create" if numbers in CREATION else "add"}
    return {"do": "error", "code": numbers[0], "subcode": numbers[1], **on, **(WITH[condition] if condition else {})}


class Trial:
    """One row of the table against an ad account: what is asked, what it must lead to, what the sandbox has seen."""

    def __init__(self, sandbox, meta_of, time, fault, external_id, remote, row_of, batch):
        self.sandbox, self.time, self.fault = sandbox, time, fault
        self.external_id, self._remote, self._row_of, self._batch = external_id, remote, row_of, batch
        settings = {"timeout_seconds": 0.3} if fault["do"] == "slow" else {}
        self._open = lambda **more: meta_of(**settings, **more)
        self.meta = self._open()

    def patient(self, **settings):
        self.meta = self._open(**settings)

    def strikes(self, times, **more):
        self.sandbox.control(faults=[{**self.fault, "times": times, **more}], reset_requests=True)
        self.time.slept.clear()

    def asks(self, *names):
        """Make the request: a creation, or an upload of two people, or of the given ones."""
        if self.fault["on"] != "add":
            return self.meta.ensure(self._remote(list_id=ListId("another@meta:main")))
        rows = [self._row_of(f"{name}@example.com") for name in names or ("ann", "bob")]
        return self.meta.add(self.external_id, self._batch(*rows))

    def is_refused(self, kind, *names):
        with pytest.raises(PlatformError) as refused:
            self.asks(*names)
        assert type(refused.value) is kind
        if self.fault["do"] == "error":
            assert refused.value.code == str(self.fault["code"])
        return refused.value

    def requests(self):
        counts = self.sandbox.inspect("meta").requests()["counts"]
        return sum(entry["count"] for entry in counts if entry["kind"] == self.fault["on"])

    def saw(self, expected):
        """Whether the sandbox has seen so many; one that nobody waits for any more may still be under way."""
        for _ in range(100):
            if self.requests() == expected:
                return True
            sleep(0.02)
        return False


def proves_tries_again(trial, _):
    trial.strikes(1)
    assert trial.asks().received == 2
    assert trial.saw(2)
    assert len(trial.time.slept) == 1
    assert len(trial.sandbox.inspect("meta").list(trial.external_id)["people"]) == 2
    trial.strikes("always")
    trial.is_refused(Unavailable)
    assert trial.saw(TRIES)
    assert 0.5 <= trial.time.slept[0] < trial.time.slept[1] < trial.time.slept[2]


def proves_tries_then_halves(trial, _):
    trial.strikes("always")
    with pytest.raises(RejectedRows):
        trial.asks()
    assert trial.requests() == TRIES
    trial.strikes("always")
    with pytest.raises(Unavailable):
        trial.asks("ann")
    assert trial.requests() == TRIES
    trial.strikes(1)
    assert trial.asks().received == 2


def proves_waits(trial, told):
    minutes = int(re.search(r"else (\d+) minute", told)[1])
    trial.strikes(1, minutes=3)
    assert trial.asks().received == 2
    assert sum(trial.time.slept) == pytest.approx(180)
    assert trial.requests() == 2
    trial.patient(max_wait_seconds=0)
    trial.strikes(1)
    assert trial.is_refused(RateLimited).wait == minutes * 60
    with pytest.raises(RateLimited):
        trial.asks("eve")
    assert (trial.requests(), trial.time.slept) == (1, [])


def proves_halves(trial, _):
    is_about_size = trial.fault.get("code") != 100
    trial.strikes("always")
    trial.is_refused(RejectedRows)
    trial.is_refused(RejectedRequest if is_about_size else RejectedRows, "ann")
    assert (trial.requests(), trial.time.slept) == (2, [])
    trial.strikes(1)
    trial.is_refused(RejectedRows)
    assert trial.asks("ann").received == trial.asks("bob").received == 1


def proves_one_refusal(kind):
    def proves(trial, _):
        trial.strikes("always")
        trial.is_refused(kind)
        assert (trial.requests(), trial.time.slept) == (1, [])

    return proves


PROOFS = {
    "tries again": proves_tries_again,
    "tries again, then halves the batch": proves_tries_then_halves,
    "waits": proves_waits,
    "halves the batch": proves_halves,
    "makes a new list": proves_one_refusal(Gone),
    "stops the list": proves_one_refusal(RejectedRequest),
    "stops the account": proves_one_refusal(AuthError),
}


@pytest.mark.parametrize(("what", "meaning", "does", "reader"), ROWS, ids=[row[0] for row in ROWS])
def test_a_row_of_the_table_is_true(what, meaning, does, reader, sandbox, open_meta, meta, time, remote, row_of, batch):
    (reaction,) = re.findall(r"\*\*(.+?)\*\*", does)
    external_id = meta.ensure(remote())
    trial = Trial(sandbox, open_meta, time, fault_of(what), external_id, remote, row_of, batch)
    PROOFS[reaction](trial, does)
    assert meaning
    assert reader


def test_every_code_stands_in_the_table_once():
    matches = [NUMBERS.fullmatch(row[0]) for row in ROWS]
    listed = {(int(match[1]), int(match[2]) if match[2] else None) for match in matches if match}
    numbers = {number for pair in RULES for number in pair if number is not None} | set(SUBCODES)
    assert len({row[0] for row in ROWS}) == len(ROWS) > 50
    assert EVERY_CODE - listed == set()
    assert numbers - {number for pair in listed for number in pair} == set()
    assert {row[0] for row, match in zip(ROWS, matches, strict=True) if match is None} == set(OTHER_THAN_CODES)


def test_every_reaction_of_the_table_is_explained_below_it():
    reactions = {re.search(r"\*\*(.+?)\*\*", row[2])[1].split(",")[0] for row in ROWS}
    explained = set(re.findall(r"^- \*\*(.+?)\*\*:", PAGE, flags=re.MULTILINE))
    assert reactions == explained
