"""Settings: `boomerang.yaml`, overlaid by `BOOMERANG_*`, read once at the edge and handed down.

`${NAME}` and `${NAME:-default}` stand for environment variables. In `sources` and `platforms` they are filled in when that
source or account is used, so that a build needs no token of an ad platform; elsewhere at once. Nothing is read at import.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from audiences.documents import Document, line_of, read_document
from audiences.errors import ConfigError
from audiences.names import hint
from audiences.shares import Ratio, Share

DEFAULT_FILE = "boomerang.yaml"
PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
LAZY_SECTIONS = ("sources", "platforms")
DURATION = re.compile(r"^(\d+)\s*(m|h|d)$")
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def parse_duration(value: object) -> timedelta | None:
    """`36h`, `2d` or `30m` as a timedelta; `off` as None. Raises ValueError for anything else."""
    if value is None or isinstance(value, timedelta):
        return value
    text = str(value).strip().lower()
    if text in ("off", "false"):
        return None
    match = DURATION.match(text)
    if match is None:
        raise ValueError(f"{text!r} is no duration: write 36h, 2d, 30m or off")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


Duration = Annotated[timedelta | None, BeforeValidator(parse_duration)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Shop(_Section):
    """Whose shop it is; days are the shop's days and phones without a country are the shop's."""

    name: str
    timezone: str = "UTC"
    country: str = Field(default="US", min_length=2, max_length=2)
    currency: str = Field(default="USD", min_length=3, max_length=3)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is no time zone: write one like America/New_York") from error
        return value


class Warehouse(_Section):
    """Where models are built."""

    engine: Literal["duckdb"] = "duckdb"
    threads: int = Field(default=2, ge=1, le=64)


class GuardDefaults(_Section):
    """Limits for every list unless its audience says otherwise; shares of the size, counts in people."""

    max_shrink: Share = 0.5
    max_growth: Ratio = 3.0
    max_updates: Share = 0.5
    max_coverage_fall: Share = 0.2
    max_consent_loss: Share = 0.2
    from_members: int = Field(default=500, ge=0)
    max_build_age: Duration = timedelta(hours=48)
    recipe_share_per_day: Share = 0.2
    """The share of a list that gets the hashes of a new recipe on one day, at least 1,000 people."""


class PlatformSettings(_Section):
    """One ad platform: where it is reached and its accounts, each a mapping that the platform itself reads."""

    endpoint: str | None = None
    accounts: dict[str, dict[str, Any]] = Field(default_factory=dict)


class Settings(BaseSettings):
    """All settings. Paths are absolute after loading; relative ones start at the settings file's folder."""

    model_config = SettingsConfigDict(
        env_prefix="BOOMERANG_", env_nested_delimiter="__", extra="forbid", frozen=True, hide_input_in_errors=True
    )

    shop: Shop
    home: Path = Path(".boomerang")
    environment: str = Field(default="production", pattern=r"^[a-z][a-z0-9_-]*$")
    warehouse: Warehouse = Warehouse()
    sources: dict[str, dict[str, Any]] = Field(default_factory=dict)
    vars: dict[str, Any] = Field(default_factory=dict)
    platforms: dict[str, PlatformSettings] = Field(default_factory=dict)
    definitions: Path = Path("audiences/definitions")
    dbt_project: Path | None = None
    guards: GuardDefaults = GuardDefaults()

    _file: Path = PrivateAttr(default=Path(DEFAULT_FILE))
    _document: Document | None = PrivateAttr(default=None)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment before the file, whose content `load_settings` gives as arguments."""
        return env_settings, init_settings

    @property
    def file(self) -> Path:
        """The settings file."""
        return self._file

    @property
    def base(self) -> Path:
        """The folder that relative paths start at."""
        return self._file.parent

    @property
    def warehouse_file(self) -> Path:
        """The DuckDB file that dlt and dbt write."""
        return self.home / "warehouse.duckdb"

    @property
    def ledger_file(self) -> Path:
        """The DuckDB file that only the engine writes."""
        return self.home / "ledger.duckdb"

    @property
    def published(self) -> Path:
        """The folder of finished builds."""
        return self.home / "published"

    @property
    def dbt_folder(self) -> Path:
        """The dbt project: the setting, else `dbt/` beside the settings file, else the one that was shipped."""
        if self.dbt_project is not None:
            return self.dbt_project
        beside = self.base / "dbt"
        return beside if (beside / "dbt_project.yml").is_file() else shipped_dbt_folder()

    def with_platforms(self, platforms: Mapping[str, PlatformSettings]) -> Settings:
        """The same settings with other platforms, for example endpoints at a sandbox."""
        changed = self.model_copy(update={"platforms": dict(platforms)})
        changed._file, changed._document = self._file, self._document
        return changed

    def line_of(self, *place: str) -> int | None:
        """The line of the settings file on which a setting stands, when that is known."""
        return line_of(self._document, place) if self._document else None

    def source_names(self) -> list[str]:
        """The configured sources, in the order of the file."""
        return list(self.sources)

    def source_options(self, name: str) -> Mapping[str, Any]:
        """One source's options with placeholders filled in. Raises ConfigError for a missing variable."""
        if name not in self.sources:
            raise ConfigError(f"source {name!r} is not in the settings{hint(name, self.sources)}", file=self._file)
        options: Mapping[str, Any] = self._filled(("sources", name), self.sources[name])
        return options

    def account(self, platform: str, account: str) -> tuple[str | None, Mapping[str, Any]]:
        """Endpoint and options of one platform account, placeholders filled in. Raises ConfigError when it is not set.

        An option `folder` starts at the settings file's folder.
        """
        known = self.platforms.get(platform)
        if known is None or account not in known.accounts:
            names = [f"{p}.{a}" for p, s in self.platforms.items() for a in s.accounts]
            wanted = f"{platform}.{account}"
            raise ConfigError(f"platform account {wanted} is not in the settings{hint(wanted, names)}", file=self._file)
        endpoint = self._filled(("platforms", platform, "endpoint"), known.endpoint)
        options = self._filled(("platforms", platform, "accounts", account), known.accounts[account])
        if isinstance(options.get("folder"), str):
            options = {**options, "folder": str(self.base / Path(options["folder"]).expanduser())}
        return endpoint, options

    def limits_account(self, platform: str, account: str) -> Mapping[str, Any]:
        """One account's options as written, placeholders and all: enough for its limits, never for a request."""
        return self.platforms[platform].accounts[account]

    def _filled(self, where: tuple[str, ...], value: Any) -> Any:
        return fill_placeholders(value, where=".".join(where), file=self._file, line=self.line_of(*where))


