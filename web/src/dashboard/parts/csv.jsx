import { useEffect, useRef, useState } from "preact/hooks";
import { follow } from "../../shared/follow.js";
import { formatBytes, formatCount, formatMoment } from "../format.js";
import followReport from "../queries/follow-report.graphql";
import requestReport from "../queries/request-report.graphql";
import { askAsUser } from "../use-query.js";
import { link } from "../url.js";
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

  const request = async () => {
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
      if (!answer.data.requestReport) {
        throw new Error(answer.errors.map(({ message }) => message).join("; "));
      }
      const { report, reused, nextAllowedAt } = answer.data.requestReport;
      let last = report;
      for await (const data of follow(followReport, report.id, controller.signal)) {
        last = data.report;
        tell({ step: "followed", report: last, reused, nextAllowedAt });
      }
      tell({ step: "ended", report: last, reused, nextAllowedAt });
    } catch (error) {
      if (error.name !== "AbortError") {
        tell({ step: "failed", message: error.message });
      }
    }
  };
  const isBusy = state?.step === "asked" || state?.step === "followed";
  const button = (
    <button type="button" class="quiet" disabled={isBusy} onClick={request}>
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
        <a href={safeLink(report.downloadUrl)} rel="noreferrer" download="">
          Download {formatCount(report.rowCount)} rows, {formatBytes(report.byteSize)}
        </a>
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

/** The link of a file, unless it is none that a browser may fetch. */
export function safeLink(url) {
  return /^https?:\/\//.test(url ?? "") ? url : undefined;
}
