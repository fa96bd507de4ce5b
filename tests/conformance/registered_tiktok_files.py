"""TikTok's registration, as customer files."""

from dataclasses import replace

from registered_tiktok import FAULTS
from registered_tiktok import REGISTRATION as STREAMING

from audiences.errors import Gone, RejectedRequest
from audiences.sandbox.tiktok import TikTokControl

REGISTRATION = replace(
    STREAMING,
    name="tiktok_files",
    account=lambda unique: {**STREAMING.account(unique), "upload": "files"},
    beliefs=TikTokControl(min_file_people=0).model_dump(),
    bad_row={},  # a row that TikTok cannot read is left out of the file by TikTok, which tells nothing of it
    unsent=(),
    bodies_per_batch=2,
    faults=(*FAULTS, ({"do": "error", "code": 40002}, RejectedRequest), ({"do": "list_deleted"}, Gone)),
)
