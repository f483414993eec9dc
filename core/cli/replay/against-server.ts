import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { SluiceError } from "../../contract/index.ts";
import { upstreamError } from "../../net/os-errors.ts";
import { transports } from "../../net/transports/table.ts";
import type { TestClient } from "../../testing/client/test-client.ts";
import type { RecordedFile, Recordings } from "./recordings.ts";
import type { ReplayWay } from "./replay-way.ts";
import type { Verdict } from "./verdict.ts";

/** Plays the client to a server, one session after the other. @throws SLUICE_USAGE, and the error of a server that cannot be reached */
export async function against(files: readonly RecordedFile[], { to = "", stretch }: ReplayWay, recordings: Recordings): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const { file, datagrams, sessions, names } of files) {
    const url = urlOf(to, datagrams);
    const rules = { datagrams, stretch, wait: (ms: number) => wait(ms), file: path.resolve(file) };
    for (const [index, session] of sessions.entries()) {
      // oxlint-disable-next-line no-await-in-loop -- one session after the other: a server may have one state for all clients
      const difference = await played(url, (client) => recordings.playClient(session, client, rules));
      verdicts.push({ file, session: names[index] ?? index + 1, difference });
    }
  }
  return verdicts;
}

/** @returns the difference, or undefined */
async function played(url: string, play: (client: TestClient) => Promise<void>): Promise<string | undefined> {
  const { connectTo } = await import("../../testing/client/connect-to.ts");
  const client = await connectTo(url).catch((error: unknown) => {
    throw upstreamError(error, url);
  });
  try {
    await play(client);
    return undefined;
  } catch (error) {
    const { where, detail } = upstreamError(error, url);
    return where === undefined ? detail : `${where}: ${detail}`;
  } finally {
    await client[Symbol.asyncDispose]();
  }
}

/** @throws SLUICE_USAGE */
function urlOf(to: string, datagrams: boolean): string {
  const url = to.includes("://") ? to : `${datagrams ? "udp" : "tcp"}://${to}`;
  const transport = transports.find(({ scheme }) => url.toLowerCase().startsWith(`${scheme}://`));
  if (transport?.datagrams === datagrams) return url;
  throw new SluiceError("SLUICE_USAGE", `--to: the recording is of ${datagrams ? "datagrams" : "a stream"}, got ${JSON.stringify(to)}`);
}
