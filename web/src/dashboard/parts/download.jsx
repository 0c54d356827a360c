import { useState } from "preact/hooks";
import link from "../queries/report-link.graphql";
import { read } from "../use-query.js";

/**
 * The link to the file of a report. Such links end after minutes, so a click asks for a new one;
 * when there is none any more that is said, and the page stays.
 */
export function Download({ report, children }) {
  const [problem, setProblem] = useState();
  const follow = async (event) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) {
      return;
    }
    event.preventDefault();
    setProblem(undefined);
    try {
      const { data } = await read({ query: link, variables: { id: report.id } });
      const url = safeLink(data.node?.downloadUrl);
      if (!url) {
        throw new Error(data.node?.error?.message ?? "The file is not there any more.");
      }
      location.assign(url);
    } catch (error) {
      setProblem(error.message);
    }
  };
  const url = safeLink(report.downloadUrl);
  return (
    <>
      {url ? (
        <a href={url} rel="noreferrer" download="" onClick={follow}>
          {children}
        </a>
      ) : (
        <span class="bad-text">The server gives no link that a browser could follow.</span>
      )}
      {problem && (
        <span class="bad-text" role="alert">
          {" "}
          {problem}
        </span>
      )}
    </>
  );
}

/** The link of a file, unless it is none that a browser may fetch. */
function safeLink(url) {
  return /^https?:\/\//.test(url ?? "") ? url : undefined;
}
