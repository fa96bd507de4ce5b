{# The instant that this run speaks of, as a timestamp literal in UTC. No model reads the clock instead. #}
{% macro as_of() -%}
  timestamp '{{ as_of_text() }}'
{%- endmacro %}

{# Accepts what datetime.fromisoformat reads; an offset is turned into UTC. Raises when the variable is missing or unreadable. #}
{% macro as_of_text() -%}
  {%- set given = var('as_of', none) -%}
  {%- if given is none or not given -%}
    {%- if execute -%}
      {{ exceptions.raise_compiler_error("The variable as_of is missing: run dbt with --vars '{as_of: \"2026-11-23 23:59:59.999999\"}' (UTC).") }}
    {%- endif -%}
    {{ return('1970-01-01 00:00:00') }}
  {%- endif -%}
  {%- if not modules.re.match('^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}', given | string) -%}
    {{ exceptions.raise_compiler_error("The variable as_of must be an instant such as '2026-11-23 23:59:59.999999' (UTC), not '" ~ given ~ "'.") }}
  {%- endif -%}
  {%- set instant = modules.datetime.datetime.fromisoformat(given | string) -%}
  {%- if instant.tzinfo -%}
    {%- set instant = instant.astimezone(modules.pytz.utc).replace(tzinfo=none) -%}
  {%- endif -%}
  {{ return(instant.strftime('%Y-%m-%d %H:%M:%S.%f')) }}
{%- endmacro %}
