"""What the noticeboard takes, for both sides of the wire; the numbers are small so that a test reaches them."""

from __future__ import annotations

from audiences.platforms.base import Field, Limits

FIELDS = (
    Field("EMAIL", "email_plain", identifies=True),
    Field("PHONE", "phone_plus", identifies=True),
    Field("COUNTRY", "meta_country"),
)
NAMES = [field.name for field in FIELDS]
LIMITS = Limits(
    rows_per_request=500,
    bytes_per_request=40_000,  # reached before 500 full rows are
    requests_per_hour=36_000,
    requests_in_flight=4,
    min_members=20,
    max_lists=50,
    max_keep_days=30,
)
KEEP_DAYS = 30
"""How long a member stays where nobody says for how long."""
TICKETS_PER_REQUEST = 20
TICKET_DAYS = 7
"""How long the noticeboard knows what became of a request."""
HASH_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
