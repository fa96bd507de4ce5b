{# Known to be under adult_age on the shop's day of as_of. A placeholder (1900-01-01, a day to come) says nothing about the age. #}
{% macro is_minor(birth_date) -%}
  (
    {{ birth_date }} <= {{ shop_date(as_of()) }}
    and cast({{ dbt.dateadd('year', var('adult_age'), birth_date) }} as date) > {{ shop_date(as_of()) }}
  )
{%- endmacro %}
