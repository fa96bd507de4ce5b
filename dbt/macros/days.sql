{# The shop's day of a UTC timestamp, as DATE. #}
{% macro shop_date(instant) -%}
  {{ return(adapter.dispatch('shop_date', 'boomerang')(instant)) }}
{%- endmacro %}

{% macro default__shop_date(instant) -%}
  cast(({{ instant }}) at time zone 'UTC' at time zone '{{ var("shop_timezone") }}' as date)
{%- endmacro %}

{% macro bigquery__shop_date(instant) -%}
  date({{ instant }}, '{{ var("shop_timezone") }}')
{%- endmacro %}

{# Whole days of the shop from a UTC timestamp to as_of, as bigint; 0 on the day of as_of itself. #}
{% macro days_since(instant) -%}
  {{ days_since_date(shop_date(instant)) }}
{%- endmacro %}

{# The same from a day of the shop that is already known, such as ordered_date. #}
{% macro days_since_date(day) -%}
  {{ dbt.datediff(day, shop_date(as_of()), 'day') }}
{%- endmacro %}
