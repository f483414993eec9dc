// What went over both connections, as tshark reads it: the same words on the client's leg and, changed by a plugin, on the upstream's.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProxy, definePlugin } from "sluice";
import { each } from "sluice/flow";
import { capture, echo } from "sluice/plugins";

const shout = definePlugin("shout", () => ({
  fromClient: (data) => data.pipe(each((chunk) => Buffer.from(chunk.toString().toUpperCase()))),
}));

const folder = mkdtempSync(join(tmpdir(), "capture-"));
const file = join(folder, "words.pcapng");
const proxy = await createProxy({
  log: { level: "silent" },
  listeners: { words: { listen: "tcp://127.0.0.1:0", plugins: [capture({ file }), shout(), echo()] } },
});

const client = connect(proxy.listeners["words"]?.address.port ?? 0, "127.0.0.1").setEncoding("utf8");
client.end("hello");
client.resume();
await once(client, "close");
// The file is whole once the proxy has closed.
await proxy.close();

/** Fields of the packets that a display filter lets pass, one line each. */
function tshark(filter: string, ...fields: readonly string[]): string[][] {
  const wanted = fields.flatMap((field) => ["-e", field]);
  const text = execFileSync("tshark", ["-r", file, "-Y", filter, "-T", "fields", ...wanted], { encoding: "utf8", stdio: "pipe" });
  return text
    .trim()
    .split("\n")
    .map((line) => line.split("\t"));
}

const ends = tshark("tcp.flags.syn == 1 || tcp.flags.fin == 1", "frame.interface_name").flat();
for (const leg of ["client leg", "upstream leg"])
  console.log(`${leg}: ${ends.filter((name) => name === leg).length} packets of SYN and FIN`);
for (const [leg, hex = ""] of tshark("tcp.payload", "frame.interface_name", "tcp.payload"))
  console.log(`${leg}: ${Buffer.from(hex, "hex").toString()}`);
rmSync(folder, { recursive: true });
