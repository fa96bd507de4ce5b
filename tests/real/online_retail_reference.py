"""Lapsed buyers, product affinity and complementary prospects of Online Retail II in plain pandas and numpy.

Written from the definitions, straight from the Parquet file; shares no code and no SQL with the project.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

DAY = pd.Timedelta(days=1)
MIN_COUNT, MIN_SUPPORT, MIN_LIFT = 10, 0.0001, 1.2
RECENCY_ENDS = [14, 30, 60, 90, 120, 180, 270, 365]
FREQUENCY_ENDS = [0, 1, 2, 4, 7, 12]


@dataclass(frozen=True)
class Retail:
    """Order lines up to as_of with the shop's day of each order, and every product's newest name and price."""

    as_of: pd.Timestamp
    today: pd.Timestamp
    lines: pd.DataFrame
    names: pd.Series


def half_up(values: np.ndarray | pd.Series) -> np.ndarray:
    """Six decimals, halves away from zero."""
    return np.floor(np.asarray(values, dtype=float) * 1e6 + 0.5) / 1e6


def end_of_day(day: str) -> pd.Timestamp:
    """The last microsecond of a day in London, as naive UTC."""
    midnight = (pd.Timestamp(day) + DAY).tz_localize("Europe/London").tz_convert("UTC").tz_localize(None)
    return midnight - pd.Timedelta(microseconds=1)


def read_lines(parquet: Path) -> pd.DataFrame:
    """The lines that count: no cancellation, no adjustment, a customer, a quantity, a price, a product."""
    raw = pd.read_parquet(parquet)
    kept = raw[
        ~raw["invoice"].str[0].isin(["C", "A"])
        & raw["customer_id"].notna()
        & (raw["quantity"] > 0)
        & (raw["unit_price"] > 0)
        & raw["stock_code"].str.fullmatch(r"\d{5}[A-Za-z]*")
    ].copy()
    kept["customer"] = kept["customer_id"].astype("int64").astype(str)
    kept["product"] = kept["stock_code"].str.upper()
    kept["ordered_at"] = kept.groupby("invoice")["invoice_ts"].transform("min")
    local = kept["ordered_at"].dt.tz_localize("UTC").dt.tz_convert("Europe/London")
    kept["day"] = local.dt.tz_localize(None).dt.normalize()
    kept["amount"] = kept["quantity"] * (kept["unit_price"] * 10_000).round().astype("int64")  # in 1/10,000
    return kept


def retail_at(lines: pd.DataFrame, day: str) -> Retail:
    """What was known at the end of a day; names are the newest of the whole set, as a catalogue has no history."""
    as_of = end_of_day(day)
    newest = lines.sort_values(["invoice_ts", "line_id"]).groupby("product")["description"].last()
    names = newest.str.strip().str.replace(r"\s+", " ", regex=True)
    return Retail(as_of, pd.Timestamp(day), lines[lines["ordered_at"] <= as_of], names)


# ---- lapsed buyers --------------------------------------------------------------------------------------------------


def _cells(values: pd.Series, ends: list[int]) -> np.ndarray:
    return np.searchsorted(ends, values.to_numpy(), side="left")


def _seen_from(orders: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Customers with an order up to a day: their cells on that day."""
    past = orders[orders["day"] <= day].assign(silent=lambda rows: (day - rows["day"]).dt.days)
    seen = past.groupby("customer").agg(silent=("silent", "min"), orders=("silent", lambda days: (days < 365).sum()))
    return seen.assign(recency=_cells(seen["silent"], RECENCY_ENDS), frequency=_cells(seen["orders"], FREQUENCY_ENDS))


def return_curve(orders: pd.DataFrame, today: pd.Timestamp) -> pd.Series:
    """Chance of an order within 90 days by (recency cell, frequency cell), drawn towards the frequency's own chance."""
    history = (today - orders["day"].min()).days
    looks = []
    for back in (90, 120, 150, 180, *((365,) if history >= 730 else ())):
        day = today - back * DAY
        seen = _seen_from(orders, day)
        after = orders[(orders["day"] > day) & (orders["day"] <= day + 90 * DAY)]
        looks.append(seen.assign(returned=seen.index.isin(after["customer"])))
    looks = pd.concat(looks)
    rows = looks.groupby("frequency")["returned"].agg(["sum", "count"])
    grid = pd.MultiIndex.from_product([range(len(RECENCY_ENDS) + 1), rows.index], names=["recency", "frequency"])
    cells = looks.groupby(["recency", "frequency"])["returned"].agg(["sum", "count"]).reindex(grid, fill_value=0)
    share = rows.reindex(grid.get_level_values("frequency"))
    pulled = cells["sum"].to_numpy() + 10.0 * share["sum"].to_numpy() / share["count"].to_numpy()
    return pd.Series(half_up(pulled / (cells["count"].to_numpy() + 10)), index=grid)


