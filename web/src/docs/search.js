import { element } from "./dom.js";

const MOST = 12;
const root = document.querySelector("meta[name=root]").content;
let entries;

/** What is searched in comes with the first letter, and is asked for again when that failed. */
async function load() {
  entries ??= Promise.all(["search", "search-api"].map(part)).then((parts) => parts.flat());
  return entries.catch((error) => {
    entries = undefined;
    throw error;
  });
}

async function part(name) {
  const address = document.querySelector(`meta[name=${name}]`)?.content;
  // Where the schema is not told to clients, the page does not have its entries.
  if (address === undefined) {
    return [];
  }
  const response = await fetch(new URL(address, location.href));
  if (!response.ok) {
    throw new Error(`${address}: ${response.status}`);
  }
  return response.json();
}

/** Puts a search of guides, types and fields into the page. */
export function addSearch(place) {
  const list = element("ul", { class: "found" });
  const told = element("p", { class: "visually-hidden", role: "status" });
  const input = element("input", {
    type: "search",
    placeholder: "Search types, fields, guides",
    "aria-label": "Search the documentation",
  });
  input.addEventListener("input", async () => {
    try {
      const found = find(await load(), input.value);
      list.replaceChildren(...found.map(entry));
      told.textContent = input.value.trim() ? `${found.length} found` : "";
    } catch {
      const problem = "The search could not be loaded; the next letter tries it again.";
      told.textContent = problem;
      list.replaceChildren(element("li", { class: "bad-text", "aria-hidden": "true" }, problem));
    }
  });
  place.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      input.value = "";
      list.replaceChildren();
      input.focus();
    }
  });
  place.append(input, told, list);
}

function entry({ text, kind, address }) {
  return element(
    "li",
    {},
    element("a", { href: root + address }, text, element("span", { class: "muted" }, ` ${kind}`)),
  );
}

/** Whole names first, then what begins so, then what contains it. */
function find(all, text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) {
    return [];
  }
  const rank = (name) => {
    const last = name.split(/[.:] ?/).pop();
    return name === wanted
      ? 0
      : last === wanted
        ? 1
        : name.startsWith(wanted)
          ? 2
          : last.startsWith(wanted)
            ? 3
            : name.includes(wanted)
              ? 4
              : 5;
  };
  return all
    .map((one) => ({ ...one, rank: rank(one.text.toLowerCase()) }))
    .filter((one) => one.rank < 5)
    .sort((one, other) => one.rank - other.rank || one.text.length - other.text.length)
    .slice(0, MOST);
}
