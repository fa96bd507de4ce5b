"""One account's connection to a platform over plain HTTP: token, pace, retries, errors.

What the platform said in words, the request and the HTTP library's exceptions stay in here: an error carries a sentence of
ours, the platform's code and its id of the request. Nothing is retried that may not be done twice: `once` never repeats.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from audiences.errors import AuthError, Gone, PlatformError, RateLimited, RejectedRequest, RejectedRows, Unavailable
from audiences.log import get_logger
from audiences.platforms.far_clock import FarClock
from audiences.platforms.http_account import HttpAccount, RenewableAccount

CONNECT_SECONDS = 10.0
LOOPBACK = ("127.0.0.1", "::1", "localhost")
MINUTE = 60.0

About = Literal["account", "list", "row", "rows"]
"""What a request is about: the account or what it holds, a list, or the row or rows that it brings to a list."""
Reaction = Literal["retry", "wait", "token", "credentials", "reject", "gone", "large", "rows"]
"""`token` is what a new access token may cure, `large` what a smaller upload may, `rows` what may be the fault of a row."""
Result = TypeVar("Result")


@dataclass(frozen=True)
class Rule:
    """What to do on an error, in a sentence for the reader; `wait` (seconds) is for when the platform does not say."""

    reaction: Reaction
    sentence: str
    wait: float = MINUTE


@dataclass(frozen=True)
class Reply:
    """What a platform answered: its HTTP status, headers, and JSON object (empty where the body was empty)."""

    status: int
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def retry_after(self) -> float | None:
        """How many seconds the platform asks to stay away, where it says so in the usual header."""
        text = self.headers.get("retry-after", "")
        return float(text) if text.isdecimal() else None


@dataclass(frozen=True)
class Dialect:
    """How one platform speaks: its name for readers, how a token is shown, and which error an answer is, if any."""

    label: str
    authorize: Callable[[str], dict[str, str]]
    error_in: Callable[[Reply, About], PlatformError | None]
    pause: float = 0.0
    """Seconds between two requests of an account at least."""


class TokenRefused(AuthError):
    """The access token is not valid (any more). It leaves this module as AuthError."""


def made(
    rule: Rule, about: About, *, code: str | None = None, request_id: str | None = None, wait: float | None = None
) -> PlatformError:
    """Our error for a rule.

    Args:
        rule: What to do, and the sentence for the reader.
        about: What the request was about.
        code: The platform's own code; it is shown.
        request_id: The platform's id of the request.
        wait: How many seconds the platform asks to stay away, if it said so.
    """
    message = rule.sentence + (f" (code {code})" if code is not None else "")
    if rule.reaction == "wait":
        return RateLimited(message, wait=rule.wait if wait is None else wait, code=code, request_id=request_id)
    return _kind(rule.reaction, about)(message, code=code, request_id=request_id)


def _kind(reaction: Reaction, about: About) -> type[PlatformError]:
    kinds: dict[str, type[PlatformError]] = {
        "retry": Unavailable,
        "token": TokenRefused,
        "credentials": AuthError,
        "gone": RejectedRequest if about == "account" else Gone,
        "large": RejectedRows if about == "rows" else RejectedRequest,
        "rows": RejectedRows if about in ("row", "rows") else RejectedRequest,
    }
    return kinds.get(reaction, RejectedRequest)


def about_rows(rows: int) -> About:
    """What an upload of so many rows is about."""
    return "row" if rows == 1 else "rows"


class Pace:
    """When the next request of an account may go. Times are in seconds; safe to use from several threads.

    While a platform asks to stay away nothing is sent, and it is said in the log once.
    """

    def __init__(
        self, label: str, *, pause: float, max_wait: float, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._label, self._pause, self._max_wait, self._clock, self._sleep = label, pause, max_wait, clock, sleep
        self._lock = threading.Lock()
        self._blocked_until, self._told_until, self._last_turn = float("-inf"), float("-inf"), float("-inf")
        self._logger = get_logger(f"platforms.{label.lower()}")

    def block(self, seconds: float) -> None:
        """Let nothing go for so long."""
        with self._lock:
            self._blocked_until = max(self._blocked_until, self._clock() + seconds)

    def await_turn(self) -> None:
        """Wait until the next request may go. Raises RateLimited when that is longer than the settings allow."""
        while True:
            while (blocked := self._blocked_for()) > 0:
                self._sleep(blocked)
            with self._lock:
                turn = max(self._clock(), self._last_turn + self._pause)
                self._last_turn = turn
                wait = turn - self._clock()
            if wait <= 0:
                return
            self._sleep(wait)
            if self._blocked_for() <= 0:
                return

    def _blocked_for(self) -> float:
        with self._lock:
            blocked = self._blocked_until - self._clock()
            is_news = self._told_until < self._blocked_until
            self._told_until = self._blocked_until
        if blocked > self._max_wait:
            words = f"{self._label} has asked to stay away for a while; the rest is left to the next run"
            raise RateLimited(words, wait=blocked)
        if blocked > 0 and is_news:
            self._logger.warning("%s asks to wait: going on in %d s", self._label, round(blocked))
        return blocked


class Wire:
    """Calls one account's platform and holds its connections. Safe to use from several threads."""

    def __init__(
        self,
        account: HttpAccount,
        address: str,
        dialect: Dialect,
        tokens: Tokens,
        *,
        in_flight: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._account, self._dialect, self._sleep = account, dialect, sleep
        self._address, self._tokens = address, tokens
        self._client = httpx.Client(
            timeout=httpx.Timeout(account.timeout_seconds, connect=CONNECT_SECONDS),
            trust_env=urlsplit(address).hostname not in LOOPBACK,  # a proxy of the network does not know this machine
            limits=httpx.Limits(max_connections=in_flight, max_keepalive_connections=in_flight),
        )
        tokens.connect(self._exchange)
        self.clock = FarClock()
        self._pace = Pace(
            dialect.label, pause=dialect.pause, max_wait=account.max_wait_seconds, clock=clock, sleep=sleep
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def call(self, method: str, path: str, about: About = "list", **request: Any) -> Reply:
        """Make a call that is safe to make twice, trying again while the platform is down or asks for a short wait."""
        return self.repeat(lambda: self.once(method, path, about, **request))

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

    def once(self, method: str, path: str, about: About = "list", **request: Any) -> Reply:
        """Make one call. Raises one of our errors, which carries nothing of the request and has no cause.

        A call that was refused for its token is made again with a new one, where one can be got: it had no effect.

        Args:
            method: The HTTP method.
            path: What follows the platform's address.
            about: What the call is about.
            request: What httpx is to send: params, json, content, headers, data, files.
        """
        self._pace.await_turn()
        token = self._tokens.current()
        answered = self._authorized(token, method, path, about, request)
        if isinstance(answered, TokenRefused) and self._tokens.renew(token):
            answered = self._authorized(self._tokens.current(), method, path, about, request)
        if isinstance(answered, RateLimited):
            self._pace.block(answered.wait)
        if isinstance(answered, TokenRefused):
            raise AuthError(str(answered), code=answered.code, request_id=answered.request_id)
        if isinstance(answered, PlatformError):
            raise answered
        return answered

    def _authorized(
        self, token: str, method: str, path: str, about: About, request: Mapping[str, Any]
    ) -> Reply | PlatformError:
        headers = {**request.get("headers", {}), **self._dialect.authorize(token)}
        address = f"{self._address}/{path.lstrip('/')}"
        answered = self._exchange(method, address, about, **{**request, "headers": headers})
        if isinstance(answered, PlatformError):
            return answered
        return self._dialect.error_in(answered, about) or answered

    def _exchange(self, method: str, address: str, about: About, **request: Any) -> Reply | PlatformError:
        """The answer, or the error that keeps it from being data, as a value: raised in here it would have a cause."""
        label = self._dialect.label
        try:
            response = self._client.request(method, address, **request)
        except httpx.TimeoutException:
            return Unavailable(f"{label} did not answer in time")
        except (httpx.HTTPError, httpx.InvalidURL):
            return Unavailable(f"the connection to {label} failed or broke off{self._stand_in()}")
        headers = response.headers
        self.clock.note(headers)
        if not response.content.strip():
            return Reply(response.status_code, headers, {})
        try:
            body = response.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            return _without_data(label, Reply(response.status_code, headers, {}), about)
        return Reply(response.status_code, headers, body)

    def _stand_in(self) -> str:
        """What to look at first when nothing answers on this very machine."""
        is_here = urlsplit(self._address).hostname in LOOPBACK
        return f": nothing answers at {self._address}; is `boomerang sandbox` running?" if is_here else ""

    def _is_worth_another_try(self, error: BaseException) -> bool:
        if isinstance(error, RateLimited):
            return error.wait <= self._account.max_wait_seconds
        return isinstance(error, Unavailable)


_GROWING = wait_exponential_jitter(multiplier=0.5, max=20, jitter=0.5)


def _pause(state: RetryCallState) -> float:
    """No pause after RateLimited: the pace waits before the next call itself."""
    failed = state.outcome.exception() if state.outcome is not None else None
    return 0.0 if isinstance(failed, RateLimited) else _GROWING(state)


def _without_data(label: str, reply: Reply, about: About) -> PlatformError:
    """The error for an answer that is no JSON object: a gateway's page, or something else at the address."""
    codes = httpx.codes
    if reply.status == codes.REQUEST_ENTITY_TOO_LARGE:
        return made(Rule("large", f"the request is too large for {label}: lower rows_per_request"), about)
    if reply.status == codes.TOO_MANY_REQUESTS:
        return made(Rule("wait", f"{label} takes no more calls for a while"), about, wait=reply.retry_after)
    is_refusal = codes.BAD_REQUEST <= reply.status < codes.INTERNAL_SERVER_ERROR
    if is_refusal and reply.status != codes.REQUEST_TIMEOUT:
        if reply.status == codes.UNAUTHORIZED:
            return made(Rule("token", f"{label} does not accept the access token: make a new one"), about)
        return RejectedRequest(
            f"what answers at the endpoint is not {label}, or refuses the request (HTTP {reply.status})"
        )
    return Unavailable(f"{label}'s gateway answered with something that is no data (HTTP {reply.status})")


Exchange = Callable[..., Reply | PlatformError]


class Tokens:
    """The access token of an account, as it stands in the settings. Safe to use from several threads."""

    def __init__(self, access_token: str | None) -> None:
        self._lock = threading.Lock()
        self._token = access_token

    def connect(self, exchange: Exchange) -> None:
        """Take over the connection that tokens are got by; this one needs none."""

    def current(self) -> str:
        """The token to show. May raise PlatformError where a new one has to be got first."""
        return self._token or ""

    def renew(self, refused: str) -> bool:  # noqa: ARG002 - what cannot be renewed
        """Get another token than the one that was refused; False where that cannot be done."""
        return False


class RenewedTokens(Tokens):
    """The access token of an account that can get new ones by OAuth's refresh token."""

    def __init__(self, account: RenewableAccount, address: str, label: str, *, is_basic: bool = False) -> None:
        super().__init__(account.access_token.get_secret_value() if account.access_token else None)
        self._account, self._address, self._label, self._is_basic = account, address, label, is_basic

    def connect(self, exchange: Exchange) -> None:
        """Get tokens by this connection."""
        self._exchange = exchange

    def current(self) -> str:
        """The token to show, got now if there is none yet."""
        with self._lock:
            if self._token is None:
                self._token = self._fetched()
            return self._token

    def renew(self, refused: str) -> bool:
        """Get a new token, unless another thread has done so meanwhile. Raises AuthError when none is given."""
        if not self._account.is_renewable:
            return False
        with self._lock:
            if self._token in (None, refused):
                self._token = self._fetched()
        return True

    def _fetched(self) -> str:
        account = self._account
        assert account.refresh_token and account.client_secret and account.client_id
        form = {"grant_type": "refresh_token", "refresh_token": account.refresh_token.get_secret_value()}
        who = {"client_id": account.client_id, "client_secret": account.client_secret.get_secret_value()}
        request: dict[str, Any] = {"data": form} if self._is_basic else {"data": {**form, **who}}
        if self._is_basic:
            request["auth"] = httpx.BasicAuth(who["client_id"], who["client_secret"])
        answered = self._exchange("POST", self._address, "account", **request)
        if isinstance(answered, PlatformError):
            raise answered
        if answered.status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise Unavailable(f"{self._label} gives no new access token at the moment (HTTP {answered.status})")
        if answered.status == httpx.codes.TOO_MANY_REQUESTS:
            raise RateLimited(
                f"{self._label} gives no new access token for a while", wait=answered.retry_after or MINUTE
            )
        token = answered.body.get("access_token")
        if answered.status >= httpx.codes.BAD_REQUEST or not isinstance(token, str) or not token:
            raise AuthError(
                f"{self._label} gives no new access token: refresh_token, client_id or client_secret is wrong"
            )
        return token
