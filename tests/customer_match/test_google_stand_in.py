"""Google's stand-in over plain HTTP: what the contract refuses is refused, with the field's path."""

from __future__ import annotations

import copy

import pytest

from audiences.errors import AuthError, RejectedRequest

HASH = "0123456789abcdef" * 4
NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
ADDRESS = {"givenName": HASH, "familyName": HASH, "regionCode": "US", "postalCode": "02139"}
GRANTED = {"adUserData": "CONSENT_GRANTED", "adPersonalization": "CONSENT_GRANTED"}
GONE = object()


@pytest.fixture
def upload(account_id, external_id):
    """An upload that the stand-in takes."""
    account = {"accountType": "GOOGLE_ADS", "accountId": account_id}
    return {
        "destinations": [{"operatingAccount": account, "loginAccount": account, "productDestinationId": external_id}],
        "audienceMembers": [
            {"userData": {"userIdentifiers": [{"emailAddress": HASH}, {"address": ADDRESS}]}, "consent": GRANTED},
            {"userData": {"userIdentifiers": [{"phoneNumber": HASH}]}, "consent": GRANTED},
        ],
        "encoding": "HEX",
        "termsOfService": {"customerMatchTermsOfServiceStatus": "ACCEPTED"},
    }


@pytest.fixture
def refused(plain):
    """Reason and field paths of the refusal of a member request; None for one that is taken."""

    def ask(body, kind="ingest"):
        answer = plain.post(f"/audienceMembers:{kind}", json=body)
        return None if answer.is_success else refusal(answer)

    return ask


def refusal(answer):
    details = {one["@type"].rpartition(".")[2]: one for one in answer.json()["error"]["details"]}
    fields = [one["field"] for one in details.get("BadRequest", {}).get("fieldViolations", [])]
    return details["ErrorInfo"]["reason"], *fields


def changed(body, path, value):
    """The body with another value at a path; the value GONE takes it away."""
    body = copy.deepcopy(body)
    place = body
    *parents, last = path
    for name in parents:
        place = place[name]
    if value is GONE:
        del place[last]
    else:
        place[last] = value
    return body


