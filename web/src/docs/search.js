import { element } from "./dom.js";

const MOST = 12;
const root = document.querySelector("meta[name=root]").content;
let index;

/** What is searched in comes with the first letter. */
async function load() {
  index ??= fetch(new URL(document.querySelector("meta[name=search]").content, location.href)).then(
    (response) => response.json(),
  );
  return index;
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
    const found = find(await load(), input.value);
    list.replaceChildren(...found.map(entry));
    told.textContent = input.value.trim() ? `${found.length} found` : "";
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
function find(entries, text) {
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
  return entries
    .map((one) => ({ ...one, rank: rank(one.text.toLowerCase()) }))
    .filter((one) => one.rank < 5)
    .sort((one, other) => one.rank - other.rank || one.text.length - other.text.length)
    .slice(0, MOST);
}
