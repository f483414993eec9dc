import type { CarryHost, CarryPlace } from "./carried-states.ts";

/** A `carry` that a hook made. */
interface Made {
  prepare(): void;
}

let current: HookSite | undefined;

function enter(site: HookSite | undefined): HookSite | undefined {
  const outer = current;
  current = site;
  return outer;
}

/** Calls hooks that may make a `carry`, and gives each `carry` a place in its hook, by which its state is found again. */
export class HookSite {
  #plugin = "";
  #count = 0;
  #all = 0;
  #made: Made[] | undefined;
  #keys: Set<string> | undefined;
  /** What waits until the operators are in place; undefined: they are. */
  #early: (() => void)[] | undefined;

  /** @param host the flow; undefined if no state is handed over */
  constructor(private readonly host: CarryHost | undefined) {}

  /** The places of every `carry` that was made; undefined: none was made. */
  get keys(): ReadonlySet<string> | undefined {
    return this.#keys;
  }

  /** Calls a plugin's hook, and prepares every `carry` that it made. Throws what either throws. */
  call<D, S, T>(plugin: string, hook: (data: D, session: S) => T, data: D, session: S): T {
    const outer = enter(this);
    this.#plugin = plugin;
    this.#count = 0;
    try {
      const result = hook(data, session);
      for (const made of this.#made ?? []) made.prepare();
      return result;
    } finally {
      this.#made = undefined;
      enter(outer);
    }
  }

  /** What the states of a plugin hold, when the plugin is taken out. */
  abandon(plugin: string): Buffer[] {
    return this.#keys === undefined ? [] : (this.host?.carried.abandon(plugin) ?? []);
  }

  /** The operators are subscribed to while those that they replace still run, and still have the states (ADR 0067). */
  comesEarly(): void {
    this.#early = [];
  }

  /** @returns whether `work` has to wait until the operators are in place: then it is called at that time */
  wait(work: () => void): boolean {
    this.#early?.push(work);
    return this.#early !== undefined;
  }

  /** The operators are in place. */
  arrived(): void {
    const early = this.#early;
    this.#early = undefined;
    for (const work of early ?? []) work();
  }

  place(made: Made): CarryPlace | undefined {
    const { host } = this;
    if (host === undefined) return undefined;
    const key = `${this.#count} ${this.#plugin}`;
    this.#count += 1;
    this.#all += 1;
    (this.#keys ??= new Set()).add(key);
    (this.#made ??= []).push(made);
    return { host, plugin: this.#plugin, key, order: this.#all, site: this };
  }
}

/** The place of a `carry` that is being made: the first in its hook, the second, …; undefined outside a hook that a flow calls. */
export function placeInHook(made: Made): CarryPlace | undefined {
  return current?.place(made);
}
