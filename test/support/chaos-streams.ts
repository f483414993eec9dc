import { expect } from "chai";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { tlsTermination } from "sluice/plugins";
import type { SluiceConfig } from "sluice";
import { startUpstream, type TestUpstream } from "sluice/testing";
import { activeResources, isGentle, mayCut, mayHang, mayMix, resourcesBeyond, type ChaosApply } from "./chaos-arbitraries.ts";
import { ChaosPeer, type ChaosAction } from "./chaos-peer.ts";
import { chaosUse, probeUse, type Balance, type ChaosPlugin } from "./chaos-plugins.ts";
import { bounded } from "./bounded.ts";
import type { TestCertificate } from "./certificates.ts";
import { eventually } from "./eventually.ts";
import { startProxy, type TestProxy } from "./with-proxy.ts";

/** What happens in one run. */
export interface ChaosScenario {
  readonly sessions: readonly { readonly client: readonly ChaosAction[]; readonly upstream: readonly ChaosAction[] }[];
  readonly plugins: readonly ChaosPlugin[];
  readonly applies: readonly ChaosApply[];
  /** Without the plugin that counts subscriptions, flows may run without RxJS. */
  readonly unprobed?: boolean;
}

/** One session: a listener and an upstream of its own, so that both ends are known. */
interface Session {
  readonly server: TestUpstream;
  client: ChaosPeer | undefined;
  upstream: ChaosPeer | undefined;
  readonly scripts: Promise<void>[];
}

const clientStream = (at: number): number => at * 100_003;
const upstreamStream = (at: number): number => 500_009 + at * 100_003;
const patienceMs = 10_000;

/** Runs a scenario against real sockets, and checks what must hold whatever happened. */
export async function runStreams(scenario: ChaosScenario, certificate?: TestCertificate): Promise<void> {
  const before = activeResources();
  const balance: Balance = { subscriptions: 0, plugins: 0 };
  const sessions = await Promise.all(scenario.sessions.map(({ upstream }, at) => startSession(upstream, at)));
  const configOf = createConfigs(sessions, balance, { certificate, unprobed: scenario.unprobed === true });
  const started = await startProxy(configOf(scenario.plugins, "swap"));
  try {
    await Promise.all([
      ...sessions.map((session, at) => runClient(session, at, scenario, { started, certificate })),
      applyAll(scenario, started, configOf),
    ]);
    await Promise.all(sessions.flatMap(({ scripts }) => scripts));
    const hanging = mayHang([scenario.plugins, ...scenario.applies.map(({ plugins }) => plugins)]);
    if (!hanging) await eventually(() => expect(started.proxy.sessions.size, "open sessions").to.equal(0), { within: patienceMs });
    const listed = started.proxy.sessions.size;
    await bounded(started.proxy.close(), `the proxy's close with ${listed} sessions`, patienceMs);
    const peers = sessions.flatMap(({ client, upstream }) => [client, upstream]).filter((peer) => peer !== undefined);
    await Promise.all(peers.map((peer) => bounded(peer.gone(), "a peer's close", patienceMs)));
    check(scenario, sessions, started);
  } finally {
    await started.proxy.close();
    for (const { client } of sessions) client?.socket.destroy();
    await Promise.all(sessions.map(({ server }) => server.close()));
  }
  expect(balance, "left of the plugins").to.deep.equal({ subscriptions: 0, plugins: 0 });
  await eventually(() => expect(resourcesBeyond(before), "left of the sockets and timers").to.deep.equal({}), { within: patienceMs });
}

async function startSession(actions: readonly ChaosAction[], at: number): Promise<Session> {
  const scripts: Promise<void>[] = [];
  const session: Session = {
    scripts,
    client: undefined,
    upstream: undefined,
    server: await startUpstream((socket) => {
      session.upstream = new ChaosPeer(socket, upstreamStream(at), clientStream(at));
      scripts.push(session.upstream.run(actions));
    }),
  };
  return session;
}

