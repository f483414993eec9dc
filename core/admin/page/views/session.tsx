import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { ApiError, call, segment } from "../api/call.ts";
import type { Direction, SessionDetail } from "../api/types.ts";
import { bytesText } from "../../../contract/errors/bytes-text.ts";
import { span, time } from "../parts/format.ts";
import { link } from "../route.ts";
import { capture, recording, SaveAs } from "../parts/save-as.tsx";
import { Loading } from "../parts/trouble.tsx";
import { Action } from "../parts/action.tsx";
import { change } from "../state.ts";
import { LiveChunks } from "./live-chunks.tsx";

const pollMs = 1_000;

/** One session: its timeline, and its chunks as they pass. */
export function Session({ id }: { id: string }): JSX.Element {
  const detail = useSignal<SessionDetail | undefined>(undefined);
  /** Why there is nothing new of it. */
  const lack = useSignal<ApiError | undefined>(undefined);
  const ask = async (): Promise<void> => {
    if (document.hidden || detail.peek()?.state === "ended") return;
    try {
      detail.value = await call<SessionDetail>("GET", `sessions/${segment(id)}`);
      lack.value = undefined;
    } catch (error) {
      // Without any answer, and with a wrong token, the page as a whole says so.
      if (error instanceof ApiError && ![0, 401].includes(error.status)) lack.value = error;
    }
  };
  useEffect(() => {
    void ask();
    const poll = setInterval(() => void ask(), pollMs);
    return () => clearInterval(poll);
  }, [id]);
  const session = detail.value;
  const problem = lack.value === undefined ? null : <Lack id={id} error={lack.value} />;
  if (session === undefined)
    return (
      <>
        <h1>Session {id}</h1>
        {problem ?? <Loading />}
      </>
    );
  // Of a session that the proxy does not know, nothing can be changed.
  const isOpen = session.state === "open" && problem === null;
  return (
    <section>
      {problem}
      <Head session={session} isKnown={problem === null} />
      {isOpen && <Controls session={session} />}
      <div class="saves">
        <SaveAs kind={capture} whose={{ session: session.id }} isOpen={isOpen} />
        <SaveAs kind={recording} whose={{ session: session.id }} isOpen={isOpen} />
      </div>
      <LiveChunks id={id} plugins={session.plugins} />
      <section class="panel">
        <h2>What happened</h2>
        <TimeLine session={session} />
      </section>
    </section>
  );
}

/** Why nothing is known of a session, or nothing new. */
function Lack({ id, error }: { id: string; error: ApiError }): JSX.Element {
  const isUnknown = error.status === 404 || error.status === 400;
  return (
    <p class={isUnknown ? "empty" : "banner bad"} role="alert">
      <span class="text">
        {isUnknown ? `The proxy knows no session ${id}: it ended long ago, or with an earlier process. ` : error.message}
        {isUnknown && <a href={link("sessions")}>All sessions</a>}
      </span>
    </p>
  );
}

function Head({ session, isKnown }: { session: SessionDetail; isKnown: boolean }): JSX.Element {
  const { id, listener, client, upstream, state, reason, message, fromClient, fromUpstream, durationMs, generation, tls } = session;
  const facts: readonly [string, string | JSX.Element][] = [
    ["listener", <a href={link("listeners", listener)}>{listener}</a>],
    ["client", <code>{client}</code>],
    ["upstream", upstream === undefined ? "none" : <code>{upstream}</code>],
    ["from client", bytesText(fromClient.bytes)],
    ["from upstream", bytesText(fromUpstream.bytes)],
    ["generation", String(generation)],
    ["lasted", span(durationMs)],
    ...(tls === undefined ? [] : [["TLS", tls.protocol ?? tls.serverName ?? "yes"] as [string, string]]),
  ];
  return (
    <>
      <h1>
        Session {id}{" "}
        <span class={state === "open" && isKnown ? "badge" : "badge warn"}>
          {state !== "open" ? reason : isKnown ? "open" : "last seen open"}
        </span>
      </h1>
      {message !== undefined && <p class="hint">{message}</p>}
      <dl class="numbers small">
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd class="number">{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Controls({ session: { id, held } }: { session: SessionDetail }): JSX.Element {
  const text = useSignal("");
  const toward = useSignal<Direction>("fromClient");
  const post = (what: string, body: object): Promise<void> => change(() => call("POST", `sessions/${id}/${what}`, body));
  return (
    <section class="panel controls" aria-label="Steer this session">
      {(["fromClient", "fromUpstream"] as const).map((direction) => {
        const isHeld = held.includes(direction);
        return (
          <Action key={direction} work={() => post(isHeld ? "release" : "hold", { direction })}>
            {isHeld ? "Release" : "Hold"} {direction === "fromClient" ? "what the client sends" : "what the upstream sends"}
          </Action>
        );
      })}
      <form
        class="inject"
        onSubmit={(event) => {
          event.preventDefault();
          void post("inject", { direction: toward.value, text: text.value.replaceAll("\\n", "\n").replaceAll("\\r", "\r") });
        }}
      >
        <select aria-label="As sent by" value={toward.value} onChange={(event) => (toward.value = event.currentTarget.value as Direction)}>
          <option value="fromClient">as the client</option>
          <option value="fromUpstream">as the upstream</option>
        </select>
        <input
          aria-label="Text to inject"
          placeholder="text, \n for a line"
          value={text.value}
          onInput={(event) => (text.value = event.currentTarget.value)}
        />
        <button type="submit" class="quiet">
          Inject
        </button>
      </form>
      <Action class="quiet danger" work={() => change(() => call("DELETE", `sessions/${id}`))}>
        End it
      </Action>
    </section>
  );
}

function TimeLine({ session: { timeline, startedAt } }: { session: SessionDetail }): JSX.Element {
  return (
    <ol class="timeline">
      {timeline.map(({ at, what, ...details }, index) => (
        <li key={index}>
          <span class="number dim">{index === 0 ? time(at) : `+${span(at - (timeline[0]?.at ?? startedAt))}`}</span>
          <b>{what.replaceAll("-", " ")}</b>
          <span class="dim">
            {Object.entries(details)
              .filter(([, value]) => value !== undefined && value !== null && value !== false)
              .map(([name, value]) => `${name} ${String(value)}`)
              .join(", ")}
          </span>
        </li>
      ))}
    </ol>
  );
}
