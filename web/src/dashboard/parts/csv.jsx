import { useEffect, useRef, useState } from "preact/hooks";
import { follow } from "../../shared/follow.js";
import { demandField } from "../../shared/api.js";
import { formatBytes, formatCount, formatMoment } from "../format.js";
import followReport from "../queries/follow-report.graphql";
import requestReport from "../queries/request-report.graphql";
import { askAsUser } from "../use-query.js";
import { link } from "../url.js";
import { Download } from "./download.jsx";
import { Icon } from "./icon.jsx";

/** The project under which the files of this page are kept. */
const PROJECT = "dashboard";

/**
 * The button that asks for the file of a panel's query, with all its rows, and the line that
 * follows the file to its link.
 */
export function useCsvFile(operation, title) {
  const [state, setState] = useState();
  const following = useRef();
  const key = JSON.stringify(operation);
  // Another period or filter is another file.
  useEffect(() => {
    setState(undefined);
    return () => following.current?.abort();
  }, [key]);

  const isBusy = state?.step === "asked" || state?.step === "followed";
  const request = async () => {
    if (isBusy) {
      return;
    }
    const controller = new AbortController();
    following.current?.abort();
    following.current = controller;
    const tell = (next) => controller.signal.aborted || setState(next);
    tell({ step: "asked" });
    try {
      const { query, variables = {} } = operation;
      const { after, ...given } = variables;
      const input = { project: PROJECT, query, variables: given };
      const answer = await askAsUser(
        { query: requestReport, variables: { input } },
        controller.signal,
      );
      const { report, reused, nextAllowedAt } = demandField(answer);
      let last = report;
      for await (const now of follow(followReport, report.id, controller.signal)) {
        last = now;
        tell({ step: "followed", report: last, reused, nextAllowedAt });
      }
      tell({ step: "ended", report: last, reused, nextAllowedAt });
    } catch (error) {
      if (error.name !== "AbortError") {
        tell({ step: "failed", message: error.message });
      }
    }
  };
  // One that is disabled would lose the focus.
  const button = (
    <button type="button" class="quiet" aria-disabled={isBusy} onClick={request}>
      <Icon name="file" />
      <span>As CSV</span>
      <span class="visually-hidden"> of {title}</span>
    </button>
  );
  const line = (
    <p role="status" class="panel-foot">
      {state && <Told {...state} />}
    </p>
  );
  return { button, line };
}

function Told({ step, report, reused, nextAllowedAt, message }) {
  if (step === "failed") {
    return <span class="bad-text">{message}</span>;
  }
  if (step === "asked") {
    return "Asking for the file …";
  }
  if (report.state === "SUCCEEDED") {
    return (
      <>
        <Download report={report}>
          Download {formatCount(report.rowCount)} rows, {formatBytes(report.byteSize)}
        </Download>
        {reused && ` · as made before; a new one from ${formatMoment(nextAllowedAt)}`}
      </>
    );
  }
  if (report.state === "RUNNING" && step === "followed") {
    return `Being written: ${formatCount(report.progress.rows)} rows …`;
  }
  if (step === "followed" && report.state === "QUEUED") {
    return "Waiting for a worker …";
  }
  if (step === "ended" && (report.state === "QUEUED" || report.state === "RUNNING")) {
    return (
      <>
        It takes longer; it will be among the <a {...link({ view: "reports" })}>reports</a>.
      </>
    );
  }
  return (
    <span class="bad-text">
      {report.error?.message ?? `The report is ${report.state.toLowerCase()}.`}
    </span>
  );
}
