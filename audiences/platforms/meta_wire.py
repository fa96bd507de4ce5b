"""One ad account's connection to the Graph API through Meta's SDK: token, form bodies, pace, retries, errors.

The SDK prints requests in its errors and the token stands in its addresses. So no exception of it leaves this module in
any form, and the HTTP library's log lines lose their tokens.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

import requests
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookError, FacebookRequestError
from facebook_business.session import FacebookSession
from requests.adapters import HTTPAdapter
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from audiences.errors import PlatformError, RateLimited, Unavailable
from audiences.log import redact
from audiences.platforms.far_clock import FarClock
from audiences.platforms.limits import read_numbers
from audiences.platforms.meta_account import MetaAccount
from audiences.platforms.meta_errors import HTTP_TOO_LARGE, About, error_of
from audiences.platforms.meta_payload import EncodedPayload
from audiences.platforms.meta_usage import Pace, usage_of

CONNECT_SECONDS = 10.0
LOOPBACK = ("127.0.0.1", "::1", "localhost")
FORM = "application/x-www-form-urlencoded"
REQUEST_ID_HEADERS = ("x-fb-request-id", "x-fb-trace-id")
TALKATIVE = ("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry")

Params = Mapping[str, Any]
Result = TypeVar("Result")


class _Quiet(logging.Filter):
    """Takes tokens out of the HTTP library's log lines."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        return True


_QUIET = _Quiet()


class BodyTooLarge(requests.RequestException):
    """HTTP 413, whatever page came with it: the SDK trips over some, and the status would be lost."""


class FormRequests(requests.Session):
    """Makes form bodies like `requests`, but without looking at each byte of a payload that is encoded already."""

    def request(self, method: str, url: str, data: Any = None, headers: Any = None, **others: Any) -> Any:  # type: ignore[override]
        """Send one request; the payload goes last in the body. Raises BodyTooLarge."""
        if isinstance(data, dict):
            payload = data.pop("payload", None)
            encoded = [urlencode(data)] if data else []
            if payload is not None:
                is_encoded = isinstance(payload, EncodedPayload)
                encoded.append("payload=" + payload if is_encoded else urlencode({"payload": payload}))
            data = "&".join(encoded).encode("ascii")
            headers = {**(headers or {}), "Content-Type": FORM}
        response = super().request(method, url, data=data, headers=headers, **others)
        if response.status_code == HTTP_TOO_LARGE:
            raise BodyTooLarge
        return response


@dataclass(frozen=True)
class Answer:
    """What Meta answered: its JSON object, and its id of the request."""

    body: dict[str, Any]
    request_id: str | None


