import { useState } from "react";
import { ToolbarButton, useEditorContext } from "@graphiql/react";
import { makeLink } from "./share.js";

/**
 * Puts the link to the current query into the address bar, and into the
 * clipboard where the browser lets a page do so (https and localhost).
 */
export function ShareButton() {
  const { queryEditor, variableEditor } = useEditorContext({ nonNull: true });
  const [copied, setCopied] = useState(false);

  const share = async () => {
    const link = makeLink(window.location.href, {
      query: queryEditor?.getValue(),
      variables: variableEditor?.getValue(),
      operationName: queryEditor?.operationName,
    });
    window.history.replaceState(null, "", link);
    try {
      await navigator.clipboard.writeText(link);
      setCopied(true);
    } catch {
      setCopied(false);
    }
  };

  const label = copied ? "Link copied" : "Link to this query";
  return (
    <ToolbarButton onClick={share} label={label} onMouseEnter={() => setCopied(false)}>
      <svg
        className="graphiql-toolbar-icon"
        viewBox="0 0 24 24"
        fill="none"
        stroke="currentColor"
        strokeWidth="2"
        strokeLinecap="round"
        aria-hidden="true"
      >
        <path d="M10 14a5 5 0 0 0 7 0l3-3a5 5 0 0 0-7-7l-1 1" />
        <path d="M14 10a5 5 0 0 0-7 0l-3 3a5 5 0 0 0 7 7l1-1" />
      </svg>
    </ToolbarButton>
  );
}
