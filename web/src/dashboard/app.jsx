import { useEffect, useRef, useState } from "preact/hooks";
import { refusals, Unauthenticated } from "../shared/api.js";
import { dropToken, onDropped, onFragment, readToken } from "../shared/session.js";
import session from "./queries/session.graphql";
import { Freshness, VERSION } from "./freshness.jsx";
import { lazy } from "./lazy.jsx";
import { Boundary } from "./parts/boundary.jsx";
import { Failure, Refused, Skeleton } from "./parts/states.jsx";
import { Sales } from "./sales/sales.jsx";
import { SignIn } from "./sign-in.jsx";
import { onUnauthenticated, read } from "./use-query.js";
import { link, useUrl } from "./url.js";

const Loads = lazy(() => import("./loads/loads.jsx").then(({ Loads }) => Loads));
const Rows = lazy(() => import("./loads/rows.jsx").then(({ Rows }) => Rows));
const Reports = lazy(() => import("./reports/reports.jsx").then(({ Reports }) => Reports));

const VIEWS = [
  { name: "sales", title: "Sales", needs: "newest", View: Sales },
  { name: "loads", title: "Loads", needs: "loadRuns", View: Loads },
  { name: "rejects", title: "Rejected rows", needs: "loadRuns", View: Rows },
  { name: "reports", title: "Reports", needs: "reports", View: Reports },
];

/** The page: who is signed in, what they may see, and the view of the address. */
export function App() {
  const parameters = useUrl();
  const [caller, setCaller] = useState();
  const [problem, setProblem] = useState();
  const [wanted, setWanted] = useState(false);
  const [version, setVersion] = useState();
  const started = useRef();
  const isEntering = useRef(false);

  const begin = async () => {
    setProblem(undefined);
    const mine = {};
    started.current = mine;
    try {
      // Before what it is the version of: a commit between the two is seen later.
      const { extensions } = await read(VERSION);
      const answer = await read({ query: session });
      // A later one may be of another token.
      if (started.current !== mine) {
        return;
      }
      setVersion(extensions?.dataVersion);
      setWanted(false);
      setCaller({
        data: answer.data,
        refused: refusals(answer),
        asOf: extensions?.dataAsOf,
        version: extensions?.dataVersion,
      });
    } catch (error) {
      // Without a token that is accepted the sign-in says what there is to say; what is shown
      // already stays.
      if (started.current === mine && !caller && !(error instanceof Unauthenticated)) {
        setProblem(error.message);
      }
    }
  };
  const enter = () => {
    isEntering.current = true;
    return begin();
  };
  const askForToken = (reason) => {
    started.current = undefined;
    setCaller(undefined);
    setWanted(true);
    setProblem(reason);
  };
  const leave = (reason) => {
    dropToken();
    askForToken(reason);
  };
  useEffect(() => {
    const stop = onUnauthenticated(({ detail }) => {
      // Of all the requests that are refused together the first one says so.
      if (readToken()) {
        leave(`This token is not accepted. The server says: ${detail}`);
      }
      setWanted(true);
    });
    const stopDropped = onDropped(() => askForToken());
    const stopFragment = onFragment(() => {
      setCaller(undefined);
      setWanted(false);
      enter();
    });
    begin();
    return () => {
      stop();
      stopDropped();
      stopFragment();
    };
  }, []);
  // The form that had the focus is gone.
  useEffect(() => {
    if (caller && isEntering.current) {
      isEntering.current = false;
      document.getElementById("content")?.focus();
    }
  }, [caller]);

  const view = VIEWS.find(({ name }) => name === parameters.view) ?? VIEWS[0];
  const shown = useRef(view);
  useEffect(() => {
    document.title = `salesgraph · ${view.title}`;
    // Another view is another page: reading begins at its top.
    if (shown.current !== view) {
      shown.current = view;
      document.getElementById("content")?.focus();
    }
  }, [view]);
  // New data may end later, and be of other territories.
  useEffect(() => {
    if (caller && version !== caller.version) {
      begin();
    }
  }, [version]);

  if (wanted) {
    return <SignIn problem={problem} signedIn={enter} />;
  }
  const refused = caller?.refused[view.needs];
  return (
    <>
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <header class="bar">
        <a class="brand" {...link({})}>
          salesgraph
        </a>
        <nav aria-label="Views">
          {VIEWS.map(({ name, title }) => (
            <a
              key={name}
              {...link(name === "sales" ? {} : { view: name })}
              aria-current={view.name === name ? "page" : undefined}
            >
              {title}
            </a>
          ))}
        </nav>
        <nav class="beside" aria-label="Other pages">
          <a href="docs">Docs</a>
          <a href="graphql" target="_blank" rel="opener">
            GraphiQL
          </a>
          {readToken() && (
            <button type="button" class="quiet" onClick={() => leave()}>
              Sign out
            </button>
          )}
        </nav>
      </header>
      <main class="page" id="content" tabIndex={-1}>
        <div class="page-head">
          <h1>{view.title}</h1>
          {caller && <Freshness caller={caller} version={version} onVersion={setVersion} />}
        </div>
        {problem && <Failure message={problem} again={begin} />}
        {!problem && !caller && <Skeleton lines={12} />}
        {!problem && caller && refused && <Refused title={view.title} message={refused} />}
        {!problem && caller && !refused && (
          <Boundary key={view.name}>
            <view.View parameters={parameters} caller={caller} version={version} />
          </Boundary>
        )}
      </main>
    </>
  );
}
