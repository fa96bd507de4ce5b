"""Pinterest's registration."""

from conformance_registration import TOKEN, Registration

from audiences.errors import AuthError, Gone, RateLimited, RejectedRequest, RejectedRows, Unavailable
from audiences.sandbox.pinterest import PinterestControl

REGISTRATION = Registration(
    name="pinterest",
    platform="pinterest",
    account=lambda unique: {"id": str(int(unique, 16)), "access_token": TOKEN},
    beliefs=PinterestControl().model_dump(),
    bad_row={"do": "error", "status": 400},
    can_delete=False,
    faults=(
        ({"do": "expired_token"}, AuthError),
        ({"do": "no_permission"}, AuthError),
        ({"do": "error", "status": 418}, RejectedRequest),
        ({"do": "error", "status": 400}, RejectedRows),
        ({"do": "error", "status": 422}, RejectedRows),
        ({"do": "html", "status": 413}, RejectedRows),
        ({"do": "list_deleted"}, Gone),
        ({"do": "throttle"}, RateLimited),
        ({"do": "error", "status": 409}, Unavailable),
        ({"do": "server_error"}, Unavailable),
        ({"do": "html"}, Unavailable),
        ({"do": "cut_before"}, Unavailable),
        ({"do": "cut_after"}, Unavailable),
    ),
)
