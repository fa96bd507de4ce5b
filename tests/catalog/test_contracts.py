"""The columns that a definition may name, read from dbt's model files without dbt."""

from pathlib import Path

import pytest

from audiences.contracts import Schema, reduce_type, schema_from_contracts
from audiences.errors import ConfigError

DIM_CUSTOMERS = """\
models:
  - name: dim_customers
    columns:
      - {name: customer_id, data_type: string}
      - {name: order_count, data_type: int64}
"""
SEG_LAPSED = """\
models:
  - name: seg_lapsed_buyers
    columns:
      - {name: order_count, data_type: string}
      - {name: tags, data_type: "varchar[]"}
      - {name: lifetime_value, data_type: '{{ "decimal(18,4)" if target.type == "duckdb" else "numeric" }}'}
unit_tests:
  - name: somebody
    model: seg_lapsed_buyers
"""


def project(tmp_path: Path, segment: str = SEG_LAPSED, customers: str = DIM_CUSTOMERS) -> Path:
    for folder, name, text in (("marts", "dim_customers", customers), ("segments", "seg_lapsed_buyers", segment)):
        (tmp_path / "models" / folder).mkdir(parents=True)
        (tmp_path / "models" / folder / f"{name}.yml").write_text(text)
    return tmp_path


def test_segments_and_customers_have_their_columns(tmp_path):
    schema = schema_from_contracts(project(tmp_path))

    assert schema == Schema(
        segments={"lapsed_buyers": {"order_count": "text", "lifetime_value": "number"}},
        customers={"customer_id": "text", "order_count": "number"},
    )


def test_the_segments_column_hides_the_customers(tmp_path):
    columns = schema_from_contracts(project(tmp_path)).columns_of("lapsed_buyers")

    assert columns == {"customer_id": "text", "order_count": "text", "lifetime_value": "number"}


@pytest.mark.parametrize(
    ("data_type", "reduced"),
    [
        ("string", "text"),
        ("VARCHAR", "text"),
        ("character varying(20)", "text"),
        ("int64", "number"),
        ("BIGINT", "number"),
        ("DECIMAL(18,4)", "number"),
        ("double precision", "number"),
        ("float64", "number"),
        ("{{ 'decimal(18,4)' if target.type == 'duckdb' else 'numeric' }}", "number"),
        ("{{ 'double' if target.type == 'duckdb' else 'float64' }}", "number"),
        ("bool", "bool"),
        ("timestamp", "timestamp"),
        ("TIMESTAMP WITH TIME ZONE", "timestamp"),
        ("datetime", "timestamp"),
        ("date", "date"),
        ("varchar[]", None),
        ("array<string>", None),
        ("struct(a integer)", None),
        ("interval", None),
        ("", None),
    ],
)
def test_types_are_reduced_to_what_filters_know(data_type, reduced):
    assert reduce_type(data_type) == reduced


def test_a_folder_without_models_is_no_dbt_project(tmp_path):
    with pytest.raises(ConfigError, match="no model dim_customers with columns; is this the dbt project"):
        schema_from_contracts(tmp_path)


def test_a_broken_model_file_is_named_with_its_line(tmp_path):
    folder = project(tmp_path, segment="models:\n  - name: [\n")

    with pytest.raises(ConfigError, match=r"seg_lapsed_buyers.yml:3: this is not YAML"):
        schema_from_contracts(folder)
