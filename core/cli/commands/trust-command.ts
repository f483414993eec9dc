import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { CommandOptions } from "../arguments/command-line.ts";
import type { Terminal } from "../output/terminal.ts";
import { runStep, typed } from "../trust/run-step.ts";
import type { Authority, Step } from "../trust/store.ts";
import { storesOf } from "../trust/stores.ts";

/**
 * `sluice trust`: adds the CA that configs in this folder use, which is made if it does not exist, to the stores of the system, browsers and Java.
 * `--remove` removes it, `--print` only prints the commands.
 *
 * @returns 0 when everything was done, 1 when a step failed
 */
export async function trust({ raw }: CommandOptions, output: Terminal): Promise<number> {
  const stores = storesOf(raw.options["stores"]);
  const removes = raw.options["remove"] === true;
  const authority = await authorityFor(removes, output);
  if (authority === undefined) {
    output.line("nothing to remove: neither this folder nor this user has a local CA");
    return 0;
  }
  const all = stores.map((store) => (removes ? store.remove(authority) : store.add(authority)));
  const notes = all.flatMap((each) => each.notes);
  let failed = 0;
  for (const [store, steps] of byStore(all.flatMap((each) => each.steps))) {
    if (raw.options["print"] === true) for (const step of steps) output.line(typed(step));
    else if (!isDone(steps, removes ? "removed from" : "trusted by", store, output)) failed += 1;
  }
  for (const note of notes) output.line(`${output.colors.yellow("note:")} ${note}`);
  if (!removes) output.line(`Node reads it from ${output.colors.bold(`NODE_EXTRA_CA_CERTS=${authority.file}`)}`);
  return failed === 0 ? 0 : 1;
}

function byStore(steps: readonly Step[]): ReadonlyMap<string, readonly Step[]> {
  const found = new Map<string, Step[]>();
  for (const step of steps) found.set(step.store, [...(found.get(step.store) ?? []), step]);
  return found;
}

/** Runs the steps at a store, up to the first that fails, and says what came of it. */
function isDone(steps: readonly Step[], what: string, store: string, output: Terminal): boolean {
  for (const step of steps) {
    const reason = runStep(step);
    if (reason === undefined) continue;
    output.line(`${output.colors.red("not done:")} ${typed(step)}: ${reason}`);
    return false;
  }
  output.line(`${output.colors.green(what)} ${store}`);
  return true;
}

/** The CA of this folder, else the user's, which is made if it is to be added and does not exist. */
async function authorityFor(removes: boolean, output: Terminal): Promise<Authority | undefined> {
  // Imported by its public name: the CA belongs to the plugin.
  const { authorities } = await import("sluice/plugins");
  const folder = process.cwd();
  const tell = (message: string): void => output.line(message);
  const file = removes ? await authorities.openAuthority(folder, tell, { make: false }) : await authorities.openAuthority(folder, tell);
  return file === undefined ? undefined : authorityOf(file);
}

/** The CA with a name made from its certificate: each user of a machine has another one. */
function authorityOf(file: string): Authority {
  const digest = createHash("sha256").update(readFileSync(file)).digest("hex").slice(0, 8);
  return { file, name: `sluice-local-ca-${digest}` };
}
