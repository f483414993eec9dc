import type { JSX } from "preact";
import { status, trouble } from "../state.ts";

/** What is wrong with the proxy's answers, and what that means for what the page shows. */
export function Trouble(): JSX.Element | null {
  const { kind, message } = trouble.value ?? {};
  if (kind === undefined || kind === "token") return null;
  const what = kind === "away" ? "The proxy does not answer" : "The proxy answers with an error";
  const so = status.value === undefined ? "this page goes on asking" : "what you see is what it said last";
  return (
    <p class="banner bad" role="alert">
      <span class="text">
        {what}: {so}.{kind === "refused" && `\n${message}`}
      </span>
    </p>
  );
}

/** Shown until the proxy has answered once. */
export function Loading(): JSX.Element | null {
  if (trouble.value !== undefined) return null;
  return (
    <p class="empty" aria-busy="true">
      Asking the proxy …
    </p>
  );
}
