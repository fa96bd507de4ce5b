{# The three calls of RE2 that the recipes need: both engines have RE2, but name and quote it differently. #}

{% macro regex_replace(expression, pattern, replacement) -%}
  {{ return(adapter.dispatch('regex_replace', 'boomerang')(expression, pattern, replacement)) }}
{%- endmacro %}

{% macro default__regex_replace(expression, pattern, replacement) -%}
  regexp_replace({{ expression }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{% macro bigquery__regex_replace(expression, pattern, replacement) -%}
  regexp_replace({{ expression }}, r'{{ pattern }}', r'{{ replacement }}')
{%- endmacro %}

{# The part of a text that a pattern (without groups) finds; null where it finds nothing. #}
{% macro regex_find(expression, pattern) -%}
  {{ return(adapter.dispatch('regex_find', 'boomerang')(expression, pattern)) }}
{%- endmacro %}

{% macro default__regex_find(expression, pattern) -%}
  nullif(regexp_extract({{ expression }}, '{{ pattern }}'), '')
{%- endmacro %}

{% macro bigquery__regex_find(expression, pattern) -%}
  nullif(regexp_extract({{ expression }}, r'{{ pattern }}'), '')
{%- endmacro %}

{% macro regex_matches(expression, pattern) -%}
  {{ return(adapter.dispatch('regex_matches', 'boomerang')(expression, pattern)) }}
{%- endmacro %}

{% macro default__regex_matches(expression, pattern) -%}
  regexp_matches({{ expression }}, '{{ pattern }}')
{%- endmacro %}

{% macro bigquery__regex_matches(expression, pattern) -%}
  regexp_contains({{ expression }}, r'{{ pattern }}')
{%- endmacro %}

{# Texts behind each other, nulls left out. #}
{% macro joined(texts) -%}
  {{ return(adapter.dispatch('joined', 'boomerang')(texts)) }}
{%- endmacro %}

{% macro default__joined(texts) -%}
  concat({{ texts | join(', ') }})
{%- endmacro %}

{% macro bigquery__joined(texts) -%}
  array_to_string([{{ texts | join(', ') }}], '')
{%- endmacro %}

{# Names parts of an expression, so that each is written and computed once: `names` maps a name to its SQL, `body` uses `scope.name`. #}
{% macro with_names(scope, names, body) -%}
  {{ return(adapter.dispatch('with_names', 'boomerang')(scope, names, body)) }}
{%- endmacro %}

{% macro default__with_names(scope, names, body) -%}
  list_transform([struct_pack(
    {%- for name, sql in names.items() %}{{ name }} := {{ sql }}{{ ', ' if not loop.last }}{% endfor -%}
  )], lambda {{ scope }}: {{ body }})[1]
{%- endmacro %}

{% macro bigquery__with_names(scope, names, body) -%}
  (select {{ body }} from unnest([struct(
    {%- for name, sql in names.items() %}{{ sql }} as {{ name }}{{ ', ' if not loop.last }}{% endfor -%}
  )]) as {{ scope }})
{%- endmacro %}