class Wire:
    """Calls the Graph API for one account; holds its connections. Safe to use from several threads."""

    def __init__(
        self,
        account: MetaAccount,
        endpoint: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        for name in TALKATIVE:
            logging.getLogger(name).addFilter(_QUIET)
        self._session = _session(account, endpoint)
        self._api = FacebookAdsApi(self._session, account.api_version)
        self._account, self._endpoint, self._sleep = account, endpoint, sleep
        self.clock = FarClock()
        slow_from = read_numbers("meta")["slow_from_percent"].value or 100
        self._pace = Pace(slow_from=slow_from, max_wait=account.max_wait_seconds, clock=clock, sleep=sleep)

    @property
    def budget_used(self) -> float:
        """The share of the hourly budget that the newest answer tells, 0 to 1 or more."""
        return self._pace.used

    def close(self) -> None:
        """Close the connections."""
        self._session.requests.close()

    def get(self, *path: str, **params: Any) -> dict[str, Any]:
        """Read, trying again while Meta is down or asks for a short wait."""
        return self.repeat(lambda: self.once("GET", path, params)).body

    def repeat(self, call: Callable[[], Result]) -> Result:
        """Make a call that is safe to make twice, with growing pauses, as often as the account's settings allow."""
        retrying = Retrying(
            retry=retry_if_exception(self._is_worth_another_try),
            wait=_pause,
            stop=stop_after_attempt(self._account.tries),
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(call)

    def once(self, method: str, path: tuple[str, ...], params: Params, *, rows: int = 0) -> Answer:
        """Make one call. Raises one of our errors, which carries nothing of the request and has no cause.

        Args:
            method: The HTTP method.
            path: What follows the version in the address.
            params: The call's parameters; they go into the body of a POST.
            rows: How many rows of a list the call brings.
        """
        self._pace.await_turn()
        answered = self._answered(method, path, params, self._about(path, rows))
        if isinstance(answered, RateLimited):
            self._pace.block(answered.wait)
        if isinstance(answered, PlatformError):
            raise answered
        return answered

    def _about(self, path: tuple[str, ...], rows: int) -> About:
        if rows:
            return "row" if rows == 1 else "rows"
        return "account" if path[0] in (self._account.id, "me") else "list"

    def _answered(self, method: str, path: tuple[str, ...], params: Params, about: About) -> Answer | PlatformError:
        """The answer or the error, as a value: raised in here it would carry the SDK's own error with it."""
        try:
            response = self._api.call(method, path, params=dict(params))
        except FacebookRequestError as error:
            return self._error(error.http_status(), error.http_headers(), error.body(), about)
        except BodyTooLarge:
            return error_of(HTTP_TOO_LARGE, None, about=about)
        except requests.Timeout:
            return Unavailable("Meta did not answer in time")
        except requests.RequestException:
            return Unavailable(f"the connection to Meta failed or broke off{_stand_in(self._endpoint)}")
        except (TypeError, AttributeError, KeyError, ValueError, FacebookError):
            # The SDK trips over answers that are no JSON, or not the JSON that it expects.
            return Unavailable("Meta's gateway answered with something that is no data")
        body, headers = response.json(), response.headers()
        self.clock.note(headers)
        if not isinstance(body, dict) or response.status() >= requests.codes.bad_request:
            return self._error(response.status(), headers, body, about)
        self._pace.note(usage_of(headers))
        return Answer(body, _request_id(headers))

    def _error(self, status: int, headers: Mapping[str, str], body: object, about: About) -> PlatformError:
        usage = usage_of(headers)
        self._pace.note(usage)
        return error_of(status, body, about=about, request_id=_request_id(headers), wait=usage.wait or None)

    def _is_worth_another_try(self, error: BaseException) -> bool:
        if isinstance(error, RateLimited):
            return error.wait <= self._account.max_wait_seconds
        return isinstance(error, Unavailable)


_GROWING = wait_exponential_jitter(multiplier=0.5, max=20, jitter=0.5)


def _pause(state: RetryCallState) -> float:
    """No pause after RateLimited: the pace waits before the next call itself."""
    failed = state.outcome.exception() if state.outcome is not None else None
    return 0.0 if isinstance(failed, RateLimited) else _GROWING(state)


def _session(account: MetaAccount, endpoint: str) -> FacebookSession:
    """A session of the SDK of its own: nothing global, no crash reports, time limits, our form bodies."""
    secret = account.app_secret.get_secret_value() if account.app_secret else None
    token = account.access_token.get_secret_value()
    session = FacebookSession(account.app_id, secret, token, timeout=(CONNECT_SECONDS, account.timeout_seconds))
    session.GRAPH = endpoint
    ours = FormRequests()
    ours.verify, ours.params = session.requests.verify, session.requests.params
    ours.trust_env = urlsplit(endpoint).hostname not in LOOPBACK  # a proxy of the network does not know this machine
    ours.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # the jar is not made for several threads
    in_flight = read_numbers("meta")["requests_in_flight"].value or 1
    ours.mount(endpoint, HTTPAdapter(pool_connections=1, pool_maxsize=in_flight))
    session.requests.close()
    session.requests = ours
    return session


def _stand_in(endpoint: str) -> str:
    """What to look at first when nothing answers on this very machine."""
    is_here = urlsplit(endpoint).hostname in LOOPBACK
    return f": nothing answers at {endpoint}; is `boomerang sandbox` running?" if is_here else ""


def _request_id(headers: Mapping[str, str]) -> str | None:
    return next((headers[name] for name in REQUEST_ID_HEADERS if name in headers), None)
