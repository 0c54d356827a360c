"""A nightly load by Airflow, where the program is installed on its workers.

``load`` ends with 3 when rows were rejected. That is no failure, as everything else is loaded:
the task is then skipped, and ``rejects`` lists what was rejected before ``loaded`` goes on. 4 is
another run that holds the lock, 1 a failure: both are tried again, and the load continues where it
stopped. When the task is cleared or times out the program gets SIGTERM, and ends after the
batches that are in flight.

The connection to Postgres is the Airflow variable ``salesgraph_database_url_secret`` (or a secrets
backend's): Airflow shows the rendered fields of a task, and masks variables with ``secret`` in
their name. The source is ``salesgraph_source_uri``. Tasks that follow should depend on ``loaded``.
"""

from datetime import datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

ENVIRONMENT = {
    "DATABASE_URL": "{{ var.value.salesgraph_database_url_secret }}",
    "SOURCE_URI": "{{ var.value.salesgraph_source_uri }}",
    "LOG_FORMAT": "json",
}

with DAG(
    dag_id="salesgraph_load",
    description="Load the new files of the source, and list what was rejected",
    doc_md=__doc__,
    schedule="0 3 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=10)},
    tags=["salesgraph"],
) as dag:
    load = BashOperator(
        task_id="load",
        # `exec`: the signal of a stop reaches the program.
        bash_command="exec salesgraph load --json",
        env=ENVIRONMENT,
        append_env=True,
        skip_on_exit_code=3,
        execution_timeout=timedelta(hours=6),
    )
    rejects = BashOperator(
        task_id="rejects",
        bash_command="exec salesgraph rejects list",
        env=ENVIRONMENT,
        append_env=True,
        trigger_rule="all_skipped",
    )
    loaded = EmptyOperator(task_id="loaded", trigger_rule="none_failed_min_one_success")

    load >> rejects
    [load, rejects] >> loaded
