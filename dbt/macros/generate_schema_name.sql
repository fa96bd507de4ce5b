{# A model's schema is exactly the configured one: the warehouse file, or the project on BigQuery, is the environment. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
  {{ target.schema if custom_schema_name is none else custom_schema_name | trim }}
{%- endmacro %}
