"""The settings of one account of the platform `file`, as they stand under `platforms.file.accounts.<name>`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from audiences.errors import ConfigError
from audiences.platforms import http_account
from audiences.platforms.file_templates import Template, template_of

ADVICE = {"header": "it is the first line of the file, or '' for none"}


class FileAccount(BaseModel):
    """What is to be known of a folder of lists; `docs/platforms/file.md` says more."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    template: str
    folder: Path
    header: str | None = Field(default=None, pattern=r"^[^\r\n]*$")
    """Another first line than the template's; empty for none."""
    keep_changes_days: int = Field(default=30, ge=1, le=366)
    """After so many days the files with changes are deleted: they hold hashes of people who have left."""
    rows_per_request: int = Field(default=100_000, ge=1, le=1_000_000)
    min_members: int | None = Field(default=None, ge=0)
    max_lists: int | None = Field(default=None, ge=1)
    adopt: tuple[str, ...] = ()
    """Ids, or marks, of other ledgers whose lists this ledger may take over."""


def read_account(values: Mapping[str, Any]) -> FileAccount:
    """The account's settings. Raises ConfigError that names the wrong setting."""
    template_of(values)
    return http_account.read_account(FileAccount, "file", values, ADVICE)


def template_for(account: FileAccount) -> Template:
    """The template, with the account's own header. Raises ConfigError for a header that does not fit."""
    template = template_of({"template": account.template})
    if account.header is None:
        return template
    if account.header and len(template.sheets) > 1:
        raise ConfigError(
            f"the template {template.name} has {len(template.sheets)} files: its header can only be left out, with header: ''"
        )
    if account.header:
        columns = account.header.count(",") + 1
        if columns < len(template.fields):
            raise ConfigError(
                f"the header of a file account has {columns} of the {len(template.fields)} columns needed"
            )
        (sheet,) = template.sheets
        tail = "," * (columns - len(template.fields))
        return replace(template, sheets=(replace(sheet, header=account.header, tail=tail),))
    return replace(template, sheets=tuple(replace(sheet, header="") for sheet in template.sheets))
