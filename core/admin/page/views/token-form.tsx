import type { JSX } from "preact";
import { saveToken, takeToken } from "../api/token.ts";
import { ask } from "../state.ts";

/** Shown if the token is missing, or belongs to another process: each start makes a new one. */
export function TokenForm(): JSX.Element {
  return (
    <section class="panel narrow">
      <h1>This proxy asks for its token</h1>
      <p>
        <code>sluice start</code> prints the address of this page with the token in it. A token that is not in the config is new at each
        start.
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const token = new FormData(event.currentTarget).get("token");
          if (typeof token !== "string" || token === "") return;
          saveToken(token.trim().replace(/^.*token=/, ""));
          void ask();
        }}
      >
        <label for="token">Token, or the whole address</label>
        <input id="token" name="token" type="password" autocomplete="off" required />
        <button type="submit">Open</button>
      </form>
      {takeToken() !== undefined && (
        <p class="hint" role="status">
          The token of this tab is not that of this process.
        </p>
      )}
    </section>
  );
}
