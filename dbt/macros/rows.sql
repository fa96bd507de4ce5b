{# Keeps the newest row per key. `newest_first` are columns that are sorted descending, nulls last; end it with tie-breakers. #}
{% macro keep_newest(key, newest_first) -%}
  qualify row_number() over (
    partition by {{ key | join(', ') }}
    order by {% for column in newest_first %}{{ column }} desc nulls last{{ ', ' if not loop.last }}{% endfor %}
  ) = 1
{%- endmacro %}

{# One entity of the shop model from all sources in use, with `source` in front. #}
{% macro union_sources(entity) -%}
  {%- for source in var('sources') %}
  select '{{ source }}' as source, entity.* from {{ ref('stg_' ~ source ~ '__' ~ entity) }} as entity
  {%- if not loop.last %}
  union all
  {%- endif %}
  {%- endfor %}
{%- endmacro %}

{# The place of a source in `sources`: where two describe the same thing, the first one listed wins. #}
{% macro source_rank(column='source') -%}
  case {{ column }}
  {%- for source in var('sources') %} when '{{ source }}' then {{ loop.index }}{% endfor %} else 0 end
{%- endmacro %}

{# `relation.* {{ except_columns([...]) }}`: all columns but these. #}
{% macro except_columns(columns) -%}
  {{ 'exclude' if target.type == 'duckdb' else 'except' }} ({{ columns | join(', ') }})
{%- endmacro %}
