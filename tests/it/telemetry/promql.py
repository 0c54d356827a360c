"""Parses the queries of alert rules and dashboards; prints one JSON object a query: its metrics
with the labels that are compared."""

import json
import re
import sys

import promql_parser
import yaml


def queries(path):
    with open(path, encoding="utf-8") as file:
        content = yaml.safe_load(file)
    if "panels" not in content:
        for group in content["groups"]:
            for rule in group["rules"]:
                yield rule["alert"], rule["expr"]
        return
    for variable in content["templating"]["list"]:
        query = variable["query"]
        if isinstance(query, dict):
            inner = re.fullmatch(r"label_values\((.*), *\w+\)", query["query"])
            yield f"variable {variable['name']}", inner.group(1)
    for panel in content["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"].replace("$__rate_interval", "5m")


for path in sys.argv[1:]:
    for name, expression in queries(path):
        metrics = []

        def visit(node):
            if isinstance(node, promql_parser.MatrixSelector):
                node = node.vector_selector
            if isinstance(node, promql_parser.VectorSelector):
                labels = {
                    matcher.name: matcher.value for matcher in node.matchers.matchers
                }
                metrics.append([node.name, labels])

        promql_parser.walk(promql_parser.parse(expression), visit)
        print(json.dumps({"of": name, "metrics": metrics}))
