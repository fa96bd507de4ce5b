{# One row per key and word of a name: runs of letters, lower case. Digits are left out: '15cm' is 'cm'. #}
{% macro name_words(relation, key, name) -%}
  {{ return(adapter.dispatch('name_words', 'boomerang')(relation, key, name)) }}
{%- endmacro %}

{% macro default__name_words(relation, key, name) -%}
  select {{ key }}, unnest(regexp_extract_all(lower({{ name }}), '[\p{L}\p{M}]+')) as word from {{ relation }}
{%- endmacro %}

{% macro bigquery__name_words(relation, key, name) -%}
  select {{ key }}, word from {{ relation }}, unnest(regexp_extract_all(lower({{ name }}), r'[\p{L}\p{M}]+')) as word
{%- endmacro %}

{# A stock code without the letters behind its last digit: 84997A and 84997B are one design; GTR-001 and STR-001 are not. #}
{% macro code_stem(code) -%}
  {{ return(adapter.dispatch('code_stem', 'boomerang')(code)) }}
{%- endmacro %}

{% macro default__code_stem(code) -%}
  regexp_replace(upper({{ code }}), '([0-9])[A-Z]+$', '\1')
{%- endmacro %}

{% macro bigquery__code_stem(code) -%}
  regexp_replace(upper({{ code }}), r'([0-9])[A-Z]+$', r'\1')
{%- endmacro %}
