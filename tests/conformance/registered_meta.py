"""Meta's registration."""

from conformance_registration import TOKEN, Registration

from audiences.errors import AuthError, Gone, RateLimited, RejectedRequest, RejectedRows, Unavailable
from audiences.sandbox.meta import MetaControl

REGISTRATION = Registration(
    name="meta",
    platform="meta",
    account=lambda unique: {"id": f"act_{unique}", "access_token": TOKEN},
    beliefs=MetaControl(usage_percent=0).model_dump(),
    bad_row={"do": "error", "code": 100},
    faults=(
        ({"do": "expired_token"}, AuthError),
        ({"do": "no_permission"}, AuthError),
        ({"do": "terms"}, AuthError),
        ({"do": "error", "code": 2635}, RejectedRequest),
        ({"do": "error", "code": 100}, RejectedRows),
        ({"do": "html", "status": 413}, RejectedRows),
        ({"do": "list_deleted"}, Gone),
        ({"do": "throttle"}, RateLimited),
        ({"do": "server_error"}, Unavailable),
        ({"do": "html"}, Unavailable),
        ({"do": "cut_before"}, Unavailable),
        ({"do": "cut_after"}, Unavailable),
    ),
)
