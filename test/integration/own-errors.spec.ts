import { expect } from "chai";
import { createProxy, defineErrors, type FunctionPlugin, type SluiceError } from "sluice";
import { each } from "sluice/flow";
import { http, logging, retry } from "sluice/plugins";
import { throwError } from "rxjs";
import { createCleanup } from "../support/cleanup.ts";
import { exchange } from "../support/exchange.ts";
import { startForward } from "../support/forward.ts";
import { recordLog } from "../support/recorded-log.ts";
import { connect } from "../support/sockets.ts";
import { plugin } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

const errors = defineErrors("guard", {
  NO: { text: "no entry for {who}", remedy: "ask for a key", status: 418 },
  BROKEN: { text: "the guard is broken", remedy: "repair the guard", source: "plugin" },
  BUSY: { text: "all are busy", remedy: "come again", source: "upstream", retryable: true },
});
const no = (): never => {
  throw errors.NO({ who: "you" });
};
const broken = (): never => {
  throw errors.BROKEN();
};
const hooksThat = (fail: () => never): Readonly<Record<string, FunctionPlugin>> => ({
  admit: { admit: fail },
  connect: { connect: fail },
  fromClient: { fromClient: fail },
  "each of fromClient": { fromClient: (data) => data.pipe(each(fail)) },
  "fromUpstream, later": { fromUpstream: (data) => data.pipe(each(async () => Promise.resolve().then(fail))) },
});

describe("errors of a plugin's own [data path]", () => {
  for (const [hook, hooks] of Object.entries(hooksThat(no)))
    it(`thrown in ${hook} end the session with their code, with any onError`, async () => {
      for (const onError of ["close", "bypass"] as const) {
        const { port, ended, all } = await startForward(cleanup, "echo", { plugins: [plugin("guard", hooks, { onError })] });
        const client = await connect(port());
        client.on("error", () => undefined);
        client.write("x");
        expect((await ended()).reason).to.equal("GUARD_NO");
        expect(all("plugin-fault")).to.deep.equal([]);
        const error = all("session-ended")[0]?.error as SluiceError;
        expect(error.message).to.equal("no entry for you (GUARD_NO: ask for a key)");
      }
    });

  for (const [hook, hooks] of Object.entries(hooksThat(broken)))
    it(`thrown in ${hook} are faults if their source is the plugin: they are counted, and bypassed with onError bypass`, async () => {
      const closed = await startForward(cleanup, "echo", { plugins: [plugin("guard", hooks)] });
      const client = await connect(closed.port());
      client.on("error", () => undefined);
      client.write("x");
      expect((await closed.ended()).reason).to.equal("GUARD_BROKEN");
      const { plugin: named, error } = await closed.event("plugin-fault");
      expect([named, error.code]).to.deep.equal(["guard", "GUARD_BROKEN"]);
      expect(error.message).to.match(/own-errors\.spec.*GUARD_BROKEN: repair the guard/);
      const bypassed = await startForward(cleanup, "echo", { plugins: [plugin("guard", hooks, { onError: "bypass" })] });
      const other = cleanup.keep(await connect(bypassed.port()));
      expect(await exchange(other, "hi")).to.equal("hi");
      expect((await bypassed.event("plugin-fault")).error.code).to.equal("GUARD_BROKEN");
    });

  it("are logged with their remedy", async () => {
    const log = recordLog();
    const proxy = await createProxy(
      {
        listeners: {
          web: { listen: "tcp://127.0.0.1:0", upstream: "127.0.0.1:9", plugins: [logging(), plugin("guard", { admit: no })] },
        },
      },
      { logger: log.logger },
    );
    cleanup.add(() => proxy.close());
    const ended = new Promise((resolve) => proxy.events.subscribe(({ type }) => type === "session-ended" && resolve(undefined)));
    const client = await connect(proxy.listeners["web"]?.address.port ?? 0);
    client.on("error", () => undefined);
    await ended;
    const [record] = log.of("session ended");
    expect([record?.["reason"], record?.["message"]]).to.deep.equal(["GUARD_NO", "no entry for you (GUARD_NO: ask for a key)"]);
  });

  it("answer an HTTP request with their status", async () => {
    const { port } = await startForward(cleanup, "echo", { plugins: [plugin("guard", { exchange: no }), http()] });
    const response = await fetch(`http://127.0.0.1:${port()}/`);
    expect(response.status).to.equal(418);
    expect(await response.text()).to.include("GUARD_NO");
    const busy = await startForward(cleanup, "echo", {
      plugins: [plugin("guard", { exchange: () => throwError(() => errors.BUSY()) }), http()],
    });
    expect((await fetch(`http://127.0.0.1:${busy.port()}/`)).status).to.equal(502);
  });

  it("cause another try if the options of retry() say so", async () => {
    let tries = 0;
    const flaky: FunctionPlugin = { connect: (attempt) => ((tries += 1) < 3 ? throwError(() => errors.BUSY()) : attempt) };
    const { port } = await startForward(cleanup, "echo", { plugins: [retry({ on: ["GUARD_BUSY"], delay: 0 }), plugin("flaky", flaky)] });
    const client = cleanup.keep(await connect(port()));
    expect(await exchange(client, "hi")).to.equal("hi");
  });

  it("thrown in setup() refuse the config, with their code", async () => {
    const setup = { setup: no, fromClient: (data: never) => data };
    const config = { listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: "127.0.0.1:9", plugins: [plugin("guard", setup)] } } };
    const refused = await createProxy(config).catch((error: unknown) => error);
    expect(refused).to.have.property("code", "GUARD_NO");
    expect(refused)
      .to.have.property("message")
      .that.matches(/no entry for you \(GUARD_NO: ask for a key\)$/);
  });
});
