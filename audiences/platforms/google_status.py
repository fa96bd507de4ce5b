"""What Google says of requests and lists, as our words. Reasons are its enum values; nothing else of it is shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.ads.datamanager_v1 import types

from audiences.platforms.base import ListStatus, Processing
from audiences.platforms.google_lists import plain_name

Status = types.RequestStatusPerDestination.RequestStatus
STATES = {
    Status.SUCCESS: "processed",
    Status.PARTIAL_SUCCESS: "processed",
    Status.FAILED: "failed",
    Status.PROCESSING: "working",
}
NETWORKS = ("display_network", "search_network", "youtube", "gmail")
RANGES = {
    types.MatchRateRange.MATCH_RATE_RANGE_LESS_THAN_20: "below 20 %",
    types.MatchRateRange.MATCH_RATE_RANGE_NOT_ELIGIBLE: "not told for so few",
}


def processing_of(answer: Any, external_id: str) -> Processing:
    """What became of one request at one list."""
    told = list(answer.request_status_per_destination)
    of_list = [one for one in told if one.destination.product_destination_id == external_id] or told
    if not of_list:
        return Processing("working")
    return _processing(of_list[0])


def _processing(told: Any) -> Processing:
    state: Any = STATES.get(told.request_status, "working")
    if state == "working":
        return Processing("working")
    counts = [(_word(one.reason), int(one.record_count)) for one in told.error_info.error_counts]
    warnings = [(_word(one.reason), int(one.record_count)) for one in told.warning_info.warning_counts]
    notes = [*_counted("refused", counts), *_counted("warned of", warnings), *_match_rate(told)]
    invalid = sum(count for _, count in counts) if counts else 0 if told.request_status == Status.SUCCESS else None
    return Processing(state, None, invalid, "; ".join(notes))


def _counted(verb: str, counts: Iterable[tuple[str, int]]) -> list[str]:
    words = [f"{reason} {count:,}" for reason, count in counts]
    return [f"{verb}: {', '.join(words)}"] if words else []


def _match_rate(told: Any) -> list[str]:
    rate = told.audience_members_ingestion_status.user_data_ingestion_status.upload_match_rate_range
    if not rate or not isinstance(rate, types.MatchRateRange):
        return []
    span = rate.name.removeprefix("MATCH_RATE_RANGE_").replace("_TO_", "–")
    return [f"match rate {RANGES.get(rate, f'{span} %')}"]


def _word(reason: Any) -> str:
    """A reason as a word; Google may have new ones, which come as numbers."""
    name = getattr(reason, "name", f"reason {int(reason)}")
    return str(name).removeprefix("PROCESSING_ERROR_REASON_").removeprefix("PROCESSING_WARNING_REASON_")


def list_status(listed: Any, external_id: str, min_members: int) -> ListStatus:
    """A list as Google sees it.

    Each network is told by itself and nobody says who is on two of them, so the largest and the sum are the bounds. All
    zero is what Google also says of a list whose size it hides.
    """
    sizes = [int(getattr(listed.size_info, f"{network}_members_count")) for network in NETWORKS]
    rate = int(listed.ingested_user_list_info.contact_id_info.match_rate_percentage)
    note = _note(listed, max(sizes), min_members)
    return ListStatus(
        external_id=external_id,
        name=plain_name(listed),
        size_lower=max(sizes),
        size_upper=sum(sizes) or None,
        usable=not note,
        note=note or "ready for use",
        match_rate=rate / 100 if rate else None,
    )


def _note(listed: Any, size: int, min_members: int) -> str:
    if listed.account_access_status == types.UserList.AccessStatus.DISABLED:
        return "the account may not use this list any more"
    if listed.membership_status == types.UserList.MembershipStatus.CLOSED:
        unused = listed.closing_reason == types.UserList.ClosingReason.UNUSED
        why = " because no campaign used it" if unused else ""
        return f"this list is closed{why} and takes no members: open it in Google Ads"
    if size < min_members:
        return (
            f"too small to be used, or not processed yet: Google wants about {min_members:,} people whom it recognises"
        )
    return ""
