import type { JSX } from "preact";
import type { ListenerView, PluginView } from "../api/types.ts";
import { bytesText } from "../../../contract/errors/bytes-text.ts";
import { Action } from "../parts/action.tsx";
import { Few } from "../parts/few.tsx";
import { count, counted } from "../parts/format.ts";
import { FaultSliders } from "../parts/fault-sliders.tsx";
import { Endpoint, endpointsOf } from "../parts/endpoint.tsx";
import { RateChart } from "../parts/rate-chart.tsx";
import { capture, recording, SaveAs } from "../parts/save-as.tsx";
import { Switch } from "../parts/switch.tsx";
import { past, rates } from "../rates.ts";
import { link } from "../route.ts";
import { busy, listeners, setOptions, takeBack, toggle, writeToFile } from "../state.ts";

/** The pipeline of a listener: client, plugins in order, upstream. */
export function Listener({ name }: { name: string }): JSX.Element {
  const listener = listeners.value.find((each) => each.name === name);
  if (listener === undefined)
    return (
      <section class="empty">
        <h1>{name}</h1>
        <p>
          There is no listener “{name}” any more. <a href={link()}>All listeners</a>
        </p>
      </section>
    );
  return (
    <section>
      <h1>
        {listener.name} <code>{listener.url}</code>
      </h1>
      <ol class="pipeline">
        <li class="end">
          <h2>client</h2>
          <p class="number">
            {count(listener.sessions)} <span class="dim">open</span>
          </p>
          {listener.behind > 0 && <p class="badge warn">{listener.behind} behind</p>}
        </li>
        {listener.plugins.map((plugin) => (
          <Plugin key={plugin.name} listener={listener} plugin={plugin} />
        ))}
        <UpstreamEnd listener={listener} />
      </ol>
      <section class="panel">
        <h2>Bytes a second, the last five minutes</h2>
        <RateChart past={past.value.get(name)} label={`bytes a second of ${name}, each way, in the last five minutes`} />
      </section>
      <section class="panel" key={name}>
        <h2>Traffic as a file</h2>
        <SaveAs kind={capture} whose={{ listener: name }} isOpen={true} offersSecrets={true} />
        <SaveAs kind={recording} whose={{ listener: name }} isOpen={true} />
      </section>
    </section>
  );
}

function Plugin({ listener, plugin }: { listener: ListenerView; plugin: PluginView }): JSX.Element {
  const { name, id, enabled, overridden, generation, inherited, hooks, options, onError, path } = plugin;
  return (
    <li class={enabled ? "stage" : "stage off"}>
      <h2>
        {name}
        <Switch
          label={`${name} of ${listener.name}`}
          on={enabled}
          busy={busy.value.has(`${listener.name}/${name}`)}
          change={(on) => void toggle(listener.name, name, on)}
        />
      </h2>
      <p class="hooks">
        {hooks.map((hook) => (
          <code key={hook}>{hook}</code>
        ))}
        {!enabled && <span class="dim">off</span>}
      </p>
      <Passing listener={listener.name} plugin={name} hooks={hooks} />
      <FaultSliders plugin={plugin} change={(changed) => setOptions(listener.name, name, changed)} />
      <dl class="about">
        {id !== name && <Fact label="plugin" value={id} />}
        {generation !== undefined && <Fact label="made by" value={`generation ${generation}, ${inherited ? "state inherited" : "new"}`} />}
        <Fact label="on error" value={onError} />
        <Fact label="config" value={<Path text={path} />} />
      </dl>
      <details>
        <summary>Options</summary>
        <pre>{JSON.stringify(options, undefined, 2)}</pre>
      </details>
      {overridden && (
        <p class="override">
          <span class="badge warn">differs from the config</span>
          <Action work={() => takeBack(listener.name, name)}>Take back</Action>{" "}
          <Action work={() => writeToFile(listener.name, name)}>Write to file</Action>
        </p>
      )}
    </li>
  );
}

/** What the plugin does to bytes in each direction, while any pass. */
function Passing({ listener, plugin, hooks }: { listener: string; plugin: string; hooks: readonly string[] }): JSX.Element | null {
  const own = rates.value.get(listener)?.plugins.find((each) => each.plugin === plugin);
  if (own === undefined) return null;
  const ways = [
    ["→", "from the client", hooks.includes("fromClient") ? own.fromClient : undefined],
    ["←", "from the upstream", hooks.includes("fromUpstream") ? own.fromUpstream : undefined],
  ] as const;
  if (own.errors === 0 && ways.every(([, , passing]) => passing === undefined)) return null;
  return (
    <table class="passing">
      <thead>
        <tr>
          <th>
            <span class="hidden">direction</span>
          </th>
          <th class="right">chunks</th>
          <th class="right">bytes out</th>
          <th class="right">p50</th>
          <th class="right">p99</th>
        </tr>
      </thead>
      <tbody>
        {ways.map(([arrow, direction, passing]) =>
          passing === undefined ? null : (
            <tr key={arrow} class="number">
              <td>
                <span role="img" aria-label={direction}>
                  {arrow}
                </span>
              </td>
              <td class="right">{count(passing.chunksPerSecond)}/s</td>
              <td class="right">{bytesText(passing.bytesOutPerSecond)}/s</td>
              <td class="right dim">{passing.p50 === undefined ? "–" : micros(passing.p50)}</td>
              <td class="right dim">{passing.p99 === undefined ? "–" : micros(passing.p99)}</td>
            </tr>
          ),
        )}
      </tbody>
      {own.errors > 0 && <caption class="failed">{counted(own.errors, "error")}</caption>}
    </table>
  );
}

/** Seconds as microseconds. */
const micros = (seconds: number): string => `${(seconds * 1e6).toFixed(seconds < 1e-5 ? 1 : 0)} µs`;

function UpstreamEnd({ listener: { name, upstream } }: { listener: ListenerView }): JSX.Element {
  const endpoints = endpointsOf(name);
  return (
    <li class="end">
      <h2>upstream</h2>
      {upstream === undefined && <p class="dim">none: a plugin answers</p>}
      <Few all={endpoints} most={12} what="endpoints">
        {(shown) => (
          <>
            {shown.map((endpoint) => (
              <p key={endpoint.endpoint}>
                <Endpoint endpoint={endpoint} /> <span class="number dim">{count(endpoint.sessions)}</span>
              </p>
            ))}
          </>
        )}
      </Few>
      {typeof upstream?.balance === "string" && endpoints.length > 1 && <p class="dim">{upstream.balance}</p>}
    </li>
  );
}

/** A path such as `listeners.web.plugins[2]`, which may break behind a dot. */
function Path({ text }: { text: string }): JSX.Element {
  const [first = "", ...rest] = text.split(".");
  return (
    <>
      {first}
      {rest.map((part, index) => (
        <span key={index}>
          .<wbr />
          {part}
        </span>
      ))}
    </>
  );
}

function Fact({ label, value }: { label: string; value: string | JSX.Element }): JSX.Element {
  return (
    <>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </>
  );
}
