{# The cells of the return curve. A cell is named by its first and last value. #}
{% macro recency_cells() -%}
  {{ return([[0, 14], [15, 30], [31, 60], [61, 90], [91, 120], [121, 180], [181, 270], [271, 365], [366, none]]) }}
{%- endmacro %}

{# Orders in 365 days; 0 is for those whose last order is older than that. #}
{% macro frequency_cells() -%}
  {{ return([[0, 0], [1, 1], [2, 2], [3, 4], [5, 7], [8, 12], [13, none]]) }}
{%- endmacro %}

{# The number, from 1, of the cell that a value falls into. #}
{% macro cell_number(value, cells) -%}
  case
  {%- for cell in cells if cell[1] is not none %} when {{ value }} <= {{ cell[1] }} then {{ loop.index }}{% endfor %} else {{ cells | length }}
  end
{%- endmacro %}
