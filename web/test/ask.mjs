// Opens a link to GraphiQL in a real Chromium as a visitor would, runs the query it opens
// with, takes a screenshot, and prints the answer as the page shows it.
//
//   node ask.mjs LINK CHROMIUM SCREENSHOT

import { writeFileSync } from "node:fs";
import { Chromium } from "./chromium.mjs";

const [link, executable, screenshot] = process.argv.slice(2);
const answerText = `document.querySelector(".result-window.CodeMirror, .result-window .CodeMirror")
  ?.CodeMirror.getValue() ?? ""`;
const runButton = "button.graphiql-execute-button";

const browser = await Chromium.start(executable);
try {
  await browser.open(new URL(link));
  await browser.until("the run button", `!!document.querySelector("${runButton}")`);
  await browser.click(runButton);
  const isWhole = (text) => text.trimEnd().endsWith("}") && /"(data|errors)"/.test(text);
  await browser.until("an answer", answerText, isWhole);
  writeFileSync(screenshot, await browser.screenshot());
  console.log(await browser.evaluate(answerText));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await browser.close();
}
