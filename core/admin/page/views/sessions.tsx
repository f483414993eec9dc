import { signal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { ApiError, call } from "../api/call.ts";
import type { SessionView } from "../api/types.ts";
import { bytesText } from "../../../contract/errors/bytes-text.ts";
import { count, span, time } from "../parts/format.ts";
import { Loading } from "../parts/trouble.tsx";
import { link } from "../route.ts";

const shownMost = 200;
const pollMs = 1_000;

const filter = signal("");
const shown = signal<readonly SessionView[]>([]);
/** The number of new sessions while somebody reads the list. */
const newer = signal(0);
/** The error in the filter. */
const wrong = signal<string | undefined>(undefined);
/** Whether the proxy has answered for this filter. */
const answered = signal(false);
/** Whether the pointer or the keyboard focus is in the list: then it does not move. */
const isRead = signal(false);

async function ask(moves: boolean): Promise<void> {
  try {
    const query = new URLSearchParams({ filter: filter.value, limit: String(shownMost) });
    const { sessions } = await call<{ sessions: readonly SessionView[] }>("GET", `sessions?${query.toString()}`);
    wrong.value = undefined;
    answered.value = true;
    if (moves || shown.value.length === 0) {
      shown.value = sessions;
      newer.value = 0;
      return;
    }
    const now = new Map(sessions.map((session) => [session.id, session]));
    const known = shown.value.findIndex(({ id }) => now.has(id));
    const top = shown.value[known]?.id;
    newer.value = known === -1 ? sessions.length : sessions.findIndex(({ id }) => id === top);
    shown.value = shown.value.map((session) => now.get(session.id) ?? session);
  } catch (error) {
    // Without any answer, and with a wrong token, the page as a whole says so.
    if (error instanceof ApiError && ![0, 401].includes(error.status)) wrong.value = error.message;
  }
}

function None(): JSX.Element | null {
  if (wrong.value !== undefined) return null;
  if (!answered.value) return <Loading />;
  return <p class="empty">No session{filter.value === "" ? " yet: open a connection to a listener" : " is like that"}.</p>;
}

/** A column of the list. */
interface Column {
  readonly name: string;
  readonly right?: true;
  readonly cell: (session: SessionView) => JSX.Element | string;
}

const columns: readonly Column[] = [
  { name: "Session", cell: ({ id }) => <a href={link("sessions", String(id))}>{id}</a> },
  { name: "Listener", cell: ({ listener }) => listener },
  { name: "Client", cell: ({ client }) => <code>{client}</code> },
  { name: "Upstream", cell: ({ upstream }) => (upstream === undefined ? <span class="dim">none</span> : <code>{upstream}</code>) },
  { name: "State", cell: (session) => <State session={session} /> },
  { name: "Plugins", cell: ({ plugins }) => <span class="dim">{plugins.join(", ")}</span> },
  { name: "From client", right: true, cell: ({ fromClient }) => bytesText(fromClient.bytes) },
  { name: "From upstream", right: true, cell: ({ fromUpstream }) => bytesText(fromUpstream.bytes) },
  { name: "Generation", right: true, cell: ({ generation }) => count(generation) },
  { name: "Started", right: true, cell: ({ startedAt }) => time(startedAt) },
  { name: "Lasted", right: true, cell: ({ durationMs }) => span(durationMs) },
];

const columnsKey = "sluice-hidden-columns";
/** Names of hidden columns; kept in this browser. */
const hidden = signal<ReadonlySet<string>>(new Set(localStorage.getItem(columnsKey)?.split(",") ?? ["Plugins"]));

function show(name: string, isShown: boolean): void {
  hidden.value = new Set(columns.map((each) => each.name).filter((each) => (each === name ? !isShown : hidden.value.has(each))));
  localStorage.setItem(columnsKey, [...hidden.value].join(","));
}

function State({ session: { state, reason } }: { session: SessionView }): JSX.Element {
  if (state === "open") return <span class="badge first">open</span>;
  return <span class={reason === "closed" ? undefined : "failed"}>{reason}</span>;
}

/** The choice of columns. The session's number is always shown. */
function Columns(): JSX.Element {
  return (
    <details
      class="columns-menu"
      onKeyDown={({ key, currentTarget }) => {
        if (key === "Escape") currentTarget.open = false;
      }}
    >
      <summary>Columns</summary>
      <fieldset>
        <legend class="hidden">Columns</legend>
        {columns.slice(1).map(({ name }) => (
          <label key={name}>
            <input type="checkbox" checked={!hidden.value.has(name)} onChange={(event) => show(name, event.currentTarget.checked)} /> {name}
          </label>
        ))}
      </fieldset>
    </details>
  );
}

/** Open sessions, and those that ended last. */
export function Sessions(): JSX.Element {
  useSignalEffect(() => {
    // Another filter asks again at once.
    void filter.value;
    answered.value = false;
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
        <Columns />
      </div>
      {wrong.value !== undefined && (
        <p class="banner bad" role="alert">
          {wrong.value}
        </p>
      )}
      {shown.value.length === 0 ? <None /> : <List />}
    </section>
  );
}

function List(): JSX.Element {
  const shownColumns = columns.filter(({ name }) => !hidden.value.has(name));
  return (
    <div class="scroll">
      <table
        class="sessions"
        onPointerEnter={() => (isRead.value = true)}
        onPointerLeave={() => (isRead.value = false)}
        onFocusIn={() => (isRead.value = true)}
        onFocusOut={() => (isRead.value = false)}
      >
        <thead>
          <tr>
            {shownColumns.map(({ name, right }) => (
              <th key={name} class={right === true ? "right" : undefined}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.value.map((session) => (
            <tr key={session.id}>
              {shownColumns.map(({ name, right, cell }) => (
                <td key={name} class={right === true ? "right number" : undefined} data-column={name}>
                  {cell(session)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
