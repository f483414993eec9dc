import path from "node:path";
import { SluiceError } from "../../contract/index.ts";
import { askControl } from "../../net/control/ask-control.ts";
import { valueOf } from "../arguments/as-typed.ts";
import type { CommandOptions } from "../arguments/command-line.ts";
import type { Terminal } from "../output/terminal.ts";
import { reloadTimeoutMs } from "./reload-command.ts";

/** The proxy's answer: the new state of the plugin use. */
interface Steered {
  readonly enabled: boolean;
  readonly reload: { readonly generation: number };
}

/**
 * `sluice toggle LISTENER/PLUGIN [on|off|config]`: without a state, it switches to the other one; `config` takes back what `toggle` and `set` changed.
 *
 * @throws SLUICE_USAGE, and the errors of the override
 */
export async function toggle(options: CommandOptions, output: Terminal): Promise<number> {
  const [target = "", state, ...more] = options.raw.words;
  const place = placeOf(target, "sluice toggle LISTENER/PLUGIN [on|off|config]");
  if (more.length > 0 || (state !== undefined && !/^(?:on|off|config)$/.test(state)))
    throw new SluiceError("SLUICE_USAGE", `expected on, off or config, got ${JSON.stringify([state, ...more].join(" "))}`);
  if (state === "config") return takeBack(options, place, output, `${target} is as in the config`);
  const enabled = state === undefined ? !(await askNow(options, place)) : state === "on";
  return steer(options, { ...place, enabled }, output, () => `${target} is ${enabled ? "on" : "off"}`);
}

/**
 * `sluice set LISTENER/PLUGIN option=value …`: values are JSON, otherwise texts; `a.b=1` sets a part of an object. @throws SLUICE_USAGE, and the
 * errors of the override
 */
export async function set(options: CommandOptions, output: Terminal): Promise<number> {
  const [target = "", ...given] = options.raw.words;
  const form = "sluice set LISTENER/PLUGIN option=value";
  const place = placeOf(target, form);
  if (given.length === 0) throw new SluiceError("SLUICE_USAGE", `expected ${form}`);
  const changed: Record<string, unknown> = {};
  for (const each of given) assign(changed, each);
  const done = ({ enabled }: Steered): string =>
    `${target} has ${given.join(" ")}${enabled ? "" : `, and is off: sluice toggle ${target} on`}`;
  return steer(options, { ...place, options: changed }, output, done);
}

async function steer(options: CommandOptions, input: object, output: Terminal, done: (answer: Steered) => string): Promise<number> {
  const answer = (await askControl(path.resolve(options.config), "toggle_plugin", reloadTimeoutMs, input)) as Steered;
  return show(options, answer, output, `generation ${answer.reload.generation}: ${done(answer)}`);
}

async function takeBack(options: CommandOptions, place: object, output: Terminal, done: string): Promise<number> {
  const answer = (await askControl(path.resolve(options.config), "take_back_override", reloadTimeoutMs, place)) as Steered["reload"];
  return show(options, answer, output, `generation ${answer.generation}: ${done}`);
}

function show({ json }: CommandOptions, answer: object, output: Terminal, done: string): number {
  if (json) output.line(JSON.stringify(answer, undefined, 2));
  else output.line(`${output.colors.green("reloaded")} ${done}`);
  return 0;
}

async function askNow({ config }: CommandOptions, place: object): Promise<boolean> {
  return ((await askControl(path.resolve(config), "plugin", reloadTimeoutMs, place)) as Steered).enabled;
}

function placeOf(target: string, form: string): { readonly listener: string; readonly plugin: string } {
  const [, listener = "", plugin = ""] = /^([^/]+)\/([^/]+)$/.exec(target) ?? [];
  if (listener === "") throw new SluiceError("SLUICE_USAGE", `expected ${form}, got ${JSON.stringify(target)}`);
  return { listener, plugin };
}

function assign(options: Record<string, unknown>, given: string): void {
  const at = given.indexOf("=");
  if (at < 1) throw new SluiceError("SLUICE_USAGE", `expected option=value, got ${JSON.stringify(given)}`);
  const keys = given.slice(0, at).split(".");
  const last = keys.pop() ?? "";
  let inner = options;
  for (const key of keys) {
    if (!Object.hasOwn(inner, key)) define(inner, key, {});
    inner = inner[key] as Record<string, unknown>;
  }
  define(inner, last, valueOf(given.slice(at + 1)));
}

/** An own property, whatever its name: the proxy refuses `__proto__`. */
function define(options: object, key: string, value: unknown): void {
  Object.defineProperty(options, key, { value, enumerable: true, writable: true, configurable: true });
}
