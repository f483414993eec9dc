import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { SluiceError } from "../../contract/index.ts";
import type { CommandOptions } from "../arguments/command-line.ts";
import type { Terminal } from "../output/terminal.ts";
import { loadRecordings, type RecordedFile, type Recordings } from "../replay/recordings.ts";
import { wayOf, type ReplayWay } from "../replay/replay-way.ts";

/** The result of one comparison. */
interface Verdict {
  readonly file: string;
  /** The number of the session, from 1. */
  readonly session: number;
  /** The difference in hex and text; undefined when there is none. */
  readonly difference: string | undefined;
}

/**
 * `sluice replay`: plays recorded sessions to a server, or through a listener's plugins. @returns 0 when everything came as recorded, 1 when
 * something differs
 */
export async function replay({ raw, config, json }: CommandOptions, output: Terminal): Promise<number> {
  const way = wayOf(raw);
  const recordings = await loadRecordings();
  const files: RecordedFile[] = [];
  // oxlint-disable-next-line no-await-in-loop -- one file after the other, so that the first wrong one is reported
  for (const file of way.files) files.push({ file, ...(await recordings.recordingIn(file)) });
  const verdicts =
    way.to === undefined ? await through(files, way, recordings, path.resolve(config)) : await against(files, way, recordings);
  const differing = verdicts.filter(({ difference }) => difference !== undefined);
  if (json) output.line(JSON.stringify({ ok: differing.length === 0, sessions: verdicts }, undefined, 2));
  else for (const line of linesOf(verdicts, differing, output)) output.line(line);
  return differing.length === 0 ? 0 : 1;
}

function linesOf(verdicts: readonly Verdict[], differing: readonly Verdict[], { colors }: Terminal): string[] {
  const count = `${verdicts.length} session${verdicts.length === 1 ? "" : "s"}`;
  if (differing.length === 0) return [`${colors.green("as recorded:")} ${count}`];
  return [
    ...differing.flatMap(({ file, session, difference = "" }) => [
      `${colors.bold(`${file}, session ${session}`)}: ${difference.trimEnd()}`,
    ]),
    `${colors.red("differs:")} ${differing.length} of ${count}`,
  ];
}

/** Plays the client to a server, one session after the other. */
async function against(files: readonly RecordedFile[], { to = "", stretch }: ReplayWay, recordings: Recordings): Promise<Verdict[]> {
  const { connectTo } = await import("../../testing/client/connect-to.ts");
  const played = async (
    url: string,
    play: (client: Awaited<ReturnType<typeof connectTo>>) => Promise<void>,
  ): Promise<string | undefined> => {
    const client = await connectTo(url);
    try {
      return await play(client).then(() => undefined, differenceIn);
    } finally {
      await client[Symbol.asyncDispose]();
    }
  };
  const verdicts: Verdict[] = [];
  for (const { file, datagrams, sessions } of files) {
    const url = urlOf(to, datagrams);
    const rules = { datagrams, stretch, wait: (ms: number) => wait(ms), file: path.resolve(file) };
    for (const [index, session] of sessions.entries()) {
      // oxlint-disable-next-line no-await-in-loop -- one session after the other: a server may have one state for all clients
      const difference = await played(url, (client) => recordings.playClient(session, client, rules));
      verdicts.push({ file, session: index + 1, difference });
    }
  }
  return verdicts;
}

function differenceIn(error: unknown): string {
  if (SluiceError.is(error)) return error.where === undefined ? error.detail : `${error.where}: ${error.detail}`;
  throw error;
}

/** @throws SLUICE_USAGE */
function urlOf(to: string, datagrams: boolean): string {
  const url = to.includes("://") ? to : `${datagrams ? "udp" : "tcp"}://${to}`;
  if (url.startsWith("udp://") === datagrams) return url;
  throw new SluiceError("SLUICE_USAGE", `--to: the recording is of ${datagrams ? "datagrams" : "a stream"}, got ${JSON.stringify(to)}`);
}

/** Passes the sessions through a listener's byte hooks, and compares the result with the recording. */
async function through(files: readonly RecordedFile[], way: ReplayWay, recordings: Recordings, config: string): Promise<Verdict[]> {
  const { throughListener } = await import("../../testing/through/through-listener.ts");
  const all = files.flatMap(({ file, sessions }) => sessions.map((entries, index) => ({ file, session: index + 1, entries })));
  const made = await throughListener(
    config,
    way.through ?? "",
    all.map(({ entries }) => entries),
  );
  return all.map(({ file, session, entries }, index) => {
    const differences = made
      .filter((each) => each.session === index)
      .flatMap(({ direction, chunks, bytes, end, datagrams }) => {
        const side = direction === "fromClient" ? "client" : "upstream";
        const recorded = entries.flatMap((entry) => ("from" in entry && entry.from === side ? [entry.bytes] : []));
        const [left, right] = datagrams ? firstThatDiffers(recorded, chunks) : [Buffer.concat(recorded), bytes];
        const ending = end === "fin" ? [] : [end === "open" ? "it does not come to an end" : end.message];
        return [...(left.equals(right) ? [] : [`\n${recordings.hexDifference(left, right)}`]), ...ending].map(
          (text) => `${direction}: ${text}`,
        );
      });
    return { file, session, difference: differences.length === 0 ? undefined : differences.join("\n") };
  });
}

/** The first difference. Datagrams are compared one by one. */
function firstThatDiffers(recorded: readonly Buffer[], came: readonly Buffer[]): [Buffer, Buffer] {
  const nothing = Buffer.alloc(0);
  const most = Math.max(recorded.length, came.length);
  for (let at = 0; at < most; at += 1) {
    const [left = nothing, right = nothing] = [recorded[at], came[at]];
    if (!left.equals(right) || at >= recorded.length || at >= came.length) return [left, right];
  }
  return [nothing, nothing];
}