def _rhythm(orders: pd.DataFrame) -> tuple[pd.DataFrame, float]:
    """Purchase days and longest gap by customer, and the gap that 80 % of all gaps do not exceed."""
    days = orders[["customer", "day"]].drop_duplicates().sort_values(["customer", "day"])
    days["gap"] = days.groupby("customer")["day"].diff().dt.days
    by_customer = days.groupby("customer").agg(days=("day", "size"), longest=("gap", "max"))
    return by_customer, round(float(np.percentile(days["gap"].dropna(), 80)), 6)


def lapsed_buyers(retail: Retail, lapsed_days: int = 180, lost_days: int = 365) -> pd.DataFrame:
    """Silent for more than `lapsed_days` and at most `lost_days`; by customer."""
    orders = retail.lines.drop_duplicates("invoice")[["invoice", "customer", "ordered_at", "day"]]
    last_order = orders.sort_values(["ordered_at", "invoice"], ascending=[False, True]).drop_duplicates("customer")
    last_lines = retail.lines[retail.lines["invoice"].isin(last_order["invoice"])]
    best = last_lines.sort_values(["amount", "product"], ascending=[False, True]).drop_duplicates("customer")
    rhythm, p80 = _rhythm(orders)
    now = _seen_from(orders, retail.today)
    curve = return_curve(orders, retail.today)
    table = pd.DataFrame(
        {
            "days_since_last_order": now["silent"],
            "order_count": orders.groupby("customer").size(),
            "lifetime_value": retail.lines.groupby("customer")["amount"].sum(),
            "p_return_90": curve.reindex(pd.MultiIndex.from_frame(now[["recency", "frequency"]])).set_axis(now.index),
            "last_product_id": best.set_index("customer")["product"],
        }
    ).join(rhythm)
    silent = table["days_since_last_order"]
    table["is_late"] = (table["days"] >= 4) & (silent > table["longest"]) & (silent > p80)
    table["reason"] = "last ordered " + silent.astype(str) + " days ago"
    return table[(silent > lapsed_days) & (silent <= lost_days)].drop(columns=["days", "longest"]).sort_index()


# ---- product affinity -----------------------------------------------------------------------------------------------


def _pair_counts(lines: pd.DataFrame, products: pd.Index) -> np.ndarray:
    """How many baskets hold both, for every two products; the diagonal is the product's own count."""
    counts = np.zeros((len(products), len(products)), dtype=np.int32)
    baskets = lines[["invoice", "product"]].drop_duplicates()
    for codes in pd.Series(products.get_indexer(baskets["product"])).groupby(baskets["invoice"].to_numpy()):
        places = codes[1].to_numpy()
        counts[np.ix_(places, places)] += 1
    return counts


def _bought_instead(lines: pd.DataFrame, products: pd.Index) -> np.ndarray:
    """Where buyers of the row return to it less than half as often once they know the column.

    Four counts of customers share one number per pair, 16 bits each: the set has fewer than 65,536 customers.
    """
    counts = np.zeros((len(products), len(products)), dtype=np.int64)
    bought = lines.groupby(["customer", "product"])["ordered_at"].agg(["min", "max"]).reset_index()
    bought["place"] = products.get_indexer(bought["product"])
    for _, own in bought.groupby("customer"):
        places, first, last = (own[name].to_numpy() for name in ("place", "min", "max"))
        again = (last > first)[:, None].astype(np.int64)
        later = (first[None, :] > first[:, None]).astype(np.int64)
        back = later * (last[:, None] > first[None, :])
        counts[np.ix_(places, places)] += 1 + (again << 16) + (later << 32) + (back << 48)
    shared, shared_again, switched, switched_back = (counts >> shift & 0xFFFF for shift in (0, 16, 32, 48))
    again = np.bincount(bought["place"], weights=bought["max"] > bought["min"], minlength=len(products)).astype(int)
    others = np.bincount(bought["place"], minlength=len(products))[:, None] - shared
    others_again = again[:, None] - shared_again
    return (switched >= 5) & (2 * switched_back * others < others_again * switched)


