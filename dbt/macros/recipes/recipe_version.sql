{% macro recipe_version() -%}
  1
{%- endmacro %}
