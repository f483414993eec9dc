import { expect } from "chai";
import { request, type IncomingMessage } from "node:http";
import { createProxy, SluiceError, type Proxy, type SluiceConfig } from "sluice";
import { echo } from "sluice/plugins";
import { createLogger } from "../../core/runtime/log/logger.ts";
import { eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { ask } from "../support/http-client.ts";
import { freePort } from "../support/sockets.ts";
import { Workers } from "../support/workers.ts";

const token = "a-token-of-the-test";

describe("A save that moves the admin server", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const at = (listen: string, others: object = {}): SluiceConfig => ({
    listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [echo()] }, ...others },
    admin: { listen, token },
  });

  async function start(listen: string): Promise<Proxy> {
    return cleanup.keep(await createProxy(at(listen), { logger: createLogger({ level: "silent" }) }));
  }

  const portOf = (proxy: Proxy): number => Number(new URL(proxy.adminUrl ?? "").port);
  const answersAt = (host: string, port: number): Promise<unknown> =>
    ask(port, { path: "/healthz", host }).then(
      ({ status }) => status,
      ({ code }: NodeJS.ErrnoException) => code,
    );

  /** A reader of the event stream, which has begun. */
  async function follow(port: number): Promise<IncomingMessage> {
    const headers = { authorization: `Bearer ${token}`, host: "localhost" };
    const outgoing = request({ host: "127.0.0.1", port, path: "/api/v1/events", headers });
    cleanup.add(() => void outgoing.destroy());
    outgoing.end();
    const [response] = (await eventOf(outgoing, "response")) as [IncomingMessage];
    expect(response.statusCode).to.equal(200);
    response.on("error", () => undefined).resume();
    return response;
  }

  it("to the very port that it got keeps it, with its event streams", async () => {
    const proxy = await start("tcp://127.0.0.1:0");
    const port = portOf(proxy);
    const events = await follow(port);
    for (const listen of [`tcp://127.0.0.1:${port}`, `tcp://localhost:${port}`]) {
      await proxy.apply(at(listen));
      expect(portOf(proxy)).to.equal(port);
      expect(await answersAt("127.0.0.1", port)).to.equal(200);
    }
    const told = eventOf(events, "data");
    await proxy.apply(at(`tcp://127.0.0.1:${port}`, { other: { listen: "tcp://127.0.0.1:0", plugins: [echo()] } }));
    await told;
    expect(events.destroyed).to.equal(false);
  });

  const moves: readonly (readonly [from: string, to: string])[] = [
    ["127.0.0.1", "0.0.0.0"],
    ["127.0.0.1", "[::]"],
    ["0.0.0.0", "[::]"],
  ];
  for (const [from, to] of moves) {
    it(`from ${from} to ${to} on its own port, and back, is applied`, async () => {
      const port = await freePort();
      const proxy = await start(`tcp://${from}:${port}`);
      const elsewhere = from === "127.0.0.1" ? "ECONNREFUSED" : 200;
      expect(await answersAt("127.0.0.2", port)).to.equal(elsewhere);
      await proxy.apply(at(`tcp://${to}:${port}`));
      expect(await answersAt("127.0.0.2", port)).to.equal(200);
      await proxy.apply(at(`tcp://${from}:${port}`));
      expect(await answersAt("127.0.0.1", port)).to.equal(200);
      expect(await answersAt("127.0.0.2", port)).to.equal(elsewhere);
    });
  }

  it("keeps a free port when only the host changes", async () => {
    const proxy = await start("tcp://127.0.0.1:0");
    const port = portOf(proxy);
    await proxy.apply(at("tcp://0.0.0.0:0"));
    expect(portOf(proxy)).to.equal(port);
    expect(await answersAt("127.0.0.2", port)).to.equal(200);
  });

  it("to an overlapping address, and is refused, leaves it and its event streams as they were", async () => {
    const port = await freePort();
    const proxy = await start(`tcp://127.0.0.1:${port}`);
    const events = await follow(port);
    for (let round = 0; round < 12; round += 1) {
      const refused = at(`tcp://0.0.0.0:${port}`, { far: { listen: "tcp://192.0.2.1:1", plugins: [echo()] } });
      const error: unknown = await proxy.apply(refused).catch((thrown: unknown) => thrown);
      expect(SluiceError.is(error) && error.code, String(error)).to.equal("SLUICE_ADDRESS_UNAVAILABLE");
      expect(await answersAt("127.0.0.1", port)).to.equal(200);
      expect(await answersAt("127.0.0.2", port)).to.equal("ECONNREFUSED");
    }
    const told = eventOf(events, "data");
    await proxy.apply(at(`tcp://127.0.0.1:${port}`, { other: { listen: "tcp://127.0.0.1:0", plugins: [echo()] } }));
    await told;
  });

  describe("and a listener at the same time", () => {
    const config = (admin: number | undefined, web: number | undefined, others: object = {}, host = "127.0.0.1"): SluiceConfig => ({
      listeners: {
        ...(web === undefined ? {} : { admin: { listen: `tcp://${host}:${web}`, plugins: [echo()] } }),
        kept: { listen: "tcp://127.0.0.1:0", plugins: [echo()] },
        ...others,
      },
      admin: admin === undefined ? false : { listen: `tcp://127.0.0.1:${admin}`, token },
    });
    /** Who answers at an address. */
    const servedBy = async (port: number): Promise<string> => {
      const answer = await answersAt("127.0.0.1", port);
      if (typeof answer === "string") return answer === "ECONNREFUSED" ? "nobody" : "echo";
      return answer === 200 ? "admin" : "echo";
    };
    let ports: readonly [number, number];
    let proxy: Proxy;
    const who = (): Promise<readonly string[]> => Promise.all(ports.map(servedBy));

    beforeEach(async () => {
      ports = [await freePort(), await freePort()];
      // The listener has the name of what it exchanges addresses with.
      proxy = await createProxy(config(...ports), { logger: createLogger({ level: "silent" }) });
      cleanup.add(() => proxy.close());
      expect(await who()).to.deep.equal(["admin", "echo"]);
    });

    it("exchanges their addresses, there and back", async () => {
      const events = await follow(ports[0]);
      for (const expected of [
        ["echo", "admin"],
        ["admin", "echo"],
      ]) {
        await proxy.apply(expected[0] === "admin" ? config(...ports) : config(ports[1], ports[0]));
        expect(await who()).to.deep.equal(expected);
      }
      expect(events.statusCode).to.equal(200);
    });

    it("gives the address of one to the other, which leaves or moves", async () => {
      const third = await freePort();
      const steps: readonly (readonly [SluiceConfig, readonly string[]])[] = [
        [config(third, ports[0]), ["echo", "nobody"]],
        [config(ports[0], ports[1]), ["admin", "echo"]],
        [config(ports[1], third), ["nobody", "admin"]],
        [config(undefined, ports[1]), ["nobody", "echo"]],
        [config(ports[1], undefined), ["nobody", "admin"]],
        [config(ports[0], ports[1], {}, "0.0.0.0"), ["admin", "echo"]],
        [config(ports[1], ports[0], {}, "0.0.0.0"), ["echo", "admin"]],
      ];
      for (const [step, [next, expected]] of steps.entries()) {
        await proxy.apply(next);
        expect(await who(), `step ${step}`).to.deep.equal(expected);
      }
    });

    it("and is refused, leaves both where they were", async () => {
      const events = await follow(ports[0]);
      for (let round = 0; round < 12; round += 1) {
        const refused = config(ports[1], ports[0], { far: { listen: "tcp://192.0.2.1:1", plugins: [echo()] } });
        const error: unknown = await proxy.apply(refused).catch((thrown: unknown) => thrown);
        expect(SluiceError.is(error) && error.code, String(error)).to.equal("SLUICE_ADDRESS_UNAVAILABLE");
        expect(await who()).to.deep.equal(["admin", "echo"]);
      }
      const told = eventOf(events, "data");
      await proxy.apply(config(...ports, { other: { listen: "tcp://127.0.0.1:0", plugins: [echo()] } }));
      await told;
    });
  });

  for (const [how, options] of [
    ["with workers", "workers: 2,"],
    ["on trial", `reload: { trial: { for: "1s" } },`],
  ] as const)
    it(`to an overlapping address, ${how}, is applied`, async function () {
      this.timeout(40_000);
      const port = await freePort();
      const text = (host: string, plugins: string): string => `
        import { defineConfig } from "sluice";
        import { echo, logging } from "sluice/plugins";
        export default defineConfig({
          ${options}
          admin: { listen: "tcp://${host}:${port}", token: "${token}" },
          listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [${plugins}] } },
        });`;
      const { folder, cli } = await Workers.start(cleanup, text("127.0.0.1", "echo()"));
      for (const [host, expected] of [
        ["0.0.0.0", 200],
        ["127.0.0.1", "ECONNREFUSED"],
      ] as const) {
        folder.write("proxy.config.ts", text(host, host === "0.0.0.0" ? "logging(), echo()" : "echo()"));
        await cli.line(/^reloaded generation \d+/);
        expect([await answersAt("127.0.0.1", port), await answersAt("127.0.0.2", port)]).to.deep.equal([200, expected]);
      }
    });

  for (const [how, options] of [
    ["with workers", "workers: 2,"],
    ["on trial", `reload: { trial: { for: "1s" } },`],
  ] as const)
    it(`to the address of a listener, which gets that of the admin server, ${how}, is applied`, async function () {
      this.timeout(40_000);
      const ports = [await freePort(), await freePort()] as const;
      const text = (admin: number, web: number, plugins: string): string => `
        import { defineConfig } from "sluice";
        import { echo, logging } from "sluice/plugins";
        export default defineConfig({
          ${options}
          admin: { listen: "tcp://127.0.0.1:${admin}", token: "${token}" },
          listeners: {
            web: { listen: "tcp://127.0.0.1:${web}", plugins: [echo()] },
            kept: { listen: "tcp://127.0.0.1:0", plugins: [${plugins}] },
          },
        });`;
      const { folder, cli } = await Workers.start(cleanup, text(...ports, "echo()"));
      for (const [admin, web, plugins] of [
        [ports[1], ports[0], "logging(), echo()"],
        [ports[0], ports[1], "echo()"],
      ] as const) {
        folder.write("proxy.config.ts", text(admin, web, plugins));
        await cli.line(/^reloaded generation \d+/);
        expect([await answersAt("127.0.0.1", admin), typeof (await answersAt("127.0.0.1", web))]).to.deep.equal([200, "string"]);
      }
    });
});