MEMBER = ("audienceMembers", 1)
IDENTIFIERS = (*MEMBER, "userData", "userIdentifiers")
PERSON = "audienceMembers[1].userData.userIdentifiers"
OTHER_ADDRESS = (*("audienceMembers", 0, "userData", "userIdentifiers"), 1, "address")
PLACE = "audienceMembers[0].userData.userIdentifiers[1].address"


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("foo",), 1, ("INVALID_ARGUMENT", "foo")),
        ((*IDENTIFIERS, 0), {"emailAdress": HASH}, ("INVALID_ARGUMENT", f"{PERSON}[0].emailAdress")),
        (("encoding",), "HEXX", ("INVALID_ENUM_VALUE", "encoding")),
        (("validateOnly",), "yes", ("INVALID_FORMAT", "validateOnly")),
        (("audienceMembers",), {"a": 1}, ("INVALID_FORMAT", "")),
        (("destinations",), [], ("REQUIRED_FIELD_MISSING", "destinations")),
        (("destinations", 0, "operatingAccount"), GONE, ("REQUIRED_FIELD_MISSING", "destinations[0].operatingAccount.accountId")),
        (("destinations", 0, "operatingAccount", "accountType"), "DATA_PARTNER", ("INVALID_DESTINATION", "destinations[0].operatingAccount")),
        (("destinations", 0, "productDestinationId"), GONE, ("REQUIRED_FIELD_MISSING", "destinations[0].productDestinationId")),
        (("destinations", 0, "productDestinationId"), "99", ("INVALID_USER_LIST_ID", "destinations[0].productDestinationId")),
        (("audienceMembers",), [], ("REQUIRED_FIELD_MISSING", "audienceMembers")),
        (("encoding",), GONE, ("REQUIRED_FIELD_MISSING", "encoding")),
        (("termsOfService",), GONE, ("TERMS_AND_CONDITIONS_NOT_SIGNED", "termsOfService.customerMatchTermsOfServiceStatus")),
        ((*MEMBER, "userData"), GONE, ("MULTIPLE_DATA_TYPES_NOT_ALLOWED", "audienceMembers")),
        (MEMBER, {"mobileData": {"mobileIds": ["a"]}, "consent": GRANTED}, ("MULTIPLE_DATA_TYPES_NOT_ALLOWED", "audienceMembers")),
        (("audienceMembers",), [{"mobileData": {"mobileIds": ["a"]}}], ("INVALID_USER_LIST_TYPE", "audienceMembers[0]")),
        (IDENTIFIERS, [], ("NO_IDENTIFIERS_PROVIDED", PERSON)),
        (IDENTIFIERS, [{"emailAddress": HASH}] * 11, ("TOO_MANY_USER_IDENTIFIERS", PERSON)),
        (IDENTIFIERS, [{}], ("REQUIRED_FIELD_MISSING", f"{PERSON}[0]")),
        ((*IDENTIFIERS, 0, "phoneNumber"), HASH[:-1], ("INVALID_FORMAT", f"{PERSON}[0].phoneNumber")),
        ((*IDENTIFIERS, 0, "phoneNumber"), HASH.upper(), ("INVALID_FORMAT", f"{PERSON}[0].phoneNumber")),
        ((*IDENTIFIERS, 0, "phoneNumber"), "+15551234567", ("INVALID_HEX_ENCODING", f"{PERSON}[0].phoneNumber")),
        ((*IDENTIFIERS, 0, "phoneNumber"), NOTHING, ("INVALID_FORMAT", f"{PERSON}[0].phoneNumber")),
        ((*OTHER_ADDRESS, "postalCode"), GONE, ("REQUIRED_FIELD_MISSING", f"{PLACE}.postalCode")),
        ((*OTHER_ADDRESS, "postalCode"), "?", ("INVALID_POSTAL_CODE", f"{PLACE}.postalCode")),
        ((*OTHER_ADDRESS, "regionCode"), "us", ("INVALID_REGION_CODE", f"{PLACE}.regionCode")),
        ((*OTHER_ADDRESS, "givenName"), "ann", ("INVALID_HEX_ENCODING", f"{PLACE}.givenName")),
        ((*MEMBER, "destinationReferences"), ["a"], ("INVALID_DESTINATION", "audienceMembers[1].destinationReferences")),
    ],
)  # fmt: skip
def test_a_wrong_upload_is_refused_whole_with_the_fields_path(
    upload, refused, people_on, external_id, path, value, expected
):
    assert refused(upload) is None
    people = people_on(external_id)
    assert refused(changed(upload, path, value)) == expected
    assert people_on(external_id) == people == 1


def test_requests_have_a_most_of_everything(upload, refused):
    many = changed(upload, ("audienceMembers",), [upload["audienceMembers"][1]] * 10_001)
    assert refused(many) == ("TOO_MANY_AUDIENCE_MEMBERS", "audienceMembers")
    destinations = upload["destinations"] * 11
    assert refused(changed(upload, ("destinations",), destinations)) == ("TOO_MANY_DESTINATIONS", "destinations")
    named = [{**upload["destinations"][0], "reference": "a"}] * 2
    assert refused(changed(upload, ("destinations",), named)) == ("DUPLICATE_DESTINATION_REFERENCE", "destinations")


def test_a_body_that_is_no_object_is_refused(plain):
    for body in ("[", "[]", "text"):
        assert refusal(plain.post("/audienceMembers:ingest", content=body)) == ("INVALID_ARGUMENT",)


def test_a_removal_needs_neither_consent_nor_terms(upload, refused, people_on, external_id):
    refused(upload)
    assert refused(upload, "remove") == ("INVALID_ARGUMENT", "termsOfService")
    assert people_on(external_id) == 1
    members = [{"userData": member["userData"]} for member in upload["audienceMembers"]]
    removal = {**changed(upload, ("termsOfService",), GONE), "audienceMembers": members}
    assert refused(removal, "remove") is None
    assert people_on(external_id) == 0


def test_names_and_addresses_may_be_base64(upload, refused):
    code = "UJ6TMBm7KFoTSpM0uLtnnf950M4CPVKa9L10TUe0/Yo="
    members = [{"userData": {"userIdentifiers": [{"emailAddress": code}]}, "consent": GRANTED}]
    body = {**upload, "audienceMembers": members, "encoding": "BASE64"}
    assert refused(body) is None
    assert refused({**body, "encoding": "HEX"})[0] == "INVALID_HEX_ENCODING"


