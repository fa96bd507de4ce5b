"""The main way: people reach the list, a second run sends nothing, the next day sends the difference."""

from __future__ import annotations


def test_people_on_the_list_are_the_members(shop):
    everybody = shop.crowd()
    shop.audience("lapsed")
    shop.publish()
    assert shop.sync() == 0
    assert shop.people_on() == everybody
    assert shop.on_ledger() == everybody
