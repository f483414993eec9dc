import type { JSX } from "preact";
import { cut } from "./api/events.ts";
import { proxyNow } from "./proxy-clock.ts";
import { link, route } from "./route.ts";
import { overridden, refusal, status, trouble } from "./state.ts";
import { span } from "./parts/format.ts";
import { Loading, Trouble } from "./parts/trouble.tsx";
import { Generations } from "./views/generations.tsx";
import { Listener } from "./views/listener.tsx";
import { Overview } from "./views/overview.tsx";
import { Session } from "./views/session.tsx";
import { Sessions } from "./views/sessions.tsx";
import { TokenForm } from "./views/token-form.tsx";

const places = [
  ["Overview", ""],
  ["Sessions", "sessions"],
  ["Generations", "generations"],
] as const;

export function App(): JSX.Element {
  const [place = "", name] = route.value;
  return (
    <>
      <header class="top">
        <a class="brand" href={link()}>
          <img src="/sluice.svg" alt="" width="22" height="22" />
          Sluice
        </a>
        <nav aria-label="Pages">
          {places.map(([label, at]) => (
            <a key={at} href={link(at)} aria-current={place === at || (at === "" && place === "listeners") ? "page" : undefined}>
              {label}
            </a>
          ))}
        </nav>
        <Facts />
      </header>
      <main>
        <Trouble />
        {refusal.value !== undefined && (
          <p class="banner bad" role="alert">
            <span class="text">{refusal.value}</span>
            <button type="button" class="quiet" onClick={() => (refusal.value = undefined)}>
              Close
            </button>
          </p>
        )}
        {trouble.value?.kind === "token" ? <TokenForm /> : status.value === undefined ? <Loading /> : <Place place={place} name={name} />}
      </main>
    </>
  );
}

function Place({ place, name }: { place: string; name: string | undefined }): JSX.Element {
  if (place === "listeners" && name !== undefined) return <Listener name={name} />;
  if (place === "sessions") return name === undefined ? <Sessions /> : <Session key={name} id={name} />;
  if (place === "generations") return <Generations />;
  return <Overview />;
}

function Facts(): JSX.Element {
  const now = status.value;
  if (now === undefined) return <p class="facts" />;
  return (
    <p class="facts">
      {overridden.value > 0 && <span class="badge warn">{overridden.value === 1 ? "1 override" : `${overridden.value} overrides`}</span>}
      {now.trial !== undefined && (
        <a class="badge warn" href="#/generations">
          generation {now.trial.generation} on trial
        </a>
      )}
      <span>
        generation <b class="number">{now.generation}</b>
      </span>
      <span class="uptime">up {span(proxyNow() - now.startedAt)}</span>
      {cut.value && trouble.value === undefined && (
        <span class="badge warn" title="The stream of events was cut off. The page asks for it again.">
          not live
        </span>
      )}
      <span class={trouble.value === undefined ? "dot good" : "dot bad"} title={trouble.value?.message ?? "connected"} />
    </p>
  );
}
