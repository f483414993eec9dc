import { signal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { call } from "../api/call.ts";
import type { SessionView } from "../api/types.ts";
import { bytes, count, span, time } from "../parts/format.ts";
import { link } from "../route.ts";

const shownMost = 200;
const pollMs = 1_000;

const filter = signal("");
const shown = signal<readonly SessionView[]>([]);
/** Sessions that came since, while somebody reads. */
const newer = signal(0);
const wrong = signal<string | undefined>(undefined);
/** The pointer or the keyboard is in the list: it does not move. */
const isRead = signal(false);

async function ask(moves: boolean): Promise<void> {
  try {
    const query = new URLSearchParams({ filter: filter.value, limit: String(shownMost) });
    const { sessions } = await call<{ sessions: readonly SessionView[] }>("GET", `sessions?${query.toString()}`);
    wrong.value = undefined;
    if (moves || shown.value.length === 0) {
      shown.value = sessions;
      newer.value = 0;
      return;
    }
    const now = new Map(sessions.map((session) => [session.id, session]));
    const top = shown.value[0]?.id ?? 0;
    newer.value = sessions.filter(({ id }) => id > top).length;
    shown.value = shown.value.map((session) => now.get(session.id) ?? session);
  } catch (error) {
    wrong.value = error instanceof Error ? error.message : String(error);
  }
}

/** Open sessions and the last that ended. */
export function Sessions(): JSX.Element {
  useSignalEffect(() => {
    // Asked again at once for another filter.
    void filter.value;
    void ask(true);
    const timer = setInterval(() => {
      if (!document.hidden) void ask(!isRead.peek() && scrollY === 0);
    }, pollMs);
    return () => clearInterval(timer);
  });
  return (
    <section class="panel">
      <h1>Sessions</h1>
      <div class="filter">
        <label for="filter">Filter</label>
        <input
          id="filter"
          type="search"
          placeholder="listener:web client:10. reason:reset state:open bytes>1MiB"
          autocomplete="off"
          spellcheck={false}
          value={filter.value}
          onInput={(event) => (filter.value = event.currentTarget.value)}
        />
        <button type="button" class={newer.value === 0 ? "quiet invisible" : "quiet"} onClick={() => void ask(true)}>
          {newer.value} newer
        </button>
      </div>
      {wrong.value !== undefined && (
        <p class="banner bad" role="alert">
          {wrong.value}
        </p>
      )}
      {shown.value.length === 0 ? <p class="empty">No session{filter.value === "" ? " yet" : " is like that"}.</p> : <List />}
    </section>
  );
}

function List(): JSX.Element {
  return (
    <table
      class="sessions"
      onPointerEnter={() => (isRead.value = true)}
      onPointerLeave={() => (isRead.value = false)}
      onFocusIn={() => (isRead.value = true)}
      onFocusOut={() => (isRead.value = false)}
    >
      <thead>
        <tr>
          <th>Session</th>
          <th>Listener</th>
          <th>Client</th>
          <th>Upstream</th>
          <th>State</th>
          <th class="right">From client</th>
          <th class="right">From upstream</th>
          <th class="right">Generation</th>
          <th class="right">Started</th>
          <th class="right">Lasted</th>
        </tr>
      </thead>
      <tbody>
        {shown.value.map((session) => (
          <Row key={session.id} session={session} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ session }: { session: SessionView }): JSX.Element {
  const { id, listener, client, upstream, state, reason, fromClient, fromUpstream, generation, startedAt, durationMs } = session;
  const failed = reason !== undefined && reason !== "closed";
  return (
    <tr>
      <td class="number">
        <a href={link("sessions", String(id))}>{id}</a>
      </td>
      <td>{listener}</td>
      <td>
        <code>{client}</code>
      </td>
      <td>{upstream === undefined ? <span class="dim">none</span> : <code>{upstream}</code>}</td>
      <td class={failed ? "failed" : undefined}>{state === "open" ? <span class="badge first">open</span> : reason}</td>
      <td class="right number">{bytes(fromClient.bytes)}</td>
      <td class="right number">{bytes(fromUpstream.bytes)}</td>
      <td class="right number">{count(generation)}</td>
      <td class="right number">{time(startedAt)}</td>
      <td class="right number">{span(durationMs)}</td>
    </tr>
  );
}
