"""The receipt of an erasure goes with its lists when their audience gets another name."""

from __future__ import annotations

from engine_shop import TODAY

from audiences.sync.receipt import read_receipt


def receipt_of(shop, erasure_id):
    with shop.ledger() as ledger:
        (found,) = read_receipt(ledger.connection, erasure_id).lists
    return found


def renamed(shop):
    shop.forget_definition()
    shop.audience("quiet", label="Label of lapsed", renamed_from="lapsed")
    assert shop.sync() == 0


def test_it_still_names_the_requests_and_is_confirmed_by_them(shop):
    shop.crowd(100, prefix="more")
    shop.filled("ann", day=TODAY)
    erasure_id = shop.forget("ann").erasure_id
    before = receipt_of(shop, erasure_id)
    renamed(shop)
    after = receipt_of(shop, erasure_id)
    assert (after.list, after.requests) == ("quiet@meta:main", before.requests)
    assert len(after.requests) == 1
    shop.confirm()
    confirmed = receipt_of(shop, erasure_id)
    assert (confirmed.level, [one.level for one in confirmed.requests]) == ("confirmed", ["confirmed"])


def test_one_request_of_which_the_platform_never_told_keeps_it_from_being_confirmed(shop):
    shop.crowd(100, prefix="more")
    shop.filled("ann", day=TODAY)
    erasure_id = shop.forget("ann").erasure_id
    shop.rows(
        """insert into sync.erasure_requests
        select erasure_id, list_id, 'older', 'older', accepted_at, 'accepted' from sync.erasure_requests"""
    )
    renamed(shop)
    shop.confirm()
    found = receipt_of(shop, erasure_id)
    assert (found.level, sorted(one.level for one in found.requests)) == ("accepted", ["accepted", "confirmed"])
