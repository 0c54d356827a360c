// Opens GraphiQL in a real Chromium as a visitor would, runs the query that it
// opens with, one from a link, a subscription and a mutation, and fails on anything a
// visitor would mind: an error in the console, a wrong answer, a request to another host.
//
//   node graphiql.mjs BASE_URL CHROMIUM TOTAL_DUE [SCREENSHOT]
//
// BASE_URL may have a token in its fragment, as the links have that the demo prints:
// http://127.0.0.1:8000/#token=...

import { readFileSync, writeFileSync } from "node:fs";
import { Chromium } from "./chromium.mjs";

const [base, executable, total, screenshot] = process.argv.slice(2);
const page = new URL("/graphql", base);
page.hash = new URL(base).hash;
const token = new URLSearchParams(page.hash.slice(1)).get("token");
const authorization = token ? { authorization: `Bearer ${token}` } : {};

const queryText = `document.querySelector(".graphiql-query-editor .CodeMirror")
  ?.CodeMirror.getValue() ?? ""`;
const answerText = `document.querySelector(".result-window.CodeMirror, .result-window .CodeMirror")
  ?.CodeMirror.getValue() ?? ""`;
const runButton = "button.graphiql-execute-button";

const faults = [];
const sent = [];
/** The one address of another host that is visited. */
let downloading;

function watch(method, params) {
  switch (method) {
    case "Network.requestWillBeSent": {
      const url = new URL(params.request.url);
      if (["http:", "https:", "ws:", "wss:"].includes(url.protocol) && url.host !== page.host && url.href !== downloading) {
        faults.push(`a request to another host: ${url}`);
      }
      if (params.request.postData) {
        sent.push(JSON.parse(params.request.postData));
      }
      break;
    }
    case "Runtime.exceptionThrown":
      faults.push(`an exception: ${params.exceptionDetails.exception?.description}`);
      break;
    case "Runtime.consoleAPICalled":
      if (params.type === "error") {
        faults.push(`in the console: ${params.args.map((arg) => arg.value ?? arg.description)}`);
      }
      break;
    case "Log.entryAdded":
      if (params.entry.level === "error") {
        faults.push(`in the log: ${params.entry.text} ${params.entry.url ?? ""}`);
      }
      break;
  }
}

async function run(browser, url, query, answer) {
  await browser.open(url);
  await browser.until(`the query editor with ${query}`, queryText, (text) => text.includes(query));
  await browser.until("the run button", `!!document.querySelector("${runButton}")`);
  await browser.click(runButton);
  await browser.until(`an answer with ${answer}`, answerText, (text) =>
    answer.every((part) => text.includes(part)),
  );
}

async function openingQuery(browser) {
  await run(browser, page, "salesOrder(salesOrderId: 43659)", ["SO43659", total]);
  const answer = await browser.evaluate(answerText);
  if (answer.includes('"errors"')) {
    faults.push(`the opening query is answered with errors: ${answer}`);
  }
  const tabs = await browser.evaluate(`document.querySelectorAll(".graphiql-tab").length`);
  if (tabs < 3) {
    faults.push(`${tabs} example tabs instead of 3 or more`);
  }
  if (screenshot) {
    writeFileSync(screenshot, await browser.screenshot());
  }
}

async function linkedQuery(browser) {
  const link = new URL(page);
  const number = "query Number($id: Int!) { salesOrder(salesOrderId: $id) { salesOrderNumber } }";
  link.searchParams.set("query", `query Other { __typename }\n${number}`);
  link.searchParams.set("variables", '{"id": 43659}');
  link.searchParams.set("operationName", "Number");
  await run(browser, link, "query Number", ["SO43659"]);
  const { operationName, variables } = sent.at(-1);
  if (operationName !== "Number" || variables?.id !== 43659) {
    faults.push(`the link's query was sent as ${JSON.stringify(sent.at(-1))}`);
  }
}

/** Follows a load run that is over: its one event must be shown. */
async function followedRun(browser) {
  const response = await fetch(page, {
    method: "POST",
    headers: { "content-type": "application/json", ...authorization },
    body: JSON.stringify({ query: "{ loadRuns(first: 1) { nodes { id rowsRead } } }" }),
  });
  const [{ id, rowsRead }] = (await response.json()).data.loadRuns.nodes;
  const link = new URL(page);
  link.searchParams.set("query", `subscription { loadRun(id: "${id}") { id rowsRead } }`);
  await run(browser, link, "subscription", [id, `"rowsRead": ${rowsRead}`]);
}

/** Runs the example of a mutation. Its run is queued. */
async function replayedRejects(browser) {
  const link = new URL(page);
  const example = new URL("../src/graphiql/examples/replay.graphql", import.meta.url);
  link.searchParams.set("query", readFileSync(example, "utf8"));
  await run(browser, link, "mutation ReplayRejects", ["replayRejects", '"state": "QUEUED"']);
}

/**
 * Runs the example that asks for a report, follows the report with a subscription until it is
 * ready, and downloads its file by the link.
 */
async function requestedReport(browser) {
  const link = new URL(page);
  const example = new URL("../src/graphiql/examples/report.graphql", import.meta.url);
  link.searchParams.set("query", readFileSync(example, "utf8"));
  await run(browser, link, "mutation RequestReport", ['"requestReport"', '"nextAllowedAt"']);
  const { id } = JSON.parse(await browser.evaluate(answerText)).data.requestReport.report;
  const follow = new URL(page);
  const query = `subscription { report(id: "${id}") { state rowCount downloadUrl } }`;
  follow.searchParams.set("query", query);
  await run(browser, follow, "subscription", ['"state": "SUCCEEDED"', '"downloadUrl": "http']);
  if (screenshot) {
    writeFileSync(screenshot.replace(/\.png$/, "-report.png"), await browser.screenshot());
  }
  const { rowCount, downloadUrl } = JSON.parse(await browser.evaluate(answerText)).data.report;
  downloading = downloadUrl;
  const lines = (await browser.download(downloadUrl)).toString().split("\r\n");
  if (!lines[0].startsWith("salesOrderId,") || lines.length !== rowCount + 2) {
    faults.push(`a report of ${rowCount} rows has ${lines.length} lines from ${lines[0]} on`);
  }
}

const browser = await Chromium.start(executable);
try {
  browser.onEvent(watch);
  await openingQuery(browser);
  await linkedQuery(browser);
  await followedRun(browser);
  await replayedRejects(browser);
  await requestedReport(browser);
} catch (error) {
  faults.push(error.message);
} finally {
  await browser.close();
}
faults.forEach((fault) => console.error(fault));
process.exitCode = faults.length === 0 ? 0 : 1;
