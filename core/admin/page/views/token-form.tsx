import type { JSX } from "preact";
import { saveToken } from "../api/token.ts";
import { trouble } from "../state.ts";

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
          if (typeof token === "string" && token !== "") saveToken(token.replace(/^.*token=/, ""));
        }}
      >
        <label for="token">Token, or the whole address</label>
        <input id="token" name="token" type="password" autocomplete="off" required />
        <button type="submit">Open</button>
      </form>
      <p class="hint">{trouble.value?.message}</p>
    </section>
  );
}
