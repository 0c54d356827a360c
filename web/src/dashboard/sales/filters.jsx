import { useEffect, useRef, useState } from "preact/hooks";
import { Labelled } from "../parts/labelled.jsx";
import { addDays, yearsOf } from "../period.js";
import { formatDay, words } from "../format.js";
import { go } from "../url.js";
import { LINES } from "./filter.js";

const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** The period and the filters of all panels; each is in the address. */
export function Filters({ parameters, period, bounds, territories }) {
  const set = (patch) => go({ ...parameters, ...patch });
  const chosen = parameters.period ?? "12m";
  const to = addDays(period.to, -1);
  const choosePeriod = (value) =>
    set({
      period: value === "12m" ? undefined : value,
      from: value === "custom" ? period.from : undefined,
      to: value === "custom" ? to : undefined,
    });
  return (
    <form
      class="filters"
      aria-label="Period and filters"
      onSubmit={(event) => event.preventDefault()}
    >
      <Choice label="Period" value={chosen} choose={choosePeriod}>
        <option value="12m">Last 12 months</option>
        <option value="3m">Last 3 months</option>
        {yearsOf(bounds).map((year) => (
          <option key={year} value={String(year)}>
            {year}
          </option>
        ))}
        <option value="all">All</option>
        <option value="custom">From … to …</option>
      </Choice>
      {chosen === "custom" && (
        <>
          <Day label="From" value={period.from} bounds={bounds} choose={(from) => set({ from })} />
          <Day label="To" value={to} bounds={bounds} choose={(until) => set({ to: until })} />
        </>
      )}
      <Choice
        label="Territory"
        value={parameters.territory}
        choose={(territory) => set({ territory })}
      >
        <option value="">All territories</option>
        {territories.map(({ territoryId, name, countryRegionCode }) => (
          <option key={territoryId} value={String(territoryId)}>
            {name === countryRegionCode ? name : `${name} (${countryRegionCode})`}
          </option>
        ))}
      </Choice>
      <Choice label="Product line" value={parameters.line} choose={(line) => set({ line })}>
        <option value="">All product lines</option>
        {LINES.map((line) => (
          <option key={line} value={line}>
            {capital(words(line))}
          </option>
        ))}
      </Choice>
      <Choice label="Channel" value={parameters.channel} choose={(channel) => set({ channel })}>
        <option value="">Online and resellers</option>
        <option value="online">Online</option>
        <option value="resellers">Resellers</option>
      </Choice>
      <p class="hint range">
        {formatDay(period.from)} – {formatDay(to)}
      </p>
    </form>
  );
}

function Choice({ label, value, choose, children }) {
  return (
    <Labelled label={label}>
      {(id) => (
        <select id={id} value={value ?? ""} onChange={(event) => choose(event.currentTarget.value)}>
          {children}
        </select>
      )}
    </Labelled>
  );
}

/**
 * A day that is typed or picked. While it is typed each digit makes another day, as 0002 and
 * 0020 before 2013; so it is taken when the field is left or by Enter.
 */
function Day({ label, value, bounds, choose }) {
  const [draft, setDraft] = useState(value);
  const isTyped = useRef(false);
  useEffect(() => setDraft(value), [value]);
  const commit = (field) => {
    isTyped.current = false;
    if (field.value && field.checkValidity()) {
      if (field.value !== value) {
        choose(field.value);
      }
      return true;
    }
    return false;
  };
  const change = ({ currentTarget }) => {
    setDraft(currentTarget.value);
    if (!isTyped.current) {
      commit(currentTarget);
    }
  };
  const press = ({ key, currentTarget }) => {
    if (key === "Enter") {
      commit(currentTarget) || currentTarget.reportValidity();
    } else if (key !== "Tab") {
      isTyped.current = true;
    }
  };
  // What is no day of the data is not kept as if it were chosen.
  const leave = ({ currentTarget }) => commit(currentTarget) || setDraft(value);
  return (
    <Labelled label={label}>
      {(id) => (
        <input
          id={id}
          type="date"
          value={draft}
          min={bounds.first}
          max={bounds.last}
          onInput={change}
          onKeyDown={press}
          onBlur={leave}
        />
      )}
    </Labelled>
  );
}
