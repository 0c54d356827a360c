"""Parses the queries of alert rules and dashboards; prints one JSON object a query: its metrics
with the values that labels are compared with, the labels by which they are grouped or joined and
the function that is given them, and the labels that are shown of the result."""

import json
import re
import sys

import promql_parser as promql
import yaml


def queries(path):
    with open(path, encoding="utf-8") as file:
        content = yaml.safe_load(file)
    if "panels" not in content:
        for group in content["groups"]:
            for rule in group["rules"]:
                text = " ".join(rule["annotations"].values())
                shown = re.findall(r"\$labels\.(\w+)", text)
                yield rule["alert"], rule["expr"], shown
        return
    for variable in content["templating"]["list"]:
        query = variable["query"]
        if isinstance(query, dict):
            inner = re.fullmatch(r"label_values\((.*), *(\w+)\)", query["query"])
            yield f"variable {variable['name']}", inner.group(1), [inner.group(2)]
    for panel in content["panels"]:
        for target in panel.get("targets", []):
            shown = re.findall(r"{{ *(\w+) *}}", target.get("legendFormat", ""))
            expression = target["expr"].replace("$__rate_interval", "5m")
            yield panel["title"], expression, shown


def visit(node, grouped, function, metrics):
    """Adds the metrics of an expression; returns the labels of its result, or the metric whose
    labels it has."""
    match node:
        case promql.VectorSelector():
            compared = [[each.name, each.value] for each in node.matchers.matchers]
            metrics.append(
                {"name": node.name, "compared": compared, "grouped": grouped, "function": function}
            )
            return node.name
        case promql.MatrixSelector():
            return visit(node.vector_selector, grouped, function, metrics)
        case promql.AggregateExpr():
            by = node.modifier.labels if node.modifier else []
            assert not node.modifier or node.modifier.type == promql.AggModifierType.By
            inner = visit(node.expr, grouped + by, function, metrics)
            return inner if str(node.op) in ("topk", "bottomk") else by
        case promql.BinaryExpr():
            on = node.modifier.matching if node.modifier else None
            assert not on or on.type == promql.LabelModifierType.Include
            grouped = grouped + (on.labels if on else [])
            sides = [visit(side, grouped, function, metrics) for side in (node.lhs, node.rhs)]
            return next((side for side in sides if side is not None), None)
        case promql.Call():
            name = node.func.name
            results = [visit(each, grouped, name, metrics) for each in node.args]
            return next((result for result in results if result is not None), None)
        case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            return visit(node.expr, grouped, function, metrics)
        case promql.NumberLiteral() | promql.StringLiteral():
            return None
    raise TypeError(type(node))


for path in sys.argv[1:]:
    for name, expression, shown in queries(path):
        metrics = []
        result = visit(promql.parse(expression), [], None, metrics)
        print(json.dumps({"of": name, "metrics": metrics, "shown": shown, "result": result}))