@pytest.mark.parametrize(
    ("consent", "reason"),
    [
        (GONE, "PROCESSING_ERROR_REASON_NO_CONSENT"),
        ({"adUserData": "CONSENT_GRANTED"}, "PROCESSING_ERROR_REASON_NO_CONSENT"),
        ({**GRANTED, "adPersonalization": "CONSENT_DENIED"}, "PROCESSING_ERROR_REASON_DENIED_CONSENT"),
    ],
)
def test_a_member_without_consent_is_dropped_when_it_is_processed(
    upload, plain, sandbox, external_id, believe, refused, consent, reason
):
    from google.ads.datamanager_v1.types import ProcessingErrorReason

    body = changed(upload, (*MEMBER, "consent"), consent)
    request_id = plain.post("/audienceMembers:ingest", json=body).json()["requestId"]
    (told,) = plain.get("/requestStatus:retrieve", params={"requestId": request_id}).json()[
        "requestStatusPerDestination"
    ]
    assert told["requestStatus"] == 4
    assert told["errorInfo"]["errorCounts"] == [{"recordCount": "1", "reason": int(ProcessingErrorReason[reason])}]
    assert len(sandbox.inspect("google").list(external_id)["rows"]) == 1
    believe(missing_consent="refuse")
    assert refused(body) == ("REQUIRED_FIELD_MISSING", "audienceMembers[1].consent")


def test_the_members_consent_goes_before_the_requests(upload, refused, sandbox, external_id):
    asked = {**changed(upload, (*MEMBER, "consent"), GONE), "consent": GRANTED}
    assert refused(asked) is None
    assert len(sandbox.inspect("google").list(external_id)["rows"]) == 2


def test_an_upload_may_go_to_several_lists(upload, refused, google, remote, people_on, external_id, plain):
    second = google.ensure(remote(list_id="other@google:main", name="Other"))
    destinations = [upload["destinations"][0], {**upload["destinations"][0], "productDestinationId": second}]
    answer = plain.post("/audienceMembers:ingest", json={**upload, "destinations": destinations}).json()
    told = plain.get("/requestStatus:retrieve", params=answer).json()["requestStatusPerDestination"]
    assert [one["destination"]["productDestinationId"] for one in told] == [external_id, second]
    assert people_on(external_id) == people_on(second) == 1


def test_validating_changes_nothing(upload, plain, people_on, external_id):
    answer = plain.post("/audienceMembers:ingest", json={**upload, "validateOnly": True})
    assert (answer.status_code, answer.json()) == (200, {})
    assert people_on(external_id) == 0


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"displayName": " "}, ("REQUIRED_FIELD_MISSING", "userList.displayName")),
        ({"displayName": "Lapsed buyers"}, ("DISPLAY_NAME_ALREADY_USED", "userList.displayName")),
        ({"membershipDuration": "100s"}, ("INVALID_ARGUMENT", "userList.membershipDuration")),
        ({"membershipDuration": f"{541 * 86_400}s"}, ("MEMBERSHIP_DURATION_TOO_LONG", "userList.membershipDuration")),
        ({"ingestedUserListInfo": {}}, ("REQUIRED_FIELD_MISSING", "userList.ingestedUserListInfo.uploadKeyTypes")),
        (
            {"ingestedUserListInfo": {"uploadKeyTypes": ["CONTACT_ID", "USER_ID"]}},
            ("UNSUPPORTED_USER_LIST_UPLOAD_KEY_TYPES", "userList.ingestedUserListInfo.uploadKeyTypes"),
        ),
        ({"name_": "x"}, ("INVALID_ARGUMENT", "name_")),
    ],
)
def test_a_wrong_list_is_refused(plain, account_id, external_id, values, expected):
    lists = f"accountTypes/GOOGLE_ADS/accounts/{account_id}/userLists"
    good = {"displayName": "New", "ingestedUserListInfo": {"uploadKeyTypes": ["CONTACT_ID"]}}
    assert plain.post(lists, json=good, params={"validateOnly": "true"}).is_success
    assert refusal(plain.post(lists, json={**good, **values})) == expected


