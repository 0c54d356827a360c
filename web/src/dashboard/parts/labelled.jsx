import { useId } from "preact/hooks";

/** A field below its label. Beside it, not within: else what is chosen would be part of its name. */
export function Labelled({ label, children }) {
  const id = useId();
  return (
    <div class="labelled">
      <label for={id}>{label}</label>
      {children(id)}
    </div>
  );
}
