import { defer, of, tap, type Observable } from "rxjs";
import {
  reasonOf,
  SluiceError,
  type Session,
  type SessionPhase,
  type SessionTls,
  type Timeline,
  type Upstream,
} from "../../contract/index.ts";
import { blameOf, faultOf } from "../../flow/chain/fault.ts";
import { letGo, teardownFailed } from "../../flow/pump/let-go.ts";
import { Deadlines, type Wait, type DeadlineWaiter } from "../../net/dial/deadlines.ts";
import { SessionAttempts } from "../../net/balance/session-attempts.ts";
import { AdmissionSubscriber, type AdmissionTaker } from "./admission.ts";
import { LegSubscriber, type LegTaker } from "./leg-subscriber.ts";
import type { AcceptedClient } from "../../net/accept/accepted-client.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { ListenerVersion } from "../version/listener-version.ts";

/**
 * Milliseconds between two checks that the client is still there. A client is not read before its upstream is open, so its bytes wait in the kernel,
 * and its end is not noticed. Without the checks, clients that have left would keep places that others wait for.
 */
const LOOK_MS = 400;
const looks = new Deadlines(LOOK_MS);

/** The session that is being opened. */
export interface OpeningSession extends Session {
  readonly version: ListenerVersion;
  readonly retargeted: Parameters<ListenerVersion["attempts"]>[0];
  readonly refuse: Parameters<ListenerVersion["attempts"]>[2];
  tls: SessionTls | undefined;
  readonly timeline: Timeline | undefined;
  /** Decides whether its client may have another session, if that takes time. */
  readonly counting: Promise<void> | undefined;
  /** Who watches below the TLS of an attempt to reach its upstream; undefined: nobody does. */
  readonly upstreamWire: SessionAttempts["wire"];
  /** The upstream leg is open. */
  opened(upstream: Upstream): void;
  /** Nothing of the opening is needed any more. */
  openingDone(): void;
  flowWarning(message: string): void;
  /** @param plugin the plugin that failed, if it was one */
  openFailed(error: SluiceError, plugin: string | undefined): void;
}

/**
 * The opening of a session: the admit hooks that come before TLS, the ClientHello (tls:// listeners), the other admit hooks, then the connect
 * hooks around the dialler. It never goes back a step, and subscribes to nothing for a hook that no plugin has. Classes and not object literals, for
 * the reason given in ChunkQueue.
 */
export class Opening implements DeadlineWaiter, AdmissionTaker, LegTaker {
  /** The step that it has reached. */
  phase: SessionPhase = "hello";
  /** Undefined: nobody has asked for the upstream leg. */
  attempts: SessionAttempts | undefined;
  #closed = false;
  #handshakeTimeout = 0;
  #helloTook = 0;
  #admission: AdmissionSubscriber | undefined;
  #leg: LegSubscriber | undefined;
  #look: Wait | undefined;
  /** Set if a plugin waits for the leg before the session is admitted. */
  #early: EarlyWait | undefined;
  #earlyClosed = false;
  #isHandedOver = false;
  /** Legs that connect hooks have got. */
  #given: Set<Upstream> | undefined;

  constructor(
    private readonly session: OpeningSession,
    private readonly client: AcceptedClient,
  ) {}

  /** @param handshakeTimeout milliseconds for the client's TLS handshake, its ClientHello included */
  start(handshakeTimeout: number): void {
    this.#handshakeTimeout = handshakeTimeout;
    this.#look = looks.start(this);
    const { greet } = this.session.version.pipeline.pipeline;
    if (greet === undefined) {
      this.#hello();
      return;
    }
    if (this.phase === "hello" && this.session.tls !== undefined) this.#mark("hello", { serverName: this.session.tls.serverName });
    this.phase = "admit";
    this.#run(greet, () => this.#hello());
  }

  /** Reads the ClientHello, on a transport that begins with one. */
  #hello(): void {
    const hello = this.client.hello?.(this.#handshakeTimeout, this.session.version.pipeline.pipeline.allowsPlain);
    if (hello === undefined) {
      this.#admit();
      return;
    }
    this.phase = "hello";
    const began = performance.now();
    hello.then(
      (tls) => {
        this.#helloTook = performance.now() - began;
        this.session.tls = tls;
        this.#admit();
      },
      (error: unknown) => {
        this.fail(error);
      },
    );
  }

