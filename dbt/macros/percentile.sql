{# The interpolated percentile of a column over all rows of the query, repeated on each row. #}
{% macro percentile_over_all(column, fraction) -%}
  {{ return(adapter.dispatch('percentile_over_all', 'boomerang')(column, fraction)) }}
{%- endmacro %}

{% macro default__percentile_over_all(column, fraction) -%}
  quantile_cont({{ column }}, {{ fraction }}) over ()
{%- endmacro %}

{% macro bigquery__percentile_over_all(column, fraction) -%}
  percentile_cont({{ column }}, {{ fraction }}) over ()
{%- endmacro %}
