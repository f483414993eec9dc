// What connections see of the balancer that must not count there: those of health checks, and those that several pieces of work share.
import type { Balancer } from "../balance/balancer.ts";

/** A balancer for connections whose results say nothing about how sessions do. */
export function unjudged(balancer: Balancer): Balancer {
  const silent = {
    failed: nothing,
    attempted: nothing,
    penalise: nothing,
    hold: nothing,
    letGo: nothing,
  };
  return { ...withoutCounts(balancer), ...silent, severs: false };
}

/** A balancer for connections that do not count themselves: the work on them is counted, and reports its results. */
export function withoutCounts(balancer: Balancer): Balancer {
  return {
    get panic() {
      return balancer.panic;
    },
    judges: false,
    severs: balancer.severs,
    queue: balancer.queue,
    next: (tried, session) => balancer.next(tried, session),
    opened: nothing,
    closed: nothing,
    failed: (endpoint) => balancer.penalise(endpoint),
    attempted: (endpoint, milliseconds, ok) => balancer.attempted(endpoint, milliseconds, ok),
    penalise: (endpoint) => balancer.penalise(endpoint),
    hold: (endpoint, leg) => balancer.hold(endpoint, leg),
    letGo: (endpoint, leg) => balancer.letGo(endpoint, leg),
    // The first bytes of a connection may be no answer: HTTP/2 servers begin with their settings.
    worked: nothing,
    turnsOf: (endpoint) => balancer.turnsOf(endpoint),
  };
}

function nothing(): void {
  // The work on the connection is counted instead.
}
