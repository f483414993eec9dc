import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Subject as Source } from "rxjs";
import { resolveConfig } from "../../config/check/resolve-config.ts";
import { type Direction, reasonOf } from "../../contract/index.ts";
import { transports } from "../../net/transports/table.ts";
import { Proxy } from "../../runtime/proxy/proxy.ts";
import { BenchRun } from "../bench/bench-run.ts";
import type { Outcome, RunningSession } from "../bench/running-session.ts";
import type { PluginBench } from "../bench/plugin-bench.ts";
import { isAnswer, wrongWith } from "../cases/verdict.ts";
import { connectTo } from "../client/connect-to.ts";
import { KeptLog } from "../proxy/kept-log.ts";
import { startUpstream } from "../upstream/start-upstream.ts";
import { bounded, DEFAULT_TIMEOUT } from "../values/bounded.ts";
import { formOf, hasDatagrams } from "../values/transport-form.ts";
import { demand, hooksOf, type Check, type Subject } from "./check.ts";
import { sendError } from "../bench/sent-error.ts";

const OTHER: Readonly<Record<Direction, Direction>> = { fromClient: "fromUpstream", fromUpstream: "fromClient" };
const ignore = (): void => undefined;
const hello = Buffer.from("hello, and more\n");

/** Checks of the ends of sessions and of their directions. */
export function endChecks(subject: Subject): Check[] {
  const { withBench, options } = subject;
  const halfClose: readonly Check[] = hasDatagrams(options.transport)
    ? []
    : [{ name: "passes the end of one direction on, and leaves the other open", run: () => withBench(passesHalfClose) }];
  return [
    ...halfClose,
    { name: "passes errors on, and unsubscribes from its source when it is unsubscribed", run: () => withBench(letsGo) },
    { name: "lets a proxied session end when its client breaks off", run: () => withBench((bench) => endsInProxy(bench, subject)) },
  ];
}

async function passesHalfClose(bench: PluginBench): Promise<void> {
  for (const direction of await hooksOf(bench)) {
    // oxlint-disable-next-line no-await-in-loop -- in order, so that the first failure is reported
    demand(bench, await halfClosed(bench, direction));
  }
}

/** Compares two sessions, each the first of its own run, so that random numbers from a seed are the same. */
async function halfClosed(bench: PluginBench, direction: Direction): Promise<string | undefined> {
  const other = OTHER[direction];
  const expected = await firstSession(bench, (session) => answerOf(session, other));
  const wrong = `the end of ${direction} ends or changes ${other}, which must continue (half-close)`;
  return firstSession(bench, async (session) => {
    session.feed(direction, hello);
    const before = session.error;
    session.finish(direction);
    // Closing with an error is an intended answer to the input, or to its absence.
    if (before === undefined && session.error?.code === "SLUICE_CLOSED") return `${wrong}: it closes the session`;
    const first = await session.outcome(direction);
    if (isAnswer(first) || isAnswer(expected)) return undefined;
    const differs = wrongWith(await answerOf(session, other), { bytes: expected.bytes }, wrong);
    return differs === undefined || differs.startsWith(wrong) ? differs : `${wrong}: ${differs}`;
  });
}

async function firstSession<T>(bench: PluginBench, work: (session: RunningSession) => Promise<T>): Promise<T> {
  const run = await BenchRun.start(bench);
  try {
    return await work(await run.open());
  } finally {
    await run.close();
  }
}

/** The result of a few bytes and the end in one direction. */
function answerOf(session: RunningSession, direction: Direction): Promise<Outcome> {
  session.feed(direction, hello);
  session.finish(direction);
  return session.outcome(direction);
}

async function letsGo(bench: PluginBench): Promise<void> {
  const run = await BenchRun.start(bench);
  try {
    const { plugin } = run.instance;
    for (const direction of await hooksOf(bench)) {
      const { session } = await run.open();
      const failing = new Source<Buffer>();
      const errors: unknown[] = [];
      plugin[direction]?.(failing, session).subscribe({ error: (error: unknown) => errors.push(error) });
      // oxlint-disable-next-line no-await-in-loop -- in order, so that the first failure is reported
      await sendError(failing, new Error("broken"));
      if (errors.map(reasonOf).join() !== "broken") demand(bench, `${direction} does not pass an error of its source on`);
      const left = new Source<Buffer>();
      plugin[direction]?.(left, session).subscribe({ error: ignore }).unsubscribe();
      if (left.observed)
        demand(bench, `${direction} still listens to its source after it is unsubscribed: unsubscribe in the teardown of its Observable`);
    }
  } finally {
    await run.close();
  }
}

/** Tests the whole plugin with sockets, including `admit` and `connect`. */
async function endsInProxy(bench: PluginBench, { make, options }: Subject): Promise<void> {
  const { transport = "tcp", providers = [] } = options;
  const folder = await mkdtemp(path.join(tmpdir(), "sluice-compliance-"));
  const { datagrams, space, freeAddress } = formOf({ transport });
  const upstream = await startUpstream("echo", { transport: datagrams ? "udp" : "tcp" });
  const main = { listen: freeAddress(), upstream: upstream.address, plugins: [make()] };
  const config = resolveConfig({ listeners: { main }, providers }, transports, { file: path.join(folder, "proxy.config.ts") });
  const proxy = await Proxy.start(config, { logger: new KeptLog().logger });
  try {
    const ended = new Promise((resolve) => {
      proxy.events.subscribe(({ type }) => {
        if (type === "session-ended" || type === "session-refused") resolve(type);
      });
    });
    const url = proxy.listeners["main"]?.url ?? "";
    // On a listener for TLS, its client speaks none.
    const client = await connectTo(url.replace(/^\w+/, space));
    if (datagrams) await client.send(hello);
    else await client.write(hello);
    client.reset();
    if (!datagrams) await bounded(ended, DEFAULT_TIMEOUT, () => `the end of a session of ${bench.name} whose client has broken off`);
  } finally {
    await proxy.close();
    await upstream.close();
    await rm(folder, { recursive: true, force: true });
  }
}
