import type { RecordedFile, Recordings } from "./recordings.ts";
import type { ReplayWay } from "./replay-way.ts";
import type { Verdict } from "./verdict.ts";

/** Passes the sessions through a listener's byte hooks, and compares the result with the recording. */
export async function through(files: readonly RecordedFile[], way: ReplayWay, recordings: Recordings, config: string): Promise<Verdict[]> {
  const { throughListener } = await import("../../testing/through/through-listener.ts");
  const all = files.flatMap(({ file, sessions, names, datagrams }) =>
    sessions.map((entries, index) => ({ file, session: names[index] ?? index + 1, entries, datagrams })),
  );
  const made = await throughListener(config, way.through ?? "", all);
  return all.map(({ file, session, entries }, index) => {
    const differences = made
      .filter((each) => each.session === index)
      .flatMap(({ direction, chunks, bytes, end, datagrams }) => {
        const side = direction === "fromClient" ? "client" : "upstream";
        const recorded = entries.flatMap((entry) => ("from" in entry && entry.from === side ? [entry.bytes] : []));
        const [left, right] = datagrams ? firstThatDiffers(recorded, chunks) : [Buffer.concat(recorded), bytes];
        const ending = end === "fin" ? [] : [end === "open" ? "it does not come to an end" : end.message];
        return [
          ...(left.equals(right) ? [] : [`what came out is not what was recorded\n${recordings.hexDifference(left, right)}`]),
          ...ending,
        ].map((text) => `${direction}: ${text}`);
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