  /** The milliseconds that are left for the TLS handshake. @param timeout for the whole handshake, if it is not the listener's */
  handshakeLeft(timeout = this.#handshakeTimeout): number {
    return Math.max(1, timeout - this.#helloTook);
  }

  /** Gives up everything under way. Closes legs that a hook has got and not passed on. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.stopLooking();
    for (const part of [this.#admission, this.#leg]) {
      const error = letGo(part);
      if (error !== undefined) this.session.flowWarning(teardownFailed(error));
    }
    this.#closeLegs();
  }

  #closeLegs(): void {
    const taken = this.#leg?.taken;
    if (!this.#isHandedOver) taken?.leg.destroy();
    for (const upstream of this.#given ?? []) if (upstream !== taken) upstream.leg.destroy();
  }

  /** Lets itself go, if the session has its leg and its record has nothing to tell of attempts. */
  #finish(): void {
    const { attempts } = this;
    if (this.#isHandedOver && this.#hooksAreDone && attempts?.made === undefined && attempts?.panic !== true) this.session.openingDone();
  }

  /** No connect hook gives another leg, or has got one that it has not passed on. */
  get #hooksAreDone(): boolean {
    const given = this.#given;
    const taken = this.#leg?.taken;
    return given === undefined || (this.#leg?.closed === true && [...given].every((upstream) => upstream === taken));
  }

  /** Ends the checks: the client is read from now on, or the opening is over. */
  stopLooking(): void {
    if (this.#look !== undefined) looks.end(this.#look);
    this.#look = undefined;
  }

  /** Time to check whether the client is still there. */
  waitedTooLong(): void {
    this.#look = looks.start(this);
    if (this.client.isGone()) this.fail(new SluiceError("SLUICE_CLIENT_RESET", `${String(this.session.client)} left before it was served`));
  }

  fail(error: unknown): void {
    if (!this.#closed) this.session.openFailed(errorOf(error), blameOf(error));
  }

  #admit(): void {
    if (this.#closed) return;
    this.phase = "admit";
    const { admit } = this.session.version.pipeline.pipeline;
    if (admit === undefined) this.#connect();
    else this.#run(admit, () => this.#connect());
  }

  /** Runs admit hooks. */
  #run(admit: NonNullable<Pipeline["admit"]>, then: () => void): void {
    const admission = new AdmissionSubscriber(this, then);
    admit(of(this.session), this.session).subscribe(admission);
    // If it is already over, it may have set `#admission` for the next hooks.
    if (!admission.closed) this.#admission = admission;
  }

  admitted(then: () => void): void {
    if (this.#closed) return;
    const { counting } = this.session;
    if (counting === undefined) then();
    else void counting.then(() => (this.#closed ? undefined : then()));
  }

  notAdmitted(): void {
    this.fail(new SluiceError("SLUICE_CLIENT_REJECTED", `${String(this.session.client)} was not admitted`));
  }

  #connect(): void {
    if (this.#closed) return;
    this.phase = "connect";
    this.#mark("admitted");
    if (this.#leg === undefined) this.#open();
    else if (this.#leg.taken !== undefined) this.#handOver(this.#leg.taken);
    else if (this.#leg.closed)
      this.fail(new SluiceError("SLUICE_UPSTREAM_RESET", "the upstream that a plugin had asked for could not be opened"));
  }

  /** Opens the upstream leg early, while the session is being admitted. The session uses this leg later. */
  openUpstream(): Promise<Upstream> {
    if (this.#leg !== undefined || this.#closed)
      return Promise.reject(new SluiceError("SLUICE_INTERNAL", "openUpstream was called twice, or behind the admit hooks"));
    return new Promise((resolve, reject) => {
      this.#early = { resolve, reject };
      this.#open();
    });
  }

  /** The connect hooks have emitted the first leg. */
  legOpened(upstream: Upstream): void {
    const early = this.#early;
    this.#early = undefined;
    if (this.phase === "connect") this.#handOver(upstream);
    else {
      const closed = (): void => void (this.#earlyClosed = true);
      upstream.leg.onClosed = closed;
    }
    early?.resolve(upstream);
  }

  legsCompleted(): void {
    this.#finish();
  }

  legFailed(error: unknown): void {
    const early = this.#early;
    this.#early = undefined;
    if (early === undefined || this.phase === "connect") this.fail(error);
    early?.reject(errorOf(error));
  }

  #handOver(upstream: Upstream): void {
    if (this.#earlyClosed) {
      this.fail(new SluiceError("SLUICE_UPSTREAM_RESET", `upstream ${upstream.endpoint} left before the session began`));
      return;
    }
    this.#isHandedOver = true;
    this.stopLooking();
    this.session.opened(upstream);
    this.#finish();
  }

  #open(): void {
    const { version, retargeted, refuse } = this.session;
    const leg = new LegSubscriber(this.session.listener, this);
    this.#leg = leg;
    try {
      if (version.pipeline.pipeline.connect === undefined) this.#attempt(version.attempts(retargeted, this.session, refuse)).subscribe(leg);
      else this.#hooked().subscribe(leg);
    } catch (error) {
      this.legFailed(error);
    }
  }

  #mark(what: string, details?: Readonly<Record<string, unknown>>): void {
    this.session.timeline?.mark(what, details);
  }

  #attempt(attempts: Observable<Upstream>): Observable<Upstream> {
    if (attempts instanceof SessionAttempts) {
      this.attempts = attempts;
      attempts.timeline = this.session.timeline;
      attempts.wire = this.session.upstreamWire;
    }
    return attempts;
  }

  #hooked(): Observable<Upstream> {
    const { session } = this;
    const given = new Set<Upstream>();
    this.#given = given;
    // Chosen once, at the first try: until then a hook may send the session to another upstream.
    let attempts: Observable<Upstream> | undefined;
    const attempt = defer(() => (attempts ??= this.#attempt(session.version.attempts(session.retargeted, session, session.refuse)))).pipe(
      // Legs that come after the session's own was taken belong to whoever asked for them.
      tap((upstream) => this.#leg?.taken ?? given.add(upstream)),
    );
    return session.version.pipeline.pipeline.connect?.(attempt, session) ?? attempt;
  }
}

interface EarlyWait {
  resolve(upstream: Upstream): void;
  reject(error: SluiceError): void;
}

function errorOf(error: unknown): SluiceError {
  if (SluiceError.is(error)) return error;
  const plugin = blameOf(error);
  return plugin === undefined ? new SluiceError("SLUICE_INTERNAL", reasonOf(error), { cause: error }) : faultOf(plugin, error);
}
