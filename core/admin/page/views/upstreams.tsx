import type { JSX } from "preact";
import { Few } from "../parts/few.tsx";
import { count, counted, span, time } from "../parts/format.ts";
import { Endpoint, endpointsOf, type EndpointStatus } from "../parts/endpoint.tsx";
import { proxyNow } from "../proxy-clock.ts";
import { link } from "../route.ts";

/** The endpoints of all listeners. */
export function Upstreams(): JSX.Element {
  const all = endpointsOf();
  if (all.length === 0) return <p class="empty">No listener has an upstream.</p>;
  return (
    <Few all={all} most={12} what="endpoints">
      {(shown) => <EndpointTable all={shown} />}
    </Few>
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
        {all.map((each) => {
          const { listener, endpoint, state, sessions, failures } = each;
          return (
            <tr key={`${listener} ${endpoint}`}>
              <td>
                <Endpoint endpoint={each} />
              </td>
              <td>
                <a href={link("listeners", listener)}>{listener}</a>
              </td>
              <td class="dim state">
                {state === "up" ? failures > 0 ? `up, ${counted(failures, "failure")}` : "up" : <Outage {...each} />}
              </td>
              <td class="right number" data-label="sessions">
                {count(sessions)}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** Why an endpoint gets no sessions, since when and until when. */
function Outage({ why, code, detail, since, until }: Pick<EndpointStatus, "why" | "code" | "detail" | "since" | "until">): JSX.Element {
  return (
    <>
      <span class="failed">down</span> since {since === undefined ? "?" : time(since)}
      {until !== undefined && until > proxyNow() && `, for ${span(until - proxyNow())} more`}
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
