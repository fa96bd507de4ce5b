"""An account takes so many lists: the plan says so before the platform does."""

from __future__ import annotations

from audiences.sync.release import release


def held(shop):
    return {one.split: one.guard.reasons for one in shop.plan().lists if one.guard.held}


def categories(shop, *names):
    for name in names:
        shop.crowd(120, prefix=name.lower(), category=name)


def test_the_lists_that_an_account_has_no_room_for_wait_and_the_others_go(open_shop):
    shop = open_shop(max_lists=2)
    categories(shop, "Amps", "Picks", "Straps")
    shop.audience("lapsed", split_by={"column": "category", "min_members": 100})
    shop.publish()
    ((split, (reason,)),) = held(shop).items()
    assert split == "Straps"
    assert reason.startswith("it would be list 3 of ours on this account, which takes 2: make fewer lists of a split")
    assert shop.sync() == 3
    assert len(shop.on_ledger("lapsed@meta:main/Amps")) == len(shop.on_ledger("lapsed@meta:main/Picks")) == 120
    assert shop.on_ledger("lapsed@meta:main/Straps") == set()


def test_a_list_that_is_there_needs_no_more_room(open_shop):
    shop = open_shop(max_lists=2)
    categories(shop, "Amps", "Picks")
    shop.audience("lapsed", split_by={"column": "category", "min_members": 100})
    shop.publish(0)
    assert shop.sync() == 0
    shop.crowd(40, prefix="more", category="Amps")
    shop.publish(1)
    assert shop.sync() == 0
    assert len(shop.on_ledger("lapsed@meta:main/Amps")) == 160


def test_a_list_that_another_guard_holds_takes_nobodys_room(open_shop):
    shop = open_shop(max_lists=1)
    shop.crowd(3, prefix="few", category="Amps")
    shop.crowd(120, prefix="many", category="Picks")
    shop.audience("lapsed", split_by={"column": "category", "min_members": 1})
    shop.publish()
    assert set(held(shop)) == {"Amps"}, "which has too few people"


def test_with_more_room_the_list_is_made(open_shop):
    shop = open_shop(max_lists=1)
    categories(shop, "Amps", "Picks")
    shop.audience("lapsed", split_by={"column": "category", "min_members": 100})
    shop.publish()
    assert shop.sync() == 3
    release(shop.settings, "lapsed@meta:main/Picks", reason="Meta gave more room", now=shop.tick())
    assert shop.sync() == 0
    assert len(shop.on_ledger("lapsed@meta:main/Picks")) == 120