def shipped_dbt_folder() -> Path:
    """The dbt project as it came with the installation: inside the wheel, or beside the package in a checkout."""
    package = Path(__file__).parent
    inside = package / "_shipped" / "dbt"
    return inside if inside.is_dir() else package.parent / "dbt"


def fill_placeholders(value: Any, *, where: str, file: Path, line: int | None = None) -> Any:
    """The value with every `${NAME}` replaced. Raises ConfigError that names a variable that is not set."""
    if isinstance(value, Mapping):
        return {
            key: fill_placeholders(item, where=f"{where}.{key}", file=file, line=line) for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [fill_placeholders(item, where=where, file=file, line=line) for item in value]
    if not isinstance(value, str):
        return value

    def one(match: re.Match[str]) -> str:
        found = os.environ.get(match[1], match[2])
        if found is None:
            raise ConfigError(
                f"{where} needs the environment variable {match[1]}, which is not set: export it, "
                f"or write ${{{match[1]}:-default}}",
                file=file,
                line=line,
            )
        return found

    return PLACEHOLDER.sub(one, value)


def load_settings(path: Path | None = None, **overrides: Any) -> Settings:
    """Read the settings file and the environment.

    Args:
        path: the file; default `boomerang.yaml` in the current folder.
        overrides: top-level settings that win over the file (not over the environment).

    Raises:
        ConfigError: no such file, broken YAML, an unknown or missing setting, a missing environment variable.
    """
    file = (path or Path(os.environ.get("BOOMERANG_CONFIG") or DEFAULT_FILE)).absolute()
    if not file.is_file():
        raise ConfigError("there is no settings file here: run `boomerang init`, or name one with --config", file=file)
    document = read_document(file)
    if document.repeated:
        line, message = document.repeated[0]
        raise ConfigError(message, file=file, line=line)
    content = document.root.plain()
    if not isinstance(content, dict):
        raise ConfigError("settings are a mapping: run `boomerang init` for a commented start", file=file)
    eager = {
        key: value
        if key in LAZY_SECTIONS
        else fill_placeholders(value, where=key, file=file, line=line_of(document, (str(key),)))
        for key, value in content.items()
    }
    try:
        settings = Settings(**{**eager, **overrides})
    except ValidationError as error:
        raise _explained(error, document) from None
    return _anchored(settings, document)


def _anchored(settings: Settings, document: Document) -> Settings:
    base = document.file.parent
    paths = {"home": base / settings.home, "definitions": base / settings.definitions}
    if settings.dbt_project is not None:
        paths["dbt_project"] = base / settings.dbt_project
    anchored = settings.model_copy(update={name: Path(os.path.normpath(path)) for name, path in paths.items()})
    anchored._file, anchored._document = document.file, document
    return anchored


def _explained(error: ValidationError, document: Document) -> ConfigError:
    """The first problem as one sentence: what, where, and the nearest right name."""
    problem = error.errors(include_url=False, include_input=False)[0]
    place = tuple(str(part) for part in problem["loc"])
    file, line = document.file, line_of(document, place)
    name = ".".join(place)
    if problem["type"] == "missing":
        return ConfigError(f"the setting {name} is missing: add it to the file", file=file, line=line)
    if problem["type"] == "extra_forbidden":
        known = _known_names(place[:-1])
        return ConfigError(f"unknown setting {name}{hint(place[-1], known)}", file=file, line=line)
    if problem["type"] in ("model_type", "dict_type"):
        return ConfigError(f"setting {name} must be a mapping, such as {name}: {{...}}", file=file, line=line)
    message = problem["msg"].removeprefix("Value error, ")
    return ConfigError(f"setting {name}: {message}", file=file, line=line)


def _known_names(place: tuple[str, ...]) -> list[str]:
    model: type[BaseModel] = Settings
    for part in place:
        field = model.model_fields.get(part)
        if field is None or not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
            return list(PlatformSettings.model_fields) if place[0] == "platforms" else []
        model = field.annotation
    return list(model.model_fields)
