import { ask, Unauthenticated } from "../shared/api.js";
import { keepToken } from "../shared/session.js";
import { element } from "./dom.js";

/** A result that is shown; the whole of a longer one is in GraphiQL. */
const LONGEST = 20_000;

/** Puts a button beside each example that runs it against this server. */
export function addRunButtons() {
  for (const example of document.querySelectorAll(".example")) {
    const query = example.querySelector("code").textContent;
    const result = element("div", { class: "result", role: "status" });
    const isMutation = /^\s*mutation\b/m.test(query);
    const button = element(
      "button",
      { type: "button", class: "primary" },
      isMutation ? "Run this mutation" : "Run",
    );
    button.addEventListener("click", () => run(query, button, result));
    example.querySelector(".example-actions").prepend(button);
    example.append(result);
  }
}

async function run(query, button, result) {
  button.disabled = true;
  result.replaceChildren(element("p", { class: "hint" }, "Running …"));
  try {
    const answer = await ask({ query });
    const text = JSON.stringify(answer, null, 2);
    const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}\n…` : text;
    const label = answer.errors ? "Result, with errors" : "Result";
    result.replaceChildren(
      element("pre", { tabindex: "0", "aria-label": label }, element("code", {}, shown)),
    );
  } catch (error) {
    const again = () => run(query, button, result);
    result.replaceChildren(
      error instanceof Unauthenticated
        ? signIn(again)
        : element("p", { class: "bad-text" }, error.message),
    );
  } finally {
    button.disabled = false;
  }
}

/** Asks for a token, once for the tab, and runs the example then. */
function signIn(again) {
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
    again();
  });
  return form;
}
