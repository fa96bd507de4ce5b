{# Money and other exact amounts. #}
{% macro decimal_type() -%}
  {{ 'decimal(18, 4)' if target.type == 'duckdb' else 'numeric' }}
{%- endmacro %}

{# 64 bit floating point; dbt.type_float() is 32 bit on DuckDB. #}
{% macro double_type() -%}
  {{ 'double' if target.type == 'duckdb' else 'float64' }}
{%- endmacro %}

{# Text without surrounding blanks; null where nothing is left. #}
{% macro text(column) -%}
  nullif(trim(cast({{ column }} as {{ dbt.type_string() }})), '')
{%- endmacro %}

{% macro money(column) -%}
  cast({{ column }} as {{ decimal_type() }})
{%- endmacro %}

{% macro instant(column) -%}
  cast({{ column }} as {{ dbt.type_timestamp() }})
{%- endmacro %}

{% macro integer(column) -%}
  cast({{ column }} as {{ dbt.type_bigint() }})
{%- endmacro %}

{% macro flag(column) -%}
  cast({{ column }} as {{ dbt.type_boolean() }})
{%- endmacro %}

{# ISO 3166 alpha-2, upper case; null for anything else. The two codes that are used beside the standard are mapped. #}
{% macro country_code(column) -%}
  case upper(trim({{ column }}))
    when 'UK' then 'GB'
    when 'EL' then 'GR'
    else case when length(trim({{ column }})) = 2 then upper(trim({{ column }})) end
  end
{%- endmacro %}
