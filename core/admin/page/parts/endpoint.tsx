import type { JSX } from "preact";
import type { ProxyStatus } from "../api/types.ts";
import { status } from "../state.ts";

export type EndpointStatus = ProxyStatus["upstreams"][number];

const downFirst = (all: readonly EndpointStatus[]): readonly EndpointStatus[] =>
  all.toSorted((one, other) => Number(one.state === "up") - Number(other.state === "up"));

/** The endpoints of all listeners, or of one; those that are down come first. */
export const endpointsOf = (name?: string): readonly EndpointStatus[] =>
  downFirst((status.value?.upstreams ?? []).filter(({ listener }) => name === undefined || listener === name));

/** An endpoint's address, and a dot that says whether it is up. */
export function Endpoint({ endpoint: { endpoint, state } }: { endpoint: EndpointStatus }): JSX.Element {
  return (
    <span class="endpoint">
      <span class={state === "up" ? "dot good" : "dot bad"} role="img" aria-label={state} /> <code>{endpoint}</code>
    </span>
  );
}