def test_what_cannot_be_changed_of_a_list_is_refused(plain, account_id, external_id):
    address = f"accountTypes/GOOGLE_ADS/accounts/{account_id}/userLists/{external_id}"
    assert refusal(plain.patch(address, json={}))[0] == "INVALID_UPDATE_MASK"
    masks = {"id": "INVALID_UPDATE_MASK", "ingestedUserListInfo": "IMMUTABLE_FIELD_FOR_UPDATE"}
    for mask, reason in masks.items():
        assert refusal(plain.patch(address, json={}, params={"updateMask": mask}))[0] == reason


def test_lists_come_in_pages_and_by_their_code(plain, account_id, google, remote):
    for number in range(5):
        google.ensure(remote(list_id=f"a{number}@google:main", name=f"Audience {number}"))
    lists = f"accountTypes/GOOGLE_ADS/accounts/{account_id}/userLists"
    names, token = [], ""
    while True:
        page = plain.get(lists, params={"pageSize": 2, "pageToken": token}).json()
        names += [kept["displayName"] for kept in page["userLists"]]
        token = page.get("nextPageToken", "")
        if not token:
            break
    assert sorted(names) == [f"Audience {number}" for number in range(5)]
    code = 'integration_code = "boomerang:demo:ledger1:a3@google:main"'
    assert [kept["displayName"] for kept in plain.get(lists, params={"filter": code}).json()["userLists"]] == [
        "Audience 3"
    ]
    assert refusal(plain.get(lists, params={"filter": "size > 3"}))[0] == "INVALID_FILTER"
    assert refusal(plain.get(lists, params={"pageToken": "?"}))[0] == "INVALID_PAGE_TOKEN"


def test_nobody_sees_the_list_of_another_account(plain, account_id, external_id):
    other = f"accountTypes/GOOGLE_ADS/accounts/1{account_id[1:][::-1]}/userLists/{external_id}"
    assert refusal(plain.get(other))[0] == "NOT_FOUND"


def test_a_request_without_a_known_token_is_refused(plain):
    answer = plain.get("/requestStatus:retrieve", params={"requestId": "x"}, headers={"authorization": "Bearer other"})
    assert (answer.status_code, answer.json()["error"]["status"]) == (401, "UNAUTHENTICATED")


def test_the_quota_says_which_and_how_long(upload, plain, believe):
    believe(requests_per_minute=1, requests_per_day=2)
    answers = [plain.post("/audienceMembers:ingest", json=upload) for _ in range(2)]
    details = {one["@type"].rpartition(".")[2]: one for one in answers[1].json()["error"]["details"]}
    assert [answer.status_code for answer in answers] == [200, 429]
    assert "PerMinute" in details["ErrorInfo"]["metadata"]["quota_limit"]
    assert details["RetryInfo"]["retryDelay"].endswith("s")


def test_other_addresses_are_a_page_as_of_a_gateway(plain):
    assert plain.get("nothing/here").status_code == 404
    assert plain.post("/events:ingest", json={}).status_code == 404


def test_a_sandbox_without_google_does_not_import_its_client():
    import subprocess
    import sys

    code = (
        "import sys; from audiences.sandbox.app import create_app; create_app();"
        " sys.exit(any(name.startswith('google.ads') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("deed", "kind"),
    [("no_permission", AuthError), ("terms", AuthError), ("flagged", RejectedRequest), ("expired_token", AuthError)],
)
def test_what_needs_a_human_is_refused_in_googles_words(google, external_id, batch, row_of, fails, time, deed, kind):
    fails(deed, "add", times="always")
    with pytest.raises(kind):
        google.add(external_id, batch(row_of("ann@example.com")))
    assert time.slept == []


def test_a_list_renamed_meanwhile_takes_the_upload_all_the_same(google, external_id, batch, row_of, fails, people_on):
    fails("list_renamed", "add", name="Spring campaign")
    google.add(external_id, batch(row_of("ann@example.com")))
    assert (google.status(external_id).name, people_on(external_id)) == ("Spring campaign", 1)
