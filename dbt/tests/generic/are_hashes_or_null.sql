{# Every value is 64 lower-case hex digits, or null. Says which column is wrong and how often, never the value. #}
{% test are_hashes_or_null(model, columns) %}

{% for column in columns %}
select '{{ column }}' as column_name, count(*) as wrong_count
from {{ model }}
where not {{ regex_matches(column, '^[0-9a-f]{64}$') }}
having count(*) > 0
{{ 'union all' if not loop.last }}
{% endfor %}

{% endtest %}
