"""Somebody asks to be forgotten: off every list at once, and a receipt."""

from __future__ import annotations

import json

import pytest
from erasure_shop import LIST

from audiences.errors import ConfigError


def test_who_asks_by_e_mail_is_off_the_list_and_nobody_else_is(shop):
    everybody = shop.filled("ann")
    receipt = shop.forget(shop.mail("ann"))
    assert receipt.state == "done"
    assert receipt.customers == 1
    (one,) = receipt.lists
    assert (one.list, one.state, one.level, one.members) == (LIST, "removed", "accepted", 1)
    assert one.request_id
    assert one.external_id == shop.remote_id()
    assert not shop.is_on("ann")
    assert shop.people_on() == shop.on_ledger() == everybody - {"ann"}
