"""TikTok's registration, as streaming segments."""

from conformance_registration import TOKEN, Registration

from audiences.errors import AuthError, Gone, PlatformError, RateLimited, RejectedRequest, RejectedRows, Unavailable
from audiences.sandbox.tiktok import TikTokControl

FAULTS: tuple[tuple[dict[str, object], type[PlatformError]], ...] = (
    ({"do": "expired_token"}, AuthError),
    ({"do": "no_permission"}, AuthError),
    ({"do": "error", "code": 40101}, AuthError),
    ({"do": "error", "code": 49999}, RejectedRequest),
    ({"do": "throttle"}, RateLimited),
    ({"do": "error", "code": 1, "status": 429}, RateLimited),
    ({"do": "server_error"}, Unavailable),
    ({"do": "error", "code": 40700}, Unavailable),
    ({"do": "html"}, Unavailable),
    ({"do": "cut_before"}, Unavailable),
    ({"do": "cut_after"}, Unavailable),
)
REGISTRATION = Registration(
    name="tiktok",
    platform="tiktok",
    account=lambda unique: {"id": str(int(unique, 16)), "access_token": TOKEN},
    beliefs=TikTokControl().model_dump(),
    bad_row={"do": "error", "code": 40002},
    unsent=("EMAIL_SHA256 (2)", "PHONE_SHA256 (2)"),
    faults=(
        *FAULTS,
        ({"do": "error", "code": 40002}, RejectedRows),
        ({"do": "html", "status": 413}, RejectedRows),
        ({"do": "list_deleted"}, Gone),
    ),
)
