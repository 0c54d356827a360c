import { useEffect, useState } from "preact/hooks";

const CHANGED = "salesgraph:url";

/** What is shown is what the address says, so that it can be kept, sent and gone back to. */
export function readUrl() {
  return Object.fromEntries(new URLSearchParams(location.search));
}

/** The address with these parameters; empty ones are left out. */
export function urlOf(parameters) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null && value !== "") {
      search.set(name, value);
    }
  }
  const text = search.toString();
  return text ? `?${text}` : location.pathname;
}

/** Goes to an address of this page without loading it. */
export function go(parameters) {
  history.pushState(null, "", urlOf(parameters));
  dispatchEvent(new Event(CHANGED));
}

/** The parameters of the address, now and whenever they change. */
export function useUrl() {
  const [parameters, setParameters] = useState(readUrl);
  useEffect(() => {
    const read = () => setParameters(readUrl());
    addEventListener("popstate", read);
    addEventListener(CHANGED, read);
    return () => {
      removeEventListener("popstate", read);
      removeEventListener(CHANGED, read);
    };
  }, []);
  return parameters;
}

/** The properties of a link within this page; another tab is the browser's business. */
export function link(parameters) {
  return {
    href: urlOf(parameters),
    onClick: (event) => {
      if (event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
        event.preventDefault();
        go(parameters);
      }
    },
  };
}
