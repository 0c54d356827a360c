import { ask, Unauthenticated } from "../shared/api.js";
import { keepToken } from "../shared/session.js";
import { element } from "./dom.js";

/** A result that is shown; the whole of a longer one is in GraphiQL. */
const LONGEST = 20_000;

/** Puts a button beside each example that runs it against this server. */
export function addRunButtons() {
  for (const example of document.querySelectorAll(".example")) {
    const query = example.querySelector("code").textContent;
    const isMutation = /^\s*mutation\b/m.test(query);
    const button = element(
      "button",
      { type: "button", class: "primary" },
      isMutation ? "Run this mutation" : "Run",
      element("span", { class: "visually-hidden" }, ` of ${headingOf(example)}`),
    );
    // What is announced is short; the result itself is read by who goes there.
    const told = element("p", { class: "visually-hidden", role: "status" });
    const result = element("div", { class: "result" });
    const place = { query, button, told, result };
    button.addEventListener("click", () => run(place));
    example.querySelector(".example-actions").prepend(button);
    example.append(told, result);
  }
}

/** What the example is about: the last heading, or field, before it. */
function headingOf(example) {
  const places = [...document.querySelectorAll("main :is(h1, h2, h3, h4, dt)")];
  const isBefore = (place) =>
    place.compareDocumentPosition(example) & Node.DOCUMENT_POSITION_FOLLOWING;
  const place = places.filter(isBefore).at(-1);
  return (place?.querySelector("b") ?? place)?.textContent ?? "the page";
}

async function run({ query, button, told, result }) {
  // One that is disabled would lose the focus.
  if (button.getAttribute("aria-disabled") === "true") {
    return;
  }
  button.setAttribute("aria-disabled", "true");
  told.textContent = "Running …";
  result.replaceChildren(element("p", { class: "hint", "aria-hidden": "true" }, "Running …"));
  try {
    const answer = await ask({ query });
    const text = JSON.stringify(answer, null, 2);
    const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}\n…` : text;
    const label = answer.errors ? "Result, with errors" : "Result";
    told.textContent = `${label}, ${text.split("\n").length} lines`;
    result.replaceChildren(
      element(
        "pre",
        { tabindex: "0", role: "region", "aria-label": label },
        element("code", {}, shown),
      ),
    );
  } catch (error) {
    if (error instanceof Unauthenticated) {
      told.textContent = "A token is needed to run this.";
      result.replaceChildren(signIn(() => run({ query, button, told, result }), button));
    } else {
      told.textContent = error.message;
      result.replaceChildren(
        element("p", { class: "bad-text", "aria-hidden": "true" }, error.message),
      );
    }
  } finally {
    button.setAttribute("aria-disabled", "false");
  }
}

/** Asks for a token, once for the tab, and runs the example then. */
function signIn(again, button) {
  const input = element("input", {
    type: "password",
    autocomplete: "off",
    required: "",
    maxlength: "8192",
  });
  const form = element(
    "form",
    { class: "filters" },
    element("label", {}, element("span", {}, "Token or API key, kept in this tab only"), input),
    element("button", { type: "submit" }, "Run with it"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    keepToken(input.value.trim().replace(/^Bearer\s+/i, ""));
    // The form goes, and with it the focus.
    button.focus();
    again();
  });
  return form;
}
