import { expect } from "chai";
import { asyncScheduler } from "rxjs";
import { CLOCK, createProxy, type PluginUse, type Proxy, type Provider } from "sluice";
import { echo, rateLimit } from "sluice/plugins";
import { createLogger } from "../../core/runtime/log/logger.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { exchangeOnce } from "../support/exchange.ts";
import { bindUdp } from "../support/with-echo-server.ts";

const logger = createLogger({ level: "silent" });

/** A clock that a test moves; what it says does not hang on how busy the machine is. */
class TestClock {
  #now = 1_700_000_000_000;
  readonly provider: Provider;

  constructor() {
    const useValue = Object.assign(Object.create(asyncScheduler) as object, { now: () => this.#now });
    this.provider = { token: CLOCK, useValue };
  }

  forward(milliseconds: number): void {
    this.#now += milliseconds;
  }
}

describe("rateLimit, over real sockets,", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  async function start(transport: "tcp" | "udp", use: PluginUse, providers: readonly Provider[]): Promise<{ proxy: Proxy; port: number }> {
    const config = { providers, listeners: { web: { listen: `${transport}://127.0.0.1:0`, plugins: [use, echo()] } } };
    const proxy = cleanup.keep(await createProxy(config, { logger }));
    return { proxy, port: proxy.listeners["web"]?.address.port ?? 0 };
  }

  const isIn = async (port: number): Promise<boolean> => (await exchangeOnce(port, "x").catch(() => "")) === "x";

  for (const [rate, burst] of [
    [10, 5],
    [100, 20],
    [1_000, 50],
  ] as const) {
    it(`admits rate * time + burst connections at ${rate} per second, and refuses the others`, async () => {
      const clock = new TestClock();
      const { port } = await start("tcp", rateLimit({ connections: { rate, burst } }), [clock.provider]);
      // Asks at one and a half times the rate, for so long that about 300 have asked.
      const step = 1_000 / rate / 1.5;
      let admitted = 0;
      for (let asked = 0; asked < 300; asked += 1) {
        if (await isIn(port)) admitted += 1;
        clock.forward(step);
      }
      const expected = Math.min(300, burst + (299 * step * rate) / 1_000);
      expect(admitted).to.be.closeTo(expected, 1);
    });
  }

  it("adds no tokens when the clock is set back, and no more than a burst when it is set far ahead", async () => {
    const clock = new TestClock();
    const { port } = await start("tcp", rateLimit({ connections: { rate: 10, burst: 3 } }), [clock.provider]);
    const admitted = async (): Promise<number> => {
      let count = 0;
      for (let asked = 0; asked < 10; asked += 1) if (await isIn(port)) count += 1;
      return count;
    };
    expect(await admitted()).to.equal(3);
    clock.forward(-3_600_000);
    expect(await admitted()).to.equal(0);
    clock.forward(7_200_000);
    expect(await admitted()).to.equal(3);
  });

  it("queues connections with over: delay, and loses none", async () => {
    const rate = 50;
    const count = 60;
    const { port } = await start("tcp", rateLimit({ connections: { rate, burst: 10 }, over: "delay" }), []);
    const started = performance.now();
    const answers = await Promise.all(Array.from({ length: count }, (_, at) => exchangeOnce(port, String(at).padStart(2, "0"))));
    const seconds = (performance.now() - started) / 1_000;
    expect(answers).to.deep.equal(Array.from({ length: count }, (_, at) => String(at).padStart(2, "0")));
    // A busy machine is slower, never faster: at most the tokens of the time that passed.
    expect(count).to.be.at.most(10 + rate * seconds * 1.1);
  });

  it("passes rate * time + burst datagrams, and drops the others", async () => {
    const clock = new TestClock();
    const { proxy, port } = await start("udp", rateLimit({ datagrams: { rate: 100, burst: 20 } }), [clock.provider]);
    const client = cleanup.keep(await bindUdp());
    const got: number[] = [];
    client.on("message", (datagram) => got.push(datagram.readUInt32BE(0)));
    const send = (number: number): void => {
      const datagram = Buffer.alloc(4);
      datagram.writeUInt32BE(number);
      client.send(datagram, port, "127.0.0.1");
    };
    const seen = (): number => [...proxy.sessions][0]?.fromClient.chunks ?? 0;
    for (let number = 0; number < 300; number += 1) {
      send(number);
      // The count of what arrived, dropped or not, tells when the clock may go on.
      await eventually(() => expect(seen()).to.equal(number + 1));
      clock.forward(5);
    }
    const expected = 20 + (299 * 5 * 100) / 1_000;
    await eventually(() => expect(got.length).to.be.closeTo(expected, 1));
    expect(got, "in order").to.deep.equal(got.toSorted((a, b) => a - b));
  });
});
