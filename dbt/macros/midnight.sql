{# The UTC timestamp at which a day of the shop begins. #}
{% macro shop_midnight(day) -%}
  {{ return(adapter.dispatch('shop_midnight', 'boomerang')(day)) }}
{%- endmacro %}

{% macro default__shop_midnight(day) -%}
  cast({{ day }} as timestamp) at time zone '{{ var("shop_timezone") }}' at time zone 'UTC'
{%- endmacro %}

{% macro bigquery__shop_midnight(day) -%}
  timestamp(cast({{ day }} as date), '{{ var("shop_timezone") }}')
{%- endmacro %}

{# The beginning of the shop's day so many days after a DATE, as a UTC timestamp. #}
{% macro midnight_after(day, days) -%}
  {{ shop_midnight(dbt.dateadd('day', days, day)) }}
{%- endmacro %}
