import type { JSX } from "preact";
import type { ListenerView } from "../api/types.ts";
import { bytesText } from "../../../contract/errors/bytes-text.ts";
import { Action } from "../parts/action.tsx";
import { Few } from "../parts/few.tsx";
import { count, span, time } from "../parts/format.ts";
import { Endpoint, endpointsOf } from "../parts/endpoint.tsx";
import { Sparkline } from "../parts/sparkline.tsx";
import { link } from "../route.ts";
import { lastMinute, rates } from "../rates.ts";
import { generations, listeners, reload, status, takeBack } from "../state.ts";
import { Upstreams } from "./upstreams.tsx";

export function Overview(): JSX.Element {
  return (
    <>
      <Numbers />
      <section class="panel">
        <h1>Listeners</h1>
        <div class="scroll">
          <Listeners />
        </div>
      </section>
      <div class="columns">
        <section class="panel">
          <h2>Upstreams</h2>
          <Upstreams />
        </section>
        <section class="panel">
          <h2>
            Last reloads
            <Action work={reload} title="Load everything again, changed or not">
              Reload
            </Action>
          </h2>
          <Reloads />
        </section>
      </div>
      <Overrides />
    </>
  );
}

/** Label, value, and whether the value is bad. */
type Cell = readonly [string, string, boolean];

function Numbers(): JSX.Element {
  const now = status.value;
  const counter = (name: string): number => now?.counters[`sluice_${name}_total`] ?? 0;
  const open = listeners.value.reduce((sum, { sessions }) => sum + sessions, 0);
  const failing = (label: string, name: string): Cell => [label, count(counter(name)), counter(name) > 0];
  const cells: readonly Cell[] = [
    ["open sessions", count(open), false],
    ["sessions so far", count(counter("sessions")), false],
    failing("refused", "sessions_refused"),
    failing("plugin faults", "plugin_faults"),
    failing("upstream failures", "upstream_failures"),
    ["memory", bytesText(now?.memory ?? 0), false],
  ];
  return (
    <dl class="numbers">
      {cells.map(([label, value, isBad]) => (
        <div key={label} class={isBad ? "bad" : undefined}>
          <dt>{label}</dt>
          <dd class="number">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** More listeners at once make the page slow. */
const fewListeners = 50;

function Listeners(): JSX.Element {
  if (listeners.value.length === 0) return <p class="empty">No listener is on: the config has none that is enabled.</p>;
  return (
    <Few all={listeners.value} most={fewListeners} what="listeners">
      {(shown) => <ListenerTable shown={shown} />}
    </Few>
  );
}

function ListenerTable({ shown }: { shown: readonly ListenerView[] }): JSX.Element {
  return (
    <table class="wide">
      <thead>
        <tr>
          <th>Listener</th>
          <th>Address</th>
          <th>Plugins</th>
          <th>Upstream</th>
          <th class="right">Sessions</th>
          <th class="right figure">New</th>
          <th class="right figure">Failed</th>
          <th class="right figure bytes">Bytes</th>
          <th class="right">Last minute</th>
        </tr>
      </thead>
      <tbody>
        {shown.map((listener) => (
          <Row key={listener.name} listener={listener} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ listener: { name, url, plugins, upstream, sessions, behind } }: { listener: ListenerView }): JSX.Element {
  return (
    <tr>
      <td>
        <a href={link("listeners", name)}>{name}</a>
      </td>
      <td>
        <code>{url}</code>
      </td>
      <td class="chain">
        {plugins.map((plugin) => (
          <span key={plugin.name} class={plugin.enabled ? "chip" : "chip off"}>
            {plugin.name}
          </span>
        ))}
      </td>
      <td>
        {upstream === undefined ? (
          <span class="dim">none: a plugin answers</span>
        ) : (
          <Few all={endpointsOf(name)} most={4}>
            {(shown) => (
              <>
                {shown.map((endpoint) => (
                  <Endpoint key={endpoint.endpoint} endpoint={endpoint} />
                ))}
              </>
            )}
          </Few>
        )}
      </td>
      <td class="right number" data-label="sessions">
        {count(sessions)}
        {behind > 0 && <span class="badge warn">{behind} behind</span>}
      </td>
      <Rates listener={name} />
      <td class="right curve">
        <Sparkline values={lastMinute(name)} label={`bytes a second of ${name} in the last minute`} />
      </td>
    </tr>
  );
}

/** Sessions and bytes a second, both directions together. */
function Rates({ listener }: { listener: string }): JSX.Element {
  const now = rates.value.get(listener);
  const cells = [
    ["new", now === undefined ? undefined : `${count(now.sessionsPerSecond)}/s`, false],
    ["failed", now === undefined ? undefined : `${count(now.errorsPerSecond)}/s`, (now?.errorsPerSecond ?? 0) > 0],
    ["bytes", now === undefined ? undefined : `${bytesText(now.fromClient.bytesPerSecond + now.fromUpstream.bytesPerSecond)}/s`, false],
  ] as const;
  return (
    <>
      {cells.map(([label, text, isBad]) => (
        <td key={label} class={isBad ? "right number failed" : "right number"} data-label={label}>
          {text ?? <span class="dim">–</span>}
        </td>
      ))}
    </>
  );
}

function Reloads(): JSX.Element {
  return (
    <table>
      <tbody>
        {generations.value.slice(0, 6).map(({ generation, at, origin, durationMs, current }) => (
          <tr key={generation}>
            <td>
              <a href={link("generations")}>generation {generation}</a>
              {current && <span class="badge">current</span>}
            </td>
            <td class="dim">{origin}</td>
            <td class="right number dim">{span(durationMs)}</td>
            <td class="right number">{time(at)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Overrides(): JSX.Element | null {
  const all = status.value?.overrides ?? [];
  if (all.length === 0) return null;
  return (
    <section class="panel">
      <h2>Overrides</h2>
      <p class="hint">What differs from the config until it is taken back, or the proxy ends.</p>
      <table>
        <tbody>
          {all.map(({ listener, plugin, enabled, options }) => (
            <tr key={`${listener}/${plugin}`}>
              <td>
                <a href={link("listeners", listener)}>{listener}</a> / {plugin}
              </td>
              <td>
                {enabled === false ? "off" : enabled === true ? "on" : ""} {options !== undefined && <code>{JSON.stringify(options)}</code>}
              </td>
              <td class="right">
                <Action work={() => takeBack(listener, plugin)}>Take back</Action>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
