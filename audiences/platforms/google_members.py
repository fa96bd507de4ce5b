"""Requests about the members of lists: made, sent, asked after."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from google.ads.datamanager_v1 import types
from google.protobuf.timestamp_pb2 import Timestamp

from audiences.domain import HashRow
from audiences.errors import RejectedRequest
from audiences.platforms.base import Processing
from audiences.platforms.google_account import GoogleAccount
from audiences.platforms.google_errors import UNKNOWN_REQUEST, About
from audiences.platforms.google_payload import add_members
from audiences.platforms.google_status import processing_of
from audiences.platforms.google_wire import Wire

Pieces = Sequence[Sequence[HashRow]]
"""One member's rows each."""
Add, Remove = types.IngestAudienceMembersRequest, types.RemoveAudienceMembersRequest
GOOGLE_ADS = types.ProductAccount.AccountType.GOOGLE_ADS


class Members:
    """The members of an account's lists. Safe to use from several threads."""

    def __init__(self, account: GoogleAccount, wire: Wire) -> None:
        self._account, self._wire = account, wire

    def add(self, external_id: str, pieces: Pieces, *, validate_only: bool = False) -> str:
        """Add the people behind the rows, or only have it checked; returns Google's id of the request."""
        request = Add(
            destinations=[self._destination(external_id)],
            encoding=types.Encoding.HEX,
            terms_of_service=types.TermsOfService(
                customer_match_terms_of_service_status=types.TermsOfServiceStatus.ACCEPTED
            ),
            validate_only=validate_only,
        )
        add_members(Add.pb(request).audience_members, pieces, with_consent=True)
        return self._sent("ingest_audience_members", request, pieces)

    def remove(self, external_id: str, pieces: Pieces, *, validate_only: bool = False) -> str:
        """Remove the people behind the rows, or only have it checked; returns Google's id of the request."""
        destinations = [self._destination(external_id)]
        request = Remove(destinations=destinations, encoding=types.Encoding.HEX, validate_only=validate_only)
        add_members(Remove.pb(request).audience_members, pieces, with_consent=False)
        return self._sent("remove_audience_members", request, pieces)

    def remove_all(self, external_id: str, before: datetime) -> str:
        """Remove everybody who was last added before that time, which has its zone; twice with one time is once."""
        until = Timestamp()
        until.FromDatetime(before)
        request = types.RemoveAllAudienceMembersRequest(
            destinations=[self._destination(external_id)], remove_as_of_time=until
        )
        return str(self._wire.get("remove_all_audience_members", request).request_id)

    def processing(self, external_id: str, handle: str) -> Processing:
        """What became of one request at the list."""
        request = types.RetrieveRequestStatusRequest(request_id=handle)
        try:
            return processing_of(self._wire.get("retrieve_request_status", request), external_id)
        except RejectedRequest as error:
            if error.code not in UNKNOWN_REQUEST:
                raise
            return Processing("unknown", note="Google does not tell of this request any more")

    def _sent(self, method: str, request: Any, pieces: Pieces) -> str:
        about: About = "row" if len(pieces) == 1 else "rows"
        return str(self._wire.get(method, request, about).request_id)

    def _destination(self, external_id: str) -> Any:
        login = self._account.login_account or self._account.id
        return types.Destination(
            operating_account=types.ProductAccount(account_type=GOOGLE_ADS, account_id=self._account.id),
            login_account=types.ProductAccount(account_type=GOOGLE_ADS, account_id=login),
            product_destination_id=external_id,
        )
