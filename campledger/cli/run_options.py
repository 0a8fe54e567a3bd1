"""Options that name a run: its id, collection, submit directory and workflow system."""

from __future__ import annotations

import click

run_id_option = click.option("--run-id", help="The workflow system's identifier of the run.")
run_collection_option = click.option(
    "--run", "run_collection", metavar="COLLECTION", help="The RUN collection that it writes."
)
submit_dir_option = click.option("--submit-dir", metavar="DIR", help="The BPS submit directory.")
wms_option = click.option("--wms", metavar="NAME", help="The workflow-management system or class.")
