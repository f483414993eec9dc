import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);

async function run(tshark: string, parameters: readonly string[]): Promise<string> {
  const { stdout } = await execute(tshark, [...parameters], { timeout: 60_000, maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

/** Fields of each packet that a display filter lets pass. */
export async function packetsOf(tshark: string, file: string, fields: readonly string[], filter = ""): Promise<string[][]> {
  const wanted = fields.flatMap((field) => ["-e", field]);
  const checks = ["ip", "tcp", "udp"].flatMap((protocol) => ["-o", `${protocol}.check_checksum:TRUE`]);
  const text = await run(tshark, ["-r", file, ...checks, "-Y", filter, "-T", "fields", ...wanted]);
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("\t"));
}

export interface FollowedStream {
  readonly fromClient: Buffer;
  readonly fromUpstream: Buffer;
}

/** The bytes of streams, as tshark puts them together. */
export async function follow(
  tshark: string,
  file: string,
  protocol: "tcp" | "udp" | "tls",
  streams: readonly number[],
): Promise<FollowedStream[]> {
  const wanted = streams.flatMap((stream) => ["-z", `follow,${protocol},raw,${stream}`]);
  const text = await run(tshark, ["-r", file, "-q", ...wanted]);
  const parts = text.split(/^Follow: /m).slice(1);
  const numbered = parts.map((part): [number, FollowedStream] => [Number(/stream eq (\d+)/.exec(part)?.[1]), followedOf(part)]);
  return streams.map((stream) => numbered.find(([number]) => number === stream)?.[1] ?? followedOf(""));
}

/** Answers are indented by a tab. */
function followedOf(text: string): FollowedStream {
  const lines = [...text.matchAll(/^(\t?)([0-9a-f]+)$/gm)];
  const of = (indent: string): Buffer =>
    Buffer.from(
      lines
        .filter(([, tab]) => tab === indent)
        .map(([, , hex]) => hex)
        .join(""),
      "hex",
    );
  return { fromClient: of(""), fromUpstream: of("\t") };
}
