{# SHA-256 as 64 lower-case hex digits; null for null and for the empty text. #}
{% macro sha256_hex(expression) -%}
  {{ return(adapter.dispatch('sha256_hex', 'boomerang')(expression)) }}
{%- endmacro %}

{% macro default__sha256_hex(expression) -%}
  sha256(nullif({{ expression }}, ''))
{%- endmacro %}

{% macro bigquery__sha256_hex(expression) -%}
  to_hex(sha256(nullif({{ expression }}, '')))
{%- endmacro %}
