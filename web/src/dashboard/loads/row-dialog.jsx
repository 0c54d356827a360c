import { useEffect, useRef, useState } from "preact/hooks";
import { formatCount, formatMoment, words } from "../format.js";
import { Replay } from "./replay.jsx";

/** One row with its whole text; a rejected one can be corrected and loaded again. */
export function RowDialog({ row, isRejected, close, ended }) {
  const dialog = useRef();
  const [text, setText] = useState(row.raw ?? "");
  const hasReplayed = useRef(false);
  useEffect(() => dialog.current.showModal(), []);
  const closed = () => {
    close();
    if (hasReplayed.current) {
      ended();
    }
  };
  const isChanged = text !== row.raw;
  return (
    <dialog ref={dialog} aria-labelledby="row-title" onClose={closed}>
      <header class="panel-head">
        <h2 id="row-title">
          Line {formatCount(row.line)} of {row.objectKey?.split("/").pop() ?? "a removed file"}
        </h2>
        <button type="button" class="quiet" onClick={() => dialog.current.close()}>
          Close
        </button>
      </header>
      <dl class="facts">
        <Fact name="File">
          <code>{row.objectKey ?? "–"}</code>
        </Fact>
        <Fact name="Byte">{formatCount(row.byteOffset)}</Fact>
        {isRejected ? (
          <>
            <Fact name="Column">{row.column ?? "the whole row"}</Fact>
            <Fact name="Reason">{words(row.reason)}</Fact>
            <Fact name="Rejected">{formatMoment(row.rejectedAt)}</Fact>
          </>
        ) : (
          <>
            <Fact name="Waits for">{`${row.parent} ${row.parentKey.join(", ")}`}</Fact>
            <Fact name="Parked">{formatMoment(row.parkedAt)}</Fact>
          </>
        )}
      </dl>
      {row.message && <p>{row.message}</p>}
      {row.raw === null && (
        <p class="hint">Its text is not shown with this token: it needs the scope persons:read.</p>
      )}
      {row.raw !== null && !isRejected && <pre tabIndex={0}>{row.raw}</pre>}
      {row.raw !== null && isRejected && (
        <>
          <label for="raw">Raw text, in the dialect of its file; correct it here</label>
          <textarea
            id="raw"
            rows={6}
            spellcheck={false}
            value={text}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        </>
      )}
      {isRejected && (
        <Replay
          input={
            isChanged && row.raw !== null ? { rejectId: row.id, raw: text } : { rejectId: row.id }
          }
          label={isChanged ? "Load the corrected row" : "Replay this row"}
          started={() => (hasReplayed.current = true)}
        />
      )}
    </dialog>
  );
}

function Fact({ name, children }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
