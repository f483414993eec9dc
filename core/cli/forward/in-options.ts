import { SluiceError } from "../../contract/index.ts";
import { forwardFlags } from "../arguments/forward-flags.ts";
import type { Forward } from "./config-text.ts";

/**
 * Says what is wrong with the equivalent config in terms of the command line: who typed `--latency soon` has no file to look into. An error that is
 * not about such an option is returned as it is.
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
  const said = lines.map((line) => {
    const [, place, rest] = /^(?:.*?: )?listeners\.forward\.plugins\[(\d+)\][^:]*: (.*)$/.exec(line) ?? [];
    const flag = place === undefined ? undefined : used[Number(place)];
    return flag === undefined ? undefined : `--${flag.name}: ${rest ?? ""}`;
  });
  return said.includes(undefined) ? undefined : said.join("; ");
}
