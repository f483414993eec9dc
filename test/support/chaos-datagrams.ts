import { expect } from "chai";
import type { Socket } from "node:dgram";
import { setTimeout as pause } from "node:timers/promises";
import type { SluiceConfig } from "sluice";
import { activeResources, isGentle, resourcesBeyond, type ChaosApply } from "./chaos-arbitraries.ts";
import { chaosUse, probeUse, type Balance, type ChaosPlugin } from "./chaos-plugins.ts";
import { bounded, eventOf } from "./bounded.ts";
import { eventually } from "./eventually.ts";
import { isPattern, patternAt } from "./pattern.ts";
import { bindUdp } from "./with-echo-server.ts";
import { startProxy, type TestProxy } from "./with-proxy.ts";

/** What happens in one run: each client's datagrams, by size and the pause after them. */
export interface DatagramScenario {
  readonly clients: readonly (readonly { readonly size: number; readonly ms: number }[])[];
  readonly plugins: readonly ChaosPlugin[];
  readonly applies: readonly ChaosApply[];
  /** Milliseconds until the upstream goes away, and comes back on the same port; undefined: it stays. */
  readonly outage: number | undefined;
}

const headBytes = 8;
const patienceMs = 10_000;

/** One client: it numbers its datagrams, and checks that what comes back is its own, unchanged and at most once. */
class Client {
  readonly fault: string[] = [];
  readonly answered = new Set<number>();
  sent = 0;

  constructor(
    readonly socket: Socket,
    private readonly number: number,
  ) {
    socket.on("message", (datagram) => this.#take(datagram));
  }

  async run(datagrams: DatagramScenario["clients"][number], port: number): Promise<void> {
    for (const { size, ms } of datagrams) {
      this.send(port, size);
      await pause(ms);
    }
  }

  send(port: number, size: number): void {
    const head = Buffer.alloc(headBytes);
    head.writeUInt32BE(this.number, 0);
    head.writeUInt32BE(this.sent, 4);
    this.socket.send(Buffer.concat([head, patternAt(this.sent * 10_007, size)]), port, "127.0.0.1");
    this.sent += 1;
  }

  #take(datagram: Buffer): void {
    const number = datagram.readUInt32BE(4);
    if (datagram.readUInt32BE(0) !== this.number) this.fault.push("another client's datagram");
    if (this.answered.has(number)) this.fault.push(`datagram ${number} twice`);
    if (number >= this.sent || !isPattern(number * 10_007, datagram.subarray(headBytes))) this.fault.push(`datagram ${number} changed`);
    this.answered.add(number);
  }
}

async function startEcho(port = 0): Promise<Socket> {
  const socket = await bindUdp(port);
  socket.on("message", (datagram, from) => socket.send(datagram, from.port, from.address));
  return socket;
}

async function close(socket: Socket): Promise<void> {
  const closed = eventOf(socket, "close");
  socket.close();
  await closed;
}

/** Runs a scenario against real sockets, and checks what must hold whatever happened. */
export async function runDatagrams(scenario: DatagramScenario): Promise<void> {
  const before = activeResources();
  const balance: Balance = { subscriptions: 0, plugins: 0 };
  let echo = await startEcho();
  const { port: echoPort } = echo.address();
  const configOf = (plugins: readonly ChaosPlugin[], sessions: ChaosApply["sessions"], refused = false): SluiceConfig => {
    const refusing: ChaosPlugin[] = refused ? [{ kind: "setup", at: 0 }] : [];
    const uses = [...plugins, ...refusing].map((plugin) => chaosUse(plugin, balance));
    const reload = { sessions, deadline: "20ms" };
    const u = { listen: "udp://127.0.0.1:0", upstream: `127.0.0.1:${echoPort}`, plugins: [...uses, probeUse(balance)], reload };
    return { limits: { swapTimeout: "100ms" }, listeners: { u } };
  };
  const started = await startProxy(configOf(scenario.plugins, "swap"));
  const clients = await Promise.all(scenario.clients.map(async (_, at) => new Client(await bindUdp(), at)));
  const breakDown = async (ms: number): Promise<void> => {
    await pause(ms);
    await close(echo);
    await pause(5);
    echo = await startEcho(echoPort);
  };
  try {
    const sending = clients.map((client, at) => client.run(scenario.clients[at] ?? [], started.port()));
    const { outage } = scenario;
    await Promise.all([...sending, applyAll(scenario, started, configOf), outage === undefined ? undefined : breakDown(outage)]);
    if (isGentle(scenario.plugins, scenario.applies)) await checkAnswers(clients, outage, started.port());
    await bounded(started.proxy.close(), "the proxy's close", patienceMs);
    expect(clients.flatMap(({ fault }) => fault)).to.deep.equal([]);
    const opened = started.all("session-started").map(({ session }) => session.id);
    const ended = started.all("session-ended").map(({ record }) => record.session);
    expect(
      ended.toSorted((a, b) => a - b),
      "one end record per flow",
    ).to.deep.equal(opened.toSorted((a, b) => a - b));
  } finally {
    await started.proxy.close();
    await Promise.all([echo, ...clients.map(({ socket }) => socket)].map((socket) => close(socket)));
  }
  expect(balance, "left of the plugins").to.deep.equal({ subscriptions: 0, plugins: 0 });
  await eventually(() => expect(resourcesBeyond(before), "left of the sockets and timers").to.deep.equal({}), { within: patienceMs });
}

/** Without an outage every datagram is answered; after one the flows answer again. */
async function checkAnswers(clients: readonly Client[], outage: number | undefined, port: number): Promise<void> {
  if (outage === undefined) {
    await eventually(() => expect(clients.map(({ answered }) => answered.size)).to.deep.equal(clients.map(({ sent }) => sent)), {
      within: patienceMs,
    });
    return;
  }
  await Promise.all(
    clients.map(async (client) => {
      const before = client.sent;
      await eventually(
        () => {
          client.send(port, 10);
          expect(Math.max(...client.answered), "an answer after the outage").to.be.at.least(before);
        },
        { within: patienceMs },
      );
    }),
  );
}

async function applyAll(
  { applies }: DatagramScenario,
  { proxy }: TestProxy,
  configOf: (plugins: readonly ChaosPlugin[], sessions: ChaosApply["sessions"], refused?: boolean) => SluiceConfig,
): Promise<void> {
  for (const { ms, plugins, sessions, refused } of applies) {
    await pause(ms);
    await proxy
      .apply(configOf(plugins, sessions, refused))
      .catch((error: unknown) => expect(error).to.have.property("code", "SLUICE_PLUGIN_SETUP"));
  }
}
