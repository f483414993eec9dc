import { LRUCache } from "lru-cache";
import { asyncScheduler, type Subscription } from "rxjs";
import type { SluiceError } from "../../../contract/index.ts";
import { EndpointState, type StateOwner } from "./endpoint-state.ts";
import type { Outage } from "./outage.ts";
import type { AgreedStanding, HealthPeers } from "./health-peers.ts";
import { LoadChanges } from "./load-changes.ts";
import { WaitingLine } from "./waiting-line.ts";

/** Endpoints of a listener that are remembered: plugins may choose any address. */
const MAX_ENDPOINTS = 10_000;

/** Is told when the state of an endpoint changes. */
export interface HealthEvents {
  /** @param outage with the failures of sessions in a row */
  down(listener: string, endpoint: string, outage: Outage & { readonly failures: number }): void;
  /** @param ended the outage that is over */
  up(listener: string, endpoint: string, ended: Outage): void;
  /** All endpoints of an upstream are down, so all are used. */
  panic(listener: string, endpoints: readonly string[]): void;
  /** All endpoints of an upstream that are no backups are down, so its backups are used. */
  backedUp(listener: string, down: readonly string[], backups: readonly string[]): void;
  failed(): void;
  /** An attempt to open a connection is over. */
  attempted(listener: string, endpoint: string, milliseconds: number, ok: boolean): void;
  /** A function of the config failed to choose an endpoint. */
  misjudged(listener: string, error: SluiceError): void;
}

/** The endpoints of one listener. */
export class ListenerHealth implements StateOwner {
  readonly states = new LRUCache<string, EndpointState>({ max: MAX_ENDPOINTS, dispose: ({ end }) => end?.unsubscribe() });
  readonly changes = new LoadChanges();
  readonly line = new WaitingLine();
  /** Grows when endpoints go down or come up, so that what depends on it is worked out again. */
  version = 0;

  /** The version of the newest change that other processes know too. */
  #seen = 0;

  constructor(
    readonly listener: string,
    readonly events: HealthEvents | undefined,
    private readonly peers: () => HealthPeers | undefined,
  ) {}

  /** Whether other processes are asked before an endpoint is put out. */
  asks(state: EndpointState, outage: Outage): boolean {
    const peers = this.peers();
    if (peers === undefined) return false;
    void peers.eject({ listener: this.listener, endpoint: state.text, what: "ejected", outage }, this.#seen).then((version) => {
      if (version !== undefined) this.#seen = Math.max(this.#seen, version);
      else if (state.ejected === undefined) state.eject(outage, this.#end(state, outage));
    });
    return true;
  }

  tell(state: EndpointState, what: "ejected" | "unfit"): void {
    this.peers()?.tell({ listener: this.listener, endpoint: state.text, what, outage: state[what] });
  }

  /** Applies a change that is in force in all processes. */
  follow(standing: AgreedStanding): void {
    this.#seen = Math.max(this.#seen, standing.version);
    const state = this.of(standing.endpoint);
    state.follow(standing, (outage) => this.#end(state, outage));
  }

  #end(state: EndpointState, { until = Infinity }: Outage): Subscription {
    return asyncScheduler.schedule(() => state.readmit(Date.now()), Math.max(0, until - Date.now()));
  }

  /** The state of an endpoint. @param text as written in the config */
  of(text: string): EndpointState {
    let state = this.states.get(text);
    if (state === undefined) {
      state = new EndpointState(text, this);
      this.states.set(text, state);
    }
    return state;
  }

  forget(text: string): void {
    const state = this.states.peek(text);
    state?.forget();
    if (state?.active === 0) this.states.delete(text);
  }

  loaded(state: EndpointState): void {
    this.changes.note(state);
    this.line.tell();
  }

  changed(): void {
    this.version += 1;
    this.line.tell();
  }

  announce({ text, outage, failures }: EndpointState, ended: Outage | undefined): void {
    if (outage !== undefined) this.events?.down(this.listener, text, { ...outage, failures });
    else if (ended !== undefined) this.events?.up(this.listener, text, ended);
  }
}

/** The state of all endpoints of a proxy. It belongs to no generation, so a reload keeps it. */
export class HealthBook {
  readonly #listeners = new Map<string, ListenerHealth>();

  /** Other processes that have the same endpoints; undefined: there are none. */
  #peers: HealthPeers | undefined;

  constructor(readonly events: HealthEvents | undefined) {}

  /** From now on endpoint states are agreed on with other processes. */
  join(peers: HealthPeers): void {
    this.#peers = peers;
    peers.agreed.subscribe((standing) => {
      this.listener(standing.listener).follow(standing);
    });
  }

  listener(name: string): ListenerHealth {
    let health = this.#listeners.get(name);
    if (health === undefined) {
      health = new ListenerHealth(name, this.events, () => this.#peers);
      this.#listeners.set(name, health);
    }
    return health;
  }

  /** The state of an endpoint. @param text as written in the config */
  of(listener: string, text: string): EndpointState {
    return this.listener(listener).of(text);
  }

  /** Forgets how an endpoint did that a reload removed. */
  forget(listener: string, text: string): void {
    this.#listeners.get(listener)?.forget(text);
    this.#peers?.forget(listener, text);
  }

  close(): void {
    for (const { states } of this.#listeners.values()) states.clear();
    this.#listeners.clear();
  }
}
