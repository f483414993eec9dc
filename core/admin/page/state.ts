import { computed, signal } from "@preact/signals";
import { ApiError, call, segment } from "./api/call.ts";
import type { GenerationView, ListenerView, ProxyStatus } from "./api/types.ts";

/** Milliseconds between two requests while the page is visible. */
const pollMs = 1_000;

export const status = signal<ProxyStatus | undefined>(undefined);
export const listeners = signal<readonly ListenerView[]>([]);
export const generations = signal<readonly GenerationView[]>([]);
/** The reason why nothing new comes. `away`: there is no answer. `refused`: the answer is an error. */
export const trouble = signal<{ readonly kind: "token" | "away" | "refused"; readonly message: string } | undefined>(undefined);
/** The message of the last refusal. */
export const refusal = signal<string | undefined>(undefined);
/** Uses that are being switched: `listener/plugin`. */
export const busy = signal<ReadonlySet<string>>(new Set());

export const overridden = computed(() => status.value?.overrides.length ?? 0);

/** Asks the proxy for what the page shows. */
export async function ask(): Promise<void> {
  try {
    const [now, all, past] = await Promise.all([
      call<ProxyStatus>("GET", "status"),
      call<{ listeners: readonly ListenerView[] }>("GET", "listeners"),
      call<{ generations: readonly GenerationView[] }>("GET", "generations"),
    ]);
    status.value = now;
    listeners.value = all.listeners;
    generations.value = past.generations;
    trouble.value = undefined;
  } catch (error) {
    const answered = error instanceof ApiError ? error.status : undefined;
    const kind = answered === 401 ? "token" : answered === 0 ? "away" : "refused";
    trouble.value = { kind, message: error instanceof Error ? error.message : String(error) };
  }
}

/** Asks the proxy again and again while the page is visible. */
export function poll(): void {
  const again = async (): Promise<void> => {
    if (!document.hidden) await ask();
    setTimeout(() => void again(), pollMs);
  };
  void again();
}

/** Does something that changes the proxy, and shows the result. */
export async function change(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
    refusal.value = undefined;
  } catch (error) {
    refusal.value = error instanceof Error ? error.message : String(error);
  }
  await ask();
}

export async function toggle(listener: string, plugin: string, enabled: boolean): Promise<void> {
  const key = `${listener}/${plugin}`;
  busy.value = new Set([...busy.value, key]);
  await change(() => call("PATCH", `listeners/${segment(listener)}/plugins/${segment(plugin)}`, { enabled }));
  busy.value = new Set([...busy.value].filter((each) => each !== key));
}

/** Changes options of a plugin use, on open connections too. */
export const setOptions = (listener: string, plugin: string, options: object): Promise<void> =>
  change(() => call("PATCH", `listeners/${segment(listener)}/plugins/${segment(plugin)}`, { options }));

export const takeBack = (listener: string, plugin: string): Promise<void> =>
  change(() => call("DELETE", `overrides/${segment(listener)}/${segment(plugin)}`));

/** Writes an override into the config file. */
export const writeToFile = (listener: string, plugin: string): Promise<void> =>
  change(() => call("POST", `overrides/${segment(listener)}/${segment(plugin)}/write`));

export const restore = (generation: number): Promise<void> => change(() => call("POST", `generations/${generation}/restore`));

/** Puts the generation on trial into force. */
export const accept = (generation: number): Promise<void> => change(() => call("POST", `generations/${generation}/accept`));

export const reload = (): Promise<void> => change(() => call("POST", "reload"));
