import { fileURLToPath } from "node:url";
import type { Candidate } from "../candidates.ts";
import { messageBytes, runLoad } from "../measure.ts";
import { cpus, startUnderTest, type Workshop } from "../under-test.ts";
import { warmUp, type Case } from "./cases.ts";
import { writeGrown } from "./configs.ts";

const seconds = 1;
const program = fileURLToPath(new URL("../proxies/live-config.js", import.meta.url));
const micro = 1e6;

/** A proxy of that size, started as others that are measured. */
function candidateOf({ subject }: Case, count: number, names: number): Candidate {
  return {
    transport: subject === "flows" ? "udp" : "tcp",
    available: true,
    command: ({ config: folder, listen, upstream }) => {
      const { config, edited } = writeGrown(`${folder}.d`, subject, count, { listen, upstream, names });
      return [process.execPath, program, config, edited];
    },
  };
}

/** Microseconds of CPU that a unit of the load costs. */
export async function costOfUnit(one: Case, count: number, names: number, workshop: Workshop): Promise<number> {
  const { load } = one;
  if (load === undefined) throw new Error("a case without a load");
  const proxy = await startUnderTest(`${count} ${one.subject}`, candidateOf(one, count, names), workshop);
  try {
    const [result] = await runLoad({
      beside: 0,
      tls: false,
      resumed: false,
      body: 0,
      rate: 0,
      size: messageBytes,
      proxyCpu: cpus.proxy,
      seconds,
      ...load(count),
      warm: warmUp(count),
      targets: [{ proxy: proxy.listen, upstream: proxy.upstream, pid: proxy.pid }],
    });
    if (result === undefined || result.units === 0) throw new Error(`${one.subject}, ${one.unit}: nothing was done`);
    return ((result.cpu.user + result.cpu.system) / result.units) * micro;
  } finally {
    await proxy.stop();
  }
}
