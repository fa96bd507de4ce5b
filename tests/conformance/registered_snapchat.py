"""Snapchat's registration."""

from conformance_registration import TOKEN, Registration

from audiences.errors import AuthError, Gone, RateLimited, RejectedRequest, RejectedRows, Unavailable
from audiences.sandbox.snapchat import SnapchatControl

REGISTRATION = Registration(
    name="snapchat",
    platform="snapchat",
    account=lambda unique: {"id": f"snap-{unique}", "access_token": TOKEN},
    beliefs=SnapchatControl().model_dump(),
    bad_row={"do": "error", "status": 400},
    shows_who_is_who=False,
    bodies_per_batch=2,
    faults=(
        ({"do": "expired_token"}, AuthError),
        ({"do": "no_permission"}, AuthError),
        ({"do": "error", "status": 418}, RejectedRequest),
        ({"do": "error", "status": 400}, RejectedRows),
        ({"do": "html", "status": 413}, RejectedRows),
        ({"do": "list_deleted"}, Gone),
        ({"do": "throttle"}, RateLimited),
        ({"do": "server_error"}, Unavailable),
        ({"do": "error", "status": 409}, Unavailable),
        ({"do": "html"}, Unavailable),
        ({"do": "cut_before"}, Unavailable),
        ({"do": "cut_after"}, Unavailable),
    ),
)
