import { SluiceError } from "../../contract/index.ts";
import { valueOf } from "../arguments/as-typed.ts";
import type { RawArguments } from "../arguments/command-line.ts";

/** How recordings are played. */
export interface ReplayWay {
  readonly files: readonly string[];
  /** The server, as it was given: `host:port`, or with its transport. */
  readonly to: string | undefined;
  /** The listener whose plugins the bytes pass. */
  readonly through: string | undefined;
  /** The factor of recorded delays; 0: no delays. */
  readonly stretch: number;
}

/** @throws SLUICE_USAGE */
export function wayOf({ words, options }: RawArguments): ReplayWay {
  const [to, through] = [textOf(options["to"]), textOf(options["through"])];
  if (words.length === 0) throw new SluiceError("SLUICE_USAGE", "expected a recording: sluice replay FILE --to HOST:PORT");
  if ((to === undefined) === (through === undefined))
    throw new SluiceError("SLUICE_USAGE", "expected one of --to HOST:PORT and --through LISTENER");
  if (to !== undefined && !/^(?:unix:\/\/\/.+|(?:(?:tcp|tls|udp):\/\/)?.+:\d+)$/.test(to))
    throw new SluiceError("SLUICE_USAGE", `--to: expected host:port, tcp://…, tls://…, udp://… or unix:///path, got ${JSON.stringify(to)}`);
  return { files: words, to, through, stretch: stretchOf(options["timing"] ?? "none") };
}

function stretchOf(timing: unknown): number {
  if (timing === "none") return 0;
  if (timing === "recorded") return 1;
  const factor = typeof timing === "string" ? valueOf(timing) : undefined;
  if (typeof factor === "number" && factor >= 0 && factor <= 1_000) return factor;
  throw new SluiceError("SLUICE_USAGE", `--timing: expected none, recorded or a number from 0 to 1000, got ${JSON.stringify(timing)}`);
}

function textOf(given: unknown): string | undefined {
  return typeof given === "string" ? given : undefined;
}
