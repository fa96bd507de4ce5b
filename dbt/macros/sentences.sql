{# 'today', '1 day ago', '214 days ago' of a whole number of days. #}
{% macro days_ago(days) -%}
  case {{ days }}
    when 0 then 'today'
    when 1 then '1 day ago'
    else cast({{ days }} as {{ dbt.type_string() }}) || ' days ago'
  end
{%- endmacro %}
