import path from "node:path";
import { SluiceError } from "../../contract/index.ts";
import type { CommandOptions } from "../arguments/command-line.ts";
import type { Terminal } from "../output/terminal.ts";
import { against } from "../replay/against-server.ts";
import { loadRecordings, type RecordedFile } from "../replay/recordings.ts";
import { wayOf } from "../replay/replay-way.ts";
import { through } from "../replay/through-listener.ts";
import type { Verdict } from "../replay/verdict.ts";

/**
 * `sluice replay`: plays recorded sessions to a server, or through a listener's plugins. @returns 0 when everything came as recorded, 1 when
 * something differs
 */
export async function replay({ raw, config, json }: CommandOptions, output: Terminal): Promise<number> {
  const way = wayOf(raw);
  const recordings = await loadRecordings();
  const files: RecordedFile[] = [];
  for (const file of way.files) {
    // oxlint-disable-next-line no-await-in-loop -- one file after the other, so that the first wrong one is reported
    const recording = await recordings.recordingIn(file);
    if (recording.sessions.length === 0) throw nothingIn(file);
    files.push({ file, ...recording });
  }
  const verdicts =
    way.to === undefined ? await through(files, way, recordings, path.resolve(config)) : await against(files, way, recordings);
  const differing = verdicts.filter(({ difference }) => difference !== undefined);
  if (json) output.line(JSON.stringify({ ok: differing.length === 0, sessions: verdicts }, undefined, 2));
  else for (const line of linesOf(verdicts, differing, output)) output.line(line);
  return differing.length === 0 ? 0 : 1;
}

/** A comparison of nothing must not pass for one that found no difference. */
function nothingIn(file: string): SluiceError {
  return new SluiceError("SLUICE_RECORDING_INVALID", "it has no session, so nothing can be compared", { where: path.resolve(file) });
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
