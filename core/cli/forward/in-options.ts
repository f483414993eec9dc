import { SluiceError } from "../../contract/index.ts";
import { forwardFlags } from "../arguments/forward-flags.ts";
import type { Forward } from "./config-text.ts";

/**
 * Says what is wrong with the equivalent config in terms of the command line: somebody who typed `--latency soon` or the port 99999 has no file to look into.
 * An error that is about none of the arguments is returned as it is.
 */
export function inOptions(thrown: unknown, { flags }: Forward): unknown {
  if (!SluiceError.is(thrown)) return thrown;
  const used = forwardFlags.filter(({ name }) => flags.has(name));
  const detail = saidByFactory(thrown, used) ?? saidOfPlaces(thrown, used);
  if (detail === undefined) return thrown;
  if (thrown.code === "SLUICE_CONFIG_THREW" || thrown.code === "SLUICE_CONFIG_INVALID")
    return new SluiceError("SLUICE_USAGE", detail, { cause: thrown });
  return thrown.restated(detail, {});
}

/** The words of the command by their places in the config. */
const words: Readonly<Record<string, string>> = { listen: "the address to listen on", upstream: "the upstream" };

type Used = readonly { readonly name: string; readonly plugin: string }[];

/** A factory that threw when the config called it: its error begins with its name. */
function saidByFactory({ cause }: SluiceError, used: Used): string | undefined {
  if (!SluiceError.is(cause)) return undefined;
  const { detail } = cause;
  const called = used.find(({ plugin }) => detail.startsWith(`${plugin}(`));
  return called === undefined ? undefined : `--${called.name}: ${detail.replace(/^[^:]*: /, "")}`;
}

/** Problems with their places in the config; undefined if one is elsewhere. */
function saidOfPlaces({ where, detail }: SluiceError, used: Used): string | undefined {
  const lines = [where, detail]
    .filter((part) => part !== undefined)
    .join(": ")
    .split("\n");
  const said = lines.map((line) => saidOfPlace(line, used));
  return said.includes(undefined) ? undefined : said.join("; ");
}

function saidOfPlace(line: string, used: Used): string | undefined {
  const [, place = "", number, rest = ""] =
    /^(?:.*?: )?listeners\.forward\.(listen|upstream|plugins\[(\d+)\])[^:]*: (.*)$/.exec(line) ?? [];
  const word = words[place];
  if (word !== undefined) return `${word}: ${rest}`;
  const flag = number === undefined ? undefined : used[Number(number)];
  return flag === undefined ? undefined : `--${flag.name}: ${rest}`;
}
