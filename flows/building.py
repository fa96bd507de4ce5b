"""The flow `build`, a part of `daily`: dbt's models and tests for one as_of, each a task run as soon as dbt is done with it.

It has no timeout: dbt would go on writing after it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from prefect import flow, get_run_logger

from audiences.builds import Build, build
from audiences.dbt_run import NodeResult
from audiences.errors import Busy
from audiences.settings import Settings
from flows.artifacts import build_text, publish
from flows.privacy import clean_errors
from flows.steps import BUSY_WAITS, settings_of, show_node


@flow(name="build", flow_run_name="build")
def build_models(config: str | None = None, as_of: str | None = None) -> None:
    """Build and publish every model for one as_of; a build of which anything failed is not published."""
    with clean_errors():
        made = _built_when_free(settings_of(config), as_of, BUSY_WAITS)
    get_run_logger().info("build %s: %d models and tests in %.0f s", made.build_id, made.node_count, made.seconds)


def _built_when_free(settings: Settings, as_of: str | None, waits: Sequence[float]) -> Build:
    """The build, begun again after each of `waits` seconds while another process holds the warehouse."""
    for wait in waits:
        try:
            return _built(settings, as_of)
        except Busy as error:
            get_run_logger().warning("%s; beginning again in %.0f s", error, wait)
            time.sleep(wait)
    return _built(settings, as_of)


def _built(settings: Settings, as_of: str | None) -> Build:
    nodes: list[NodeResult] = []

    def show(node: NodeResult) -> None:
        nodes.append(node)
        show_node(node.kind, node.name, node.status, node.seconds, node.message, return_state=True)

    try:
        return build(settings, as_of, on_node=show)
    finally:
        if nodes:
            publish("build", settings.environment, build_text(nodes))
