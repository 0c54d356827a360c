import { useState } from "react";
import { GraphiQL } from "graphiql";
import { examples } from "./examples.js";
import { fetcher } from "./fetcher.js";
import { readLink } from "./share.js";
import { storage } from "./storage.js";
import { ShareButton } from "./share-button.jsx";

const linked = readLink(window.location.search);

const tabs = examples.map((query) => ({ query }));
if (linked) {
  tabs.unshift({ query: linked.query, variables: linked.variables });
}

/** GraphiQL on this server's endpoint, opened with the link's query or the examples. */
export function Page() {
  const [operationName, setOperationName] = useState(linked?.operationName);
  // The link names an operation of its own query only: it must not be sent
  // with another tab, nor once the query has been edited.
  const unpinOperation = ({ tabs, activeTabIndex }) => {
    if (tabs[activeTabIndex]?.query !== linked?.query) {
      setOperationName(undefined);
    }
  };
  return (
    <GraphiQL
      fetcher={fetcher}
      defaultQuery={examples[0]}
      defaultTabs={tabs}
      query={linked?.query}
      variables={linked?.variables}
      operationName={operationName}
      onTabChange={unpinOperation}
      inputValueDeprecation
      // Headers carry tokens, which have no place in the storage of all tabs.
      storage={storage}
      shouldPersistHeaders={false}
    >
      <GraphiQL.Logo>
        <a className="graphiql-logo-link" href="schema.graphql" title="The schema as text">
          salesgraph
        </a>
      </GraphiQL.Logo>
      <GraphiQL.Toolbar>
        {({ prettify, merge, copy }) => (
          <>
            {prettify}
            {merge}
            {copy}
            <ShareButton />
          </>
        )}
      </GraphiQL.Toolbar>
    </GraphiQL>
  );
}