type ConfigOf = (plugins: readonly ChaosPlugin[], sessions: ChaosApply["sessions"], refused?: boolean) => SluiceConfig;

function createConfigs(
  sessions: readonly Session[],
  balance: Balance,
  { certificate, unprobed }: { readonly certificate: TestCertificate | undefined; readonly unprobed: boolean },
): ConfigOf {
  return (plugins, policy, refused = false) => {
    const uses = plugins.map((plugin) => chaosUse(plugin, balance));
    const refusing = refused ? [chaosUse({ kind: "setup", at: 0 }, balance)] : [];
    const tls = certificate === undefined ? [] : [tlsTermination(certificate)];
    const all = [...tls, ...uses, ...refusing, ...(unprobed ? [] : [probeUse(balance)])];
    const listeners = sessions.map(({ server }, at) => [
      `s${at}`,
      {
        listen: `${certificate === undefined ? "tcp" : "tls"}://127.0.0.1:0`,
        upstream: server.endpoint,
        plugins: all,
        reload: { sessions: policy, deadline: "20ms" },
      },
    ]);
    return { limits: { swapTimeout: "100ms" }, listeners: Object.fromEntries(listeners) as SluiceConfig["listeners"] };
  };
}

async function applyAll({ applies }: ChaosScenario, { proxy }: TestProxy, configOf: ConfigOf): Promise<void> {
  for (const { ms, plugins, sessions, refused } of applies) {
    await pause(ms);
    const code = await proxy.apply(configOf(plugins, sessions, refused)).then(
      () => "applied",
      (error: unknown) => (error as { code: string }).code,
    );
    expect(code).to.equal(refused ? "SLUICE_PLUGIN_SETUP" : "applied");
  }
}

async function runClient(
  session: Session,
  at: number,
  scenario: ChaosScenario,
  { started, certificate }: { readonly started: TestProxy; readonly certificate: TestCertificate | undefined },
): Promise<void> {
  const below = connectTcp({ port: started.port(`s${at}`), host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  const socket = certificate === undefined ? below : connectTls({ socket: below, rejectUnauthorized: false });
  below.on("error", () => undefined);
  const client = new ChaosPeer(socket, clientStream(at), upstreamStream(at), below);
  session.client = client;
  await Promise.race([once(below, "connect"), client.closed]);
  if (certificate !== undefined) await Promise.race([new Promise((resolve) => void socket.once("secureConnect", resolve)), client.closed]);
  session.scripts.push(client.run(scenario.sessions[at]?.client ?? []));
}

function check({ plugins, applies }: ChaosScenario, sessions: readonly Session[], { all }: TestProxy): void {
  const opened = all("session-started").map(({ session }) => session.id);
  const ended = all("session-ended").map(({ record }) => record.session);
  expect(
    ended.toSorted((a, b) => a - b),
    "one end record per session",
  ).to.deep.equal(opened.toSorted((a, b) => a - b));
  if (mayCut(plugins, applies) || mayMix(plugins, applies)) return;
  const gentle = isGentle(plugins, applies);
  for (const [at, session] of sessions.entries()) checkBytes(session, `session ${at}`, gentle);
}

function checkBytes({ client, upstream }: Session, what: string, gentle: boolean): void {
  expect(client?.intact, `${what}: what reached the client is the beginning of what was sent`).to.equal(true);
  expect(upstream?.intact ?? true, `${what}: what reached the upstream is the beginning of what was sent`).to.equal(true);
  if (!gentle || client === undefined || upstream === undefined || client.violent || upstream.violent) return;
  expect(upstream.received, `${what}: bytes from the client`).to.equal(client.sent);
  expect(client.received, `${what}: bytes from the upstream`).to.equal(upstream.sent);
  expect([client.ended, upstream.ended], `${what}: both saw FIN`).to.deep.equal([true, true]);
}
