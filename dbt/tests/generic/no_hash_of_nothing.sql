{# The SHA-256 of the empty text stands in no column: it would match everybody whose platform record lacks the field. #}
{% test no_hash_of_nothing(model, columns) %}

select count(*) as row_count
from {{ model }}
where 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' in ({{ columns | join(', ') }})
having count(*) > 0

{% endtest %}
