import { useState } from "preact/hooks";
import { keepToken } from "../shared/session.js";

/** Asks for the token or API key, once for a tab. */
export function SignIn({ problem, signedIn }) {
  const [isBusy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    const token = new FormData(event.currentTarget).get("token").trim();
    if (token) {
      setBusy(true);
      keepToken(token.replace(/^Bearer\s+/i, ""));
      await signedIn();
      setBusy(false);
    }
  };
  return (
    <main class="sign-in">
      <form class="panel" onSubmit={submit}>
        <h1>
          <span class="brand">salesgraph</span>
        </h1>
        <p>Sign in with a token or an API key of this server.</p>
        <label for="token">Token or API key</label>
        <input
          id="token"
          name="token"
          type="password"
          autocomplete="off"
          spellcheck={false}
          required
          maxLength={8192}
          aria-describedby="token-hint"
        />
        {problem && (
          <p class="bad-text" role="alert">
            {problem}
          </p>
        )}
        <p id="token-hint" class="hint">
          It stays in this tab until you sign out or close it, and goes to this server only.{" "}
          <a href="docs/access">Where tokens come from</a>
        </p>
        <button type="submit" class="primary" disabled={isBusy}>
          {isBusy ? "Signing in …" : "Sign in"}
        </button>
      </form>
    </main>
  );
}