def _substitute_reason(code_a: str, code_b: str, words_a: frozenset[str], words_b: frozenset[str]) -> str | None:
    if code_a[:5] == code_b[:5]:
        return "same_code"
    shared = len(words_a & words_b)
    if not shared:
        return None
    overlap = shared / len(words_a | words_b)
    return "same_name" if overlap == 1 else "similar_name" if overlap >= 0.5 else None


def product_affinity(retail: Retail, variant_words: set[str]) -> pd.DataFrame:
    """Every directed pair with its numbers, in the order of (product_a_id, product_b_id)."""
    products = pd.Index(sorted(retail.lines["product"].unique()))
    counts = _pair_counts(retail.lines, products)
    basket_count = retail.lines["invoice"].nunique()
    own = counts.diagonal().copy()
    np.fill_diagonal(counts, 0)
    a, b = np.nonzero((counts >= MIN_COUNT) & (half_up(counts / basket_count) >= MIN_SUPPORT))
    n = counts[a, b].astype(np.int64)
    n_a, n_b = own[a].astype(np.int64), own[b].astype(np.int64)
    words = [frozenset(re.findall(r"[^\W\d_]+", name.lower())) - variant_words for name in retail.names[products]]
    reasons = [_substitute_reason(products[x], products[y], words[x], words[y]) for x, y in zip(a, b, strict=True)]
    instead = _bought_instead(retail.lines, products)[a, b]
    table = pd.DataFrame(
        {
            "product_a_id": products[a],
            "product_b_id": products[b],
            "n": n,
            "n_a": n_a,
            "n_b": n_b,
            "basket_count": basket_count,
            "support": half_up(n / basket_count),
            "confidence": half_up(n / n_a),
            "lift": half_up(n * basket_count / (n_a * n_b)),
            "substitute_reason": [
                reason or ("bought_instead" if other else None) for reason, other in zip(reasons, instead, strict=True)
            ],
        }
    )
    table["is_substitute"] = table["substitute_reason"].notna()
    table["is_complement"] = ~table["is_substitute"] & (table["lift"] >= MIN_LIFT)
    best = table[table["is_complement"]].sort_values(
        ["confidence", "n", "product_a_id", "product_b_id"], ascending=[False, False, True, True]
    )
    table["complement_rank"] = pd.Series(range(1, len(best) + 1), index=best.index)
    return table


# ---- complementary prospects ----------------------------------------------------------------------------------------


def complementary_prospects(retail: Retail, affinity: pd.DataFrame) -> pd.DataFrame:
    """Per customer the three best products that go with something bought within 90 days and were never bought."""
    best = affinity[affinity["is_complement"]].sort_values("complement_rank").reset_index(drop=True)
    products = pd.Index(sorted(retail.lines["product"].unique()))
    nowhere = len(best)
    places = np.full((len(products), len(products)), nowhere, dtype=np.int32)
    places[products.get_indexer(best["product_a_id"]), products.get_indexer(best["product_b_id"])] = best.index
    recent = retail.lines[(retail.today - retail.lines["day"]).dt.days < 90]
    ever = retail.lines.groupby("customer")["product"].unique()
    found: list[tuple[str, int, int]] = []
    for customer, anchors in recent.groupby("customer")["product"].unique().items():
        offers = places[products.get_indexer(anchors)].min(axis=0)
        offers[products.get_indexer(ever[customer])] = nowhere
        three = np.sort(np.partition(offers, 3)[:3])
        found += [(customer, rank, place) for rank, place in enumerate(three, start=1) if place < nowhere]
    table = pd.DataFrame(found, columns=["customer", "rank", "place"])
    rows = best.loc[table["place"]].reset_index(drop=True)
    return pd.DataFrame(
        {
            "customer": table["customer"],
            "rank": table["rank"],
            "anchor_product_id": rows["product_a_id"],
            "recommended_product_id": rows["product_b_id"],
            "confidence": rows["confidence"],
            "lift": rows["lift"],
            "complement_rank": rows["complement_rank"].astype("int64"),
        }
    ).sort_values(["customer", "rank"], ignore_index=True)
