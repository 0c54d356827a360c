// Opens the dashboard and the documentation in a real Chromium as visitors would, and fails on
// anything they would mind.
//
//   node pages.mjs BASE_URL CHROMIUM FOLDER EVERYTHING PARTNER UNNAMED [CHECK]
//
// FOLDER is for screenshots. The last three are tokens: of all scopes, of the territories 1 and
// 4 without loads, and without persons:read. With CHECK only the check of that name is run.

import { Faults, Pages } from "./pages/browser.mjs";
import { brokenPart, failedFields, lateAnswers, lostServer } from "./pages/failures.mjs";
import { nextPages, polling } from "./pages/lists.mjs";
import { leapDays, overlappingPeriods } from "./pages/periods.mjs";
import { examples, search, tokenOfAnExample } from "./pages/docs.mjs";
import { correctedRow, longList, rawText, replayOfAll, reports, runs } from "./pages/loads.mjs";
import { everyLook, keyboard, weight } from "./pages/looks.mjs";
import { belowAPath } from "./pages/prefix.mjs";
import {
  addressKeepsTheChoice,
  figures,
  fileOfAChart,
  limitedTokens,
  queryOfAChart,
} from "./pages/sales.mjs";
import {
  endedToken,
  linkOfTheDemo,
  signIn,
  unreachable,
  withoutScripts,
} from "./pages/sign-in.mjs";

// In this order: those that change data come after those that count them.
const CHECKS = [
  signIn,
  linkOfTheDemo,
  endedToken,
  unreachable,
  withoutScripts,
  weight,
  figures,
  addressKeepsTheChoice,
  queryOfAChart,
  fileOfAChart,
  limitedTokens,
  leapDays,
  overlappingPeriods,
  failedFields,
  brokenPart,
  lateAnswers,
  lostServer,
  runs,
  longList,
  rawText,
  reports,
  nextPages,
  polling,
  keyboard,
  everyLook,
  examples,
  tokenOfAnExample,
  search,
  belowAPath,
  correctedRow,
  replayOfAll,
];

const [base, executable, folder, everything, partner, unnamed, only] = process.argv.slice(2);
const faults = new Faults();
const pages = await Pages.start(executable, {
  base,
  folder,
  faults,
  tokens: { everything, partner, unnamed },
});
for (const check of CHECKS.filter(({ name }) => !only || name === only)) {
  try {
    await check(pages);
  } catch (error) {
    faults.add(`${check.name}: ${error.message}`);
  }
}
await pages.close();
faults.all.forEach((fault) => console.error(fault));
process.exitCode = faults.all.length === 0 ? 0 : 1;
