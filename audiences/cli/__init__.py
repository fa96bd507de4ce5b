"""The command line. Importing it imports neither settings nor a warehouse nor prefect nor dbt: `--help` must be quick."""

from audiences.cli.app import load_commands, main

__all__ = ["load_commands", "main"]
