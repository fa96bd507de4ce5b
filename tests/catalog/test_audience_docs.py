"""docs/audiences.md is true: its examples have no problems, its tables are complete, its messages are the checker's."""

import re
from pathlib import Path

import pytest

from audiences.catalog import PlatformInfo, check, load_catalog, schema_from_contracts
from audiences.conditions import OPERATORS
from audiences.definition import Audience

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "audiences.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
MISTAKES = """\
label: Lapsed buyers
owner: growth@example.com
segment: lapsed_buyers
platforms: {meta: {account: main}}
where:
  order_cuont: {gte: 2}
exclude: segment:recent_buyers
holdout: -10%
"""


def said_of(folder: Path) -> list[str]:
    schema = schema_from_contracts(ROOT / "dbt")
    problems = check(load_catalog(folder), schema, {"meta": PlatformInfo(accounts={"main"})})
    return [f"{problem.file.name}:{problem.line}: {problem.message}" for problem in problems]


def test_every_example_is_a_right_definition(tmp_path):
    for number, example in enumerate(EXAMPLES):
        (tmp_path / f"example_{number}.yaml").write_text(example, encoding="utf-8")

    assert len(EXAMPLES) >= 3
    assert said_of(tmp_path) == []


@pytest.mark.parametrize("key", sorted(set(Audience.model_fields) - {"name"}))
def test_every_key_is_explained(key):
    assert f"| `{key}` |" in PAGE


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_operator_has_an_example(operator):
    [row] = [line for line in PAGE.splitlines() if line.startswith(f"| `{operator}` |")]

    assert f"{{{operator}: " in row


def test_the_messages_shown_are_the_checkers(tmp_path):
    (tmp_path / "lapsed_buyers.yaml").write_text(MISTAKES, encoding="utf-8")

    shown = re.search(r"```text\n(.*?)```", PAGE, re.DOTALL)[1].splitlines()

    assert shown == said_of(tmp_path)
