"""A nightly load by Airflow, as a pod beside the Helm chart's release ``salesgraph``.

As ``salesgraph_load``: 3 (rejected rows) skips the task and lists them, other failures are tried
again. The pod has the ConfigMap, the Secret and the service account of the release, whose own
CronJob is switched off by ``load.enabled=false`` (and the schedule of its worker by
``--set config.LOAD_SCHEDULE=off``; in a file of values ``"off"`` is quoted).
"""

from datetime import datetime, timedelta

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from kubernetes.client import models as k8s

RELEASE = "salesgraph"
POD = {
    "namespace": "salesgraph",
    "image": "salesgraph:0.1.0",
    "service_account_name": RELEASE,
    "env_from": [
        k8s.V1EnvFromSource(config_map_ref=k8s.V1ConfigMapEnvSource(name=RELEASE)),
        k8s.V1EnvFromSource(secret_ref=k8s.V1SecretEnvSource(name=RELEASE)),
    ],
    "security_context": {
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "seccompProfile": {"type": "RuntimeDefault"},
    },
    "container_security_context": {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    },
    "container_resources": k8s.V1ResourceRequirements(
        requests={"cpu": "500m", "memory": "256Mi"}, limits={"memory": "1Gi"}
    ),
    # Batches in flight are committed in it.
    "termination_grace_period": 60,
    "on_finish_action": "delete_succeeded_pod",
}

with DAG(
    dag_id="salesgraph_load_kubernetes",
    description="Load the new files of the source, and list what was rejected",
    doc_md=__doc__,
    schedule="0 3 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=10)},
    tags=["salesgraph"],
) as dag:
    load = KubernetesPodOperator(
        task_id="load",
        name="salesgraph-load",
        arguments=["load", "--json"],
        skip_on_exit_code=3,
        execution_timeout=timedelta(hours=6),
        **POD,
    )
    rejects = KubernetesPodOperator(
        task_id="rejects",
        name="salesgraph-rejects",
        arguments=["rejects", "list"],
        trigger_rule="all_skipped",
        **POD,
    )
    loaded = EmptyOperator(task_id="loaded", trigger_rule="none_failed_min_one_success")

    load >> rejects
    [load, rejects] >> loaded
