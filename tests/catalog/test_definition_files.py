"""Files that are no definitions: broken, empty, huge, in another encoding. Each is one problem, never a crash."""

import os

import pytest

from audiences.catalog import load_catalog
from audiences.errors import ConfigError

GOOD = "label: {}\nowner: growth\nsegment: lapsed_buyers\nplatforms: {{meta: {{account: main}}}}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("label: a\nowner: [b\nsegment: c\n", "3: this is not YAML: "),
        ("label: a\n\towner: b\n", "2: this is not YAML: "),
        ("label: 'a\n", "2: this is not YAML: "),
        ("", "1: the file is empty"),
        ("# nothing but a comment\n", "1: the file is empty"),
        ("just words\n", "1: must be a mapping that begins with label:"),
        ("- label: a\n", "1: must be a mapping that begins with label:"),
        ("label: a\n---\nlabel: b\n", "2: a file holds one document"),
        ("label: &a x\nowner: *a\n", "1: anchors (&) and aliases (*) are not allowed"),
        ("label: !!python/name:os.system x\n", "1: tags (!) are not allowed"),
        ("label: a\n? [b, c]\n: d\n", "2: a key must be a word"),
        ("label: a\nwhere: " + "[" * 40 + "]" * 40, "2: nested deeper than 20 levels"),
        ("label: a\nowner: b\x07\n", "2: this is not YAML: it holds a control character"),
    ],
)
def test_a_file_that_is_no_definition_is_one_problem(write, problems, text, message):
    write("lapsed.yaml", text)

    [found] = problems()

    assert found.startswith(f"lapsed.yaml:{message}")


def test_a_file_in_another_encoding_is_named_with_its_line(folder, problems):
    (folder / "lapsed.yaml").write_bytes("label: a\ndescription: für alle\n".encode("latin-1"))

    assert problems() == ["lapsed.yaml:2: the file is not UTF-8 text; save it as UTF-8"]


def test_a_file_of_a_megabyte_is_refused_unread(folder, problems):
    (folder / "lapsed.yaml").write_text("#" * 1_000_000)

    assert problems() == ["lapsed.yaml:1: the file is larger than 256 KB"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_that_may_not_be_read_is_named(write, problems):
    write("lapsed.yaml", GOOD.format("A")).chmod(0)

    assert problems() == ["lapsed.yaml:1: cannot be read: Permission denied"]


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(folder, problems):
    (folder / "lapsed.yaml").write_bytes(b"\xef\xbb\xbf" + GOOD.format("A").replace("\n", "\r\n").encode())

    assert problems() == []


def test_two_files_of_one_name_are_one_too_many(folder, write, problems):
    (folder / "winback").mkdir()
    write("lapsed.yaml", GOOD.format("A"))
    write("lapsed.yml", GOOD.format("B"))
    write("winback/lapsed.yaml", GOOD.format("C"))

    assert problems() == [
        f"lapsed.yml:1: a second definition of lapsed; the first is {folder / 'lapsed.yaml'}",
        f"lapsed.yaml:1: a second definition of lapsed; the first is {folder / 'lapsed.yaml'}",
    ]


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="there is no such folder of definitions"):
        load_catalog(tmp_path / "definitions")


def test_an_audience_that_is_asked_for_by_a_wrong_name_is_suggested(folder, write):
    write("lapsed_buyers.yaml", GOOD.format("A"))

    with pytest.raises(ConfigError, match=r"unknown audience lapsed_byers; did you mean lapsed_buyers\?"):
        load_catalog(folder).audience("lapsed_byers")


def test_an_audience_whose_file_is_wrong_says_what_is_wrong(folder, write):
    write("lapsed_buyers.yaml", GOOD.format("A") + "holdout: -1%\n")

    with pytest.raises(ConfigError, match=r"lapsed_buyers.yaml:5: holdout must not be negative"):
        load_catalog(folder).audience("lapsed_buyers")
