const PATHS = {
  chart: "M4 20V10m6 10V4m6 16v-7m4 7H2",
  table: "M3 5h18v14H3zM3 10h18M9 5v14",
  query: "M8 6l-5 6 5 6m8-12l5 6-5 6",
  file: "M12 3v12m-5-5l5 5 5-5M4 21h16",
  replay: "M4 12a8 8 0 1 0 3-6.2M4 4v5h5",
};

/** A drawing beside a word that says the same. */
export function Icon({ name }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
