import { defer, of, Subscription, take, tap, type Observable } from "rxjs";
import { reasonOf, SluiceError, type Upstream } from "../contract/index.ts";
import { blameOf, faultOf } from "../flow/fault.ts";
import type { ClientEnd } from "./client-end.ts";
import type { LiveSession } from "./live-session.ts";

interface Outcome {
  opened(upstream: Upstream): void;
  /** @param plugin whose fault it is, if any's */
  failed(error: SluiceError, plugin: string | undefined): void;
}

/**
 * Opens a session: ClientHello (tls:// listeners), the admit hooks, then the connect hooks around the dialler. Goes one way; where no
 * plugin has a hook nothing is subscribed for it. Unsubscribing gives up whatever is under way.
 */
export function openSession(session: LiveSession, end: ClientEnd, handshakeTimeout: number, outcome: Outcome): Subscription {
  const whole = new Subscription();
  const fail = (error: unknown): void => {
    if (!whole.closed) outcome.failed(errorOf(error), SluiceError.is(error) ? undefined : blameOf(error));
  };
  const connect = (): void => {
    if (!whole.closed) whole.add(connectUpstream(session, outcome, fail));
  };
  const admit = (): void => {
    if (whole.closed) return;
    if (session.pipeline.pipeline.admit === undefined) connect();
    else whole.add(admitClient(session, connect, fail));
  };
  if (session.transport === "tls") {
    end.hello(handshakeTimeout).then((tls) => {
      session.tls = tls;
      admit();
    }, fail);
  } else admit();
  return whole;
}

function admitClient(session: LiveSession, admitted: () => void, fail: (error: unknown) => void): Subscription {
  let decided = false;
  return (session.service.pipeline.pipeline.admit?.(of(session), session) ?? of(session)).pipe(take(1)).subscribe({
    next: () => {
      decided = true;
    },
    error: fail,
    complete: () => {
      if (decided) admitted();
      else fail(new SluiceError("SLUICE_CLIENT_REJECTED", `${String(session.client)} was not admitted`));
    },
  });
}

function connectUpstream(session: LiveSession, outcome: Outcome, fail: (error: unknown) => void): Subscription {
  const { connect } = session.service.pipeline.pipeline;
  if (connect === undefined) return connectDirectly(session, outcome, fail);
  // Chosen at the first try, and once: until then a hook may send the session elsewhere.
  let attempts: Observable<Upstream> | undefined;
  const attempt = defer(() => (attempts ??= session.service.attempts(session.retargeted)));
  // What a hook was given and did not pass on is nobody's: it is closed with the opening.
  const given = new Set<Upstream>();
  const taken: Outcome = {
    ...outcome,
    opened: (upstream) => {
      given.delete(upstream);
      outcome.opened(upstream);
    },
  };
  const hooked = connect(attempt.pipe(tap((upstream) => given.add(upstream))), session);
  const subscription = openLeg(session, hooked, taken, fail);
  subscription.add(() => {
    for (const { leg } of given) leg.destroy();
  });
  return subscription;
}

function connectDirectly(session: LiveSession, outcome: Outcome, fail: (error: unknown) => void): Subscription {
  let attempt: Observable<Upstream>;
  try {
    attempt = session.service.attempts(session.retargeted);
  } catch (error) {
    fail(error);
    return Subscription.EMPTY;
  }
  return openLeg(session, attempt, outcome, fail);
}

function openLeg(session: LiveSession, attempt: Observable<Upstream>, outcome: Outcome, fail: (error: unknown) => void): Subscription {
  let opened = false;
  return attempt.subscribe({
    next: (upstream) => {
      // A second leg is nobody's: one session has one.
      if (opened) return void upstream.leg.destroy();
      opened = true;
      outcome.opened(upstream);
    },
    error: (error: unknown) => {
      if (!opened) fail(error);
    },
    complete: () => {
      if (!opened)
        fail(new SluiceError("SLUICE_UPSTREAM_MISSING", `a connect hook of listener "${session.listener}" completed without a leg`));
    },
  });
}

function errorOf(error: unknown): SluiceError {
  if (SluiceError.is(error)) return error;
  const plugin = blameOf(error);
  return plugin === undefined ? new SluiceError("SLUICE_INTERNAL", reasonOf(error), { cause: error }) : faultOf(plugin, error);
}
