/** What stands where content will be. */
export function Skeleton({ lines }) {
  return (
    <div class="skeleton">
      <span class="visually-hidden">Loading …</span>
      {Array.from({ length: lines }, (_, line) => (
        <i key={line} />
      ))}
    </div>
  );
}

export function Empty({ children }) {
  return <p class="empty">{children}</p>;
}

export function Failure({ message, again }) {
  return (
    <div class="failure" role="alert">
      <p>{message}</p>
      {again && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Where a token lacks a scope: said once, in place of what it would show. */
export function Refused({ title, message }) {
  return (
    <section class="panel wide refused">
      <h2>{title}</h2>
      <p>
        Not shown with this token: {message}. Whoever issues your tokens can add the scope; see{" "}
        <a href="docs/access">Access</a>.
      </p>
    </section>
  );
}

const TONES = {
  SUCCEEDED: "good",
  LOADED: "good",
  SUCCEEDED_WITH_REJECTS: "warn",
  FAILED: "bad",
  RUNNING: "busy",
  LOADING: "busy",
  QUEUED: "busy",
};

/** A state, by its word; the colour only repeats it. */
export function Badge({ state, children }) {
  return <span class={`badge ${TONES[state] ?? "plain"}`}>{children}</span>;
}
