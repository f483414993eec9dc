import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { ProxyStatus } from "../api/types.ts";
import { count, counted, span, time } from "../parts/format.ts";
import { link } from "../route.ts";
import { status } from "../state.ts";

type EndpointStatus = ProxyStatus["upstreams"][number];

/** Endpoints that are shown before somebody asks for all. */
const fewEndpoints = 12;

/** The endpoints of all listeners; those that are down come first. */
export function Upstreams(): JSX.Element {
  const wantsAll = useSignal(false);
  const all = (status.value?.upstreams ?? []).toSorted((one, other) => Number(one.state === "up") - Number(other.state === "up"));
  if (all.length === 0) return <p class="empty">No listener has an upstream.</p>;
  const isWhole = wantsAll.value || all.length <= fewEndpoints + 1;
  return (
    <>
      <EndpointTable all={isWhole ? all : all.slice(0, fewEndpoints)} />
      {!isWhole && (
        <button type="button" class="quiet" onClick={() => (wantsAll.value = true)}>
          Show all {all.length} endpoints
        </button>
      )}
    </>
  );
}

function EndpointTable({ all }: { all: readonly EndpointStatus[] }): JSX.Element {
  return (
    <table class="wide">
      <thead>
        <tr>
          <th>Endpoint</th>
          <th>Listener</th>
          <th>State</th>
          <th class="right">Sessions</th>
        </tr>
      </thead>
      <tbody>
        {all.map(({ listener, endpoint, state, sessions, failures, until, ...outage }) => (
          <tr key={`${listener} ${endpoint}`}>
            <td>
              <span class="endpoint">
                <span class={state === "up" ? "dot good" : "dot bad"} role="img" aria-label={state} />
                <code>{endpoint}</code>
              </span>
            </td>
            <td>
              <a href={link("listeners", listener)}>{listener}</a>
            </td>
            <td class="dim state">
              {state === "up" ? failures > 0 ? `up, ${counted(failures, "failure")}` : "up" : <Outage {...outage} until={until} />}
            </td>
            <td class="right number" data-label="sessions">
              {count(sessions)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Why an endpoint gets no sessions, since when and until when. */
function Outage({ why, code, detail, since, until }: Pick<EndpointStatus, "why" | "code" | "detail" | "since" | "until">): JSX.Element {
  return (
    <>
      <span class="failed">down</span> since {since === undefined ? "?" : time(since)}
      {until !== undefined && until > Date.now() && `, for ${span(until - Date.now())} more`}
      {until === undefined && ", until its check passes"}
      {code !== undefined && (
        <>
          : {why === "check" ? "its check failed" : "sessions failed"}, <code>{code}</code>
        </>
      )}
      {detail !== undefined && ` (${detail})`}
    </>
  );
}
