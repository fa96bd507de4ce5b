"""Each ad manager's own file: its columns, in its order, from the right recipes."""

from __future__ import annotations

import csv

import pytest
from file_desk import Desk

from audiences.errors import ConfigError
from audiences.platforms.base import PlatformKind
from audiences.platforms.file import KIND
from audiences.platforms.file_templates import TEMPLATES
from audiences.platforms.google_payload import FIELDS as GOOGLE
from audiences.platforms.meta_payload import FIELDS as META
from audiences.platforms.pinterest_payload import FIELDS as PINTEREST
from audiences.platforms.snapchat_payload import FIELDS as SNAPCHAT
from audiences.platforms.tiktok_payload import FIELDS as TIKTOK

HEADERS = {
    "meta": ["email", "phone", "fn", "ln", "ct", "st", "zip", "country"],
    "google": ["Email", "Phone", "First Name", "Last Name", "Country", "Zip"],
    "tiktok": ["Email_SHA256", "Email_SHA256", "Phone_SHA256", "Phone_SHA256"],
    "pinterest": ["email"],
    "linkedin": ["email", "firstname", "lastname", "jobtitle", "employeecompany", "country", "googleaid"],
    "microsoft": ["Email"],
}
SENT = {"meta": META, "google": GOOGLE, "tiktok": TIKTOK, "pinterest": PINTEREST, "snapchat": SNAPCHAT}


@pytest.mark.parametrize("template", HEADERS)
def test_the_file_has_the_templates_columns_and_nothing_else(tmp_path, template):
    desk = Desk(tmp_path, template)
    desk.filled("ann", "bob")
    with (desk.folder / "members.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == HEADERS[template]
    assert [len(row) for row in rows] == [len(header)] * 2
    assert len({row[0] for row in rows}) == 2


@pytest.mark.parametrize("template", SENT)
def test_a_column_holds_what_the_platforms_interface_is_sent(template):
    assert {(one.column, one.identifies) for one in TEMPLATES[template].fields} == {
        (one.column, one.identifies) for one in SENT[template]
    }


def test_only_googles_country_and_postcode_are_no_hashes():
    plain = {one.column for template in TEMPLATES.values() for one in template.fields if "google_" in one.column}
    assert plain == {"google_given_name", "google_family_name", "google_region", "google_postcode"}
    for template in TEMPLATES.values():
        assert {one.column for one in template.fields} & {"first_name", "last_name", "email", "phone"} == set()


def test_snapchat_gets_a_file_for_each_kind_of_identifier(tmp_path):
    desk = Desk(tmp_path, "snapchat")
    account = desk.open()
    list_id = account.ensure(desk.remote())
    account.add(list_id, desk.batch(desk.row("ann"), desk.row("bob", phone="")))
    account.close()
    assert desk.lines("members-emails.csv") == [desk.hashed("ann email"), desk.hashed("bob email")]
    assert desk.lines("members-phones.csv") == [desk.hashed("ann phone")]
    assert desk.changes("adds-phones") == [[desk.hashed("ann phone")]]


@pytest.mark.parametrize(("header", "empty"), [("E-Mail,Vorname", 1), ("email", 0), ("", 6)])
def test_an_account_may_have_another_first_line_or_none(tmp_path, header, empty):
    desk = Desk(tmp_path, "linkedin", header=header)
    desk.filled("ann")
    lines = (desk.folder / "members.csv").read_text().splitlines()
    assert lines == [*([header] if header else []), desk.hashed("ann email") + "," * empty]


@pytest.mark.parametrize(
    ("template", "header", "said"), [("meta", "email,phone", "2 of the 8"), ("snapchat", "email", "left out")]
)
def test_a_first_line_that_does_not_fit_is_refused(tmp_path, template, header, said):
    with pytest.raises(ConfigError, match=said):
        Desk(tmp_path, template, header=header).open()


@pytest.mark.parametrize(("wrong", "right"), [("gogle", "google"), ("Meta", "meta"), ("mikrosoft", "microsoft")])
def test_a_wrong_template_gets_the_nearest_right_name(tmp_path, wrong, right):
    for read in (KIND.of_account, KIND.limits_for, lambda account: KIND.open(endpoint=None, account=account)):
        with pytest.raises(ConfigError, match=f"did you mean {right}"):
            read({"template": wrong, "folder": str(tmp_path)})


def test_what_holds_for_all_accounts_needs_no_template():
    assert KIND.limits_for({}).max_keep_days is None


def test_an_account_without_a_template_is_told_which_there_are(tmp_path):
    with pytest.raises(ConfigError, match="template.*google"):
        KIND.open(endpoint=None, account={"folder": str(tmp_path)})


@pytest.mark.parametrize(
    ("template", "least"),
    [("meta", 100), ("google", 100), ("tiktok", 1000), ("pinterest", 100), ("snapchat", 1000), ("linkedin", 300)],
)
def test_a_list_must_have_as_many_people_as_its_platform_wants(template, least):
    assert KIND.limits_for({"template": template}).min_members == least
    assert KIND.limits_for({"template": template, "min_members": 7}).min_members == 7


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_kind_of_an_account_is_the_platform_with_the_accounts_columns(tmp_path, template):
    kind = KIND.of_account({"template": template, "folder": "${NOT_SET}"})
    opened = Desk(tmp_path, template).open()
    assert isinstance(kind, PlatformKind)
    assert kind is KIND.of_account({"template": template, "folder": "another"})
    assert (kind.name, kind.fields, kind.purposes) == (opened.name, opened.fields, opened.purposes)
    rows = kind.limits_for({"template": template}).rows_per_request
    assert kind.bytes_for(rows) == opened.bytes_for(rows) <= opened.limits.bytes_per_request
