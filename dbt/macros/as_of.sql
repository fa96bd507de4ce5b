{# The instant that this run speaks of, as a timestamp literal in UTC. No model reads the clock instead. #}
{% macro as_of() -%}
  timestamp '{{ as_of_text() }}'
{%- endmacro %}

{# From the variable as_of, else from the environment's BOOMERANG_AS_OF: `boomerang build` gives the latter, because a variable that
   changes makes dbt parse the whole project again. Read at execution only, for the same reason.
   Accepts what datetime.fromisoformat reads; an offset is turned into UTC. Raises when it is missing or unreadable. #}
{% macro as_of_text() -%}
  {%- set given = var('as_of', none) -%}
  {%- if not given and execute -%}
    {%- set given = env_var('BOOMERANG_AS_OF', '') -%}
  {%- endif -%}
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
