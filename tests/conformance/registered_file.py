"""The registration of files to be uploaded by hand, in the template with columns that are no hashes."""

from conformance_registration import Registration

REGISTRATION = Registration(
    name="file",
    platform="file",
    account=lambda unique: {"template": "google"},
    faults=(),
    bad_row={},
    secrets=(),
    plain={"Country": "QZ", "Zip": "QZ77-QZ77-QZ"},
    is_a_folder=True,
    account_of=lambda account: account["folder"],
)
