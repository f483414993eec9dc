import { lookup } from "node:dns/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { Address } from "../../contract/index.ts";

/** Look-ups at once: each blocks one of the four threads that all file access of the process shares, without a limit of time. */
const MOST_AT_ONCE = 2;
const MOST_WAITING = 1_000;
/** Milliseconds that a caller waits at most, including the wait for its turn. */
const PATIENCE = 2_000;

/** The system's own look-up of a name. Its answers have no time to live. */
export type SystemLookUp = (name: string) => Promise<readonly Address[]>;

let running = 0;
const waiting: (() => void)[] = [];

/**
 * The system's own look-up (getaddrinfo), which knows names that are in no DNS: mDNS, NSS modules, names of the machine itself.
 *
 * @throws the error of getaddrinfo, or an error if it takes longer than 2 s
 */
export const systemLookUp: SystemLookUp = async (name) => {
  const found = inTurn(() => lookup(name, { all: true }));
  const late = delay(PATIENCE, undefined, { ref: false });
  const addresses = await Promise.race([found, late]);
  if (addresses === undefined) throw new Error(`the system did not look ${name} up within ${PATIENCE} ms`);
  return addresses.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4, ttl: 0 }));
};

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running < MOST_AT_ONCE) running += 1;
  else if (waiting.length < MOST_WAITING) await new Promise<void>((resolve) => waiting.push(resolve));
  else throw new Error("too many names are being looked up");
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    // The free place goes directly to the next in line.
    if (next === undefined) running -= 1;
    else next();
  }
}
