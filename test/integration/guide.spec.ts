import { expect } from "chai";
import { delay, endWith, startWith, tap, throwError } from "rxjs";
import { definePlugin, type FunctionPlugin, type PluginUse, type SluiceConfig } from "sluice";
import { delayBytes, each, throttleBytes } from "sluice/flow";
import { createCleanup } from "../support/cleanup.ts";
import { exchange, exchangeOnce } from "../support/exchange.ts";
import { startForward, type Forward } from "../support/forward.ts";
import { withLiveConfig } from "../support/live-config.ts";
import { filesUnder, readText } from "../support/repository.ts";
import { closeOf, connect, readAll, readBytes } from "../support/sockets.ts";
import { plugin } from "../support/with-proxy.ts";

/** The characters of a line of code that a page of the site shows at 1,280 pixels. */
const COLUMNS = 76;
const pages = ["docs/writing-a-plugin.md", "docs/codec.md", "docs/testing-a-plugin.md", "docs/use-as-a-library.md"];
/** The code without its line breaks: those of a page fit into its column, those of a source file into its lines. */
const flat = (code: string): string => code.replaceAll(/\s+/g, "").replaceAll(/,(?=[)\]}]|$)/g, "");

describe("The guides to writing and to testing a plugin", () => {
  const sources = [...filesUnder("docs/examples", ".ts"), ...filesUnder("test", ".spec.ts")].map((file) => flat(readText(file)));
  for (const page of pages)
    it(`show code that stands in an example or a test, word for word, in lines that fit its column: ${page}`, () => {
      const blocks = [...readText(page).matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = ""]) => code);
      expect(blocks).to.have.lengthOf.at.least(1);
      expect(blocks.filter((block) => !sources.some((source) => source.includes(flat(block))))).to.deep.equal([]);
      expect(
        blocks
          .join("")
          .split("\n")
          .filter(({ length }) => length > COLUMNS),
      ).to.deep.equal([]);
    });
});

describe("A plugin, as the guide describes it,", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const forward = (plugins: readonly PluginUse[]): Promise<Forward> => startForward(cleanup, "echo", { plugins });

  it("has a position: the first of a list is nearest the client, in both directions", async () => {
    const mark = (sign: string): PluginUse =>
      plugin(`mark-${sign}`, {
        fromClient: (data) => data.pipe(each((chunk) => Buffer.concat([chunk, Buffer.from(sign)]))),
        fromUpstream: (data) => data.pipe(each((chunk) => Buffer.concat([chunk, Buffer.from(sign.toUpperCase())]))),
      });
    const { port } = await forward([mark("a"), mark("b")]);
    expect(await exchangeOnce(port(), "-", 5)).to.equal("-abBA");
  });

  it("has its byte hook called once per session and direction, and again when a reload swaps it", async () => {
    let calls = 0;
    const counted = (): PluginUse => plugin("counted", { fromClient: (data) => ((calls += 1), data) });
    const { port, proxy, config } = await forward([counted()]);
    const socket = cleanup.keep(await connect(port()));
    await exchange(socket, "1");
    await exchange(socket, "2");
    expect(calls).to.equal(1);
    await proxy.apply(config([counted()]));
    await exchange(socket, "3");
    expect(calls).to.equal(2);
  });

  it("has its hook's data completed at a swap too, so that an epilogue is written then", async () => {
    const polite = plugin("polite", { fromUpstream: (data) => data.pipe(endWith(Buffer.from("bye"))) });
    const { port, proxy, config } = await forward([polite]);
    const socket = cleanup.keep(await connect(port()));
    await exchange(socket, "1");
    await proxy.apply(config([]));
    expect(await exchange(socket, "2", 4)).to.equal("bye2");
  });

  it("keeps a session's notes over a swap, unlike a closure", async () => {
    const numbered = (): PluginUse =>
      plugin("numbered", {
        fromClient: (data, session) =>
          data.pipe(
            each((chunk) => {
              const count = Number(session.notes.get("numbered") ?? 0) + 1;
              session.notes.set("numbered", count);
              return Buffer.concat([chunk, Buffer.from(String(count))]);
            }),
          ),
      });
    const { port, proxy, config } = await forward([numbered()]);
    const socket = cleanup.keep(await connect(port()));
    expect(await exchange(socket, "-", 2)).to.equal("-1");
    await proxy.apply(config([numbered()]));
    expect(await exchange(socket, "-", 2)).to.equal("-2");
  });

  const fragile = definePlugin("fragile", () => ({
    fromClient: (data) =>
      data.pipe(
        each((chunk) => {
          if (chunk.includes("!")) throw new Error("too loud");
          return Buffer.from(chunk.toString().toUpperCase());
        }),
      ),
  }));

  it("that fails ends the session with onError close, and is named", async () => {
    const { port, ended, event } = await forward([fragile()]);
    const socket = await connect(port());
    expect(await exchange(socket, "a")).to.equal("A");
    socket.write("!");
    expect(await closeOf(socket)).to.equal("ECONNRESET");
    expect((await ended()).reason).to.equal("SLUICE_PLUGIN_FAILED");
    expect((await event("plugin-fault")).plugin).to.equal("fragile");
  });

  it("is bypassed for the chunk that threw and all later ones with onError bypass", async () => {
    const { port, event } = await forward([fragile({ onError: "bypass" })]);
    const socket = cleanup.keep(await connect(port()));
    expect(await exchange(socket, "a")).to.equal("A");
    expect(await exchange(socket, "b!")).to.equal("b!");
    expect(await exchange(socket, "c")).to.equal("c");
    expect((await event("plugin-fault")).plugin).to.equal("fragile");
  });

  for (const [name, pace] of Object.entries({ throttleBytes: throttleBytes(() => 20), delayBytes: delayBytes(20) })) {
    it(`does not stop the session after a bypass when ${name} held chunks`, async () => {
      const hook: FunctionPlugin["fromClient"] = (data) =>
        data.pipe(
          pace,
          tap((chunk) => {
            if (chunk.includes("!")) throw new Error("too loud");
          }),
        );
      const { port } = await forward([plugin("paced", { fromClient: hook }, { onError: "bypass" })]);
      const socket = cleanup.keep(await connect(port()));
      const text = `a!${"x".repeat(300_000)}`;
      expect(await exchange(socket, text)).to.equal(text);
      expect(await exchange(socket, "on")).to.equal("on");
    });
  }

  it("lets a session in when an admit hook throws with onError bypass, and not with close", async () => {
    const broken = (onError: "close" | "bypass"): PluginUse =>
      plugin("broken", { admit: () => throwError(() => new Error("no list")) }, { onError });
    const open = await forward([broken("bypass")]);
    expect(await exchangeOnce(open.port(), "in")).to.equal("in");
    const shut = await forward([broken("close")]);
    expect(await readAll(await connect(shut.port()))).to.have.lengthOf(0);
    expect((await shut.ended()).reason).to.equal("SLUICE_PLUGIN_FAILED");
  });

  it("with a raw asynchronous operator is named in one warning, and loses nothing", async () => {
    const { port, event } = await forward([plugin("raw-delay", { fromClient: (data) => data.pipe(delay(5)) })]);
    const socket = await connect(port());
    socket.end("all of it");
    expect(String(await readAll(socket))).to.equal("all of it");
    expect((await event("warning")).message).to.include("raw-delay");
  });

  it("may send a session elsewhere until the first attempt is made, and not after it", async () => {
    const elsewhere = await forward([plugin("mark", { fromClient: (data) => data.pipe(each(() => Buffer.from("elsewhere"))) })]);
    const to = `127.0.0.1:${elsewhere.port()}`;
    const before = plugin("before", { connect: (attempt, session) => (session.retarget(to), attempt) });
    const early = await forward([before]);
    expect(await exchangeOnce(early.port(), "here?", 9)).to.equal("elsewhere");
    const after = plugin("after", { connect: (attempt, session) => attempt.pipe(tap(() => session.retarget(to))) });
    const late = await forward([after]);
    expect(await exchangeOnce(late.port(), "here?")).to.equal("here?");
  });

  it("is built again when providers changed, as the plan says, and stays if their values are equal", async () => {
    const { port, proxy, config } = await startForward(cleanup, "echo", { providers: [{ token: "place", useValue: { name: "here" } }] });
    const held = cleanup.keep(await connect(port()));
    await exchange(held, "-");
    const given = (place: unknown): SluiceConfig => ({ ...config([]), providers: [{ token: "place", useValue: place }] });
    const actions = (place: unknown): string[] => proxy.plan(given(place)).steps.map(({ action }) => action);
    expect(actions({ name: "here" })).to.deep.equal(["keep"]);
    expect(actions({ name: "there" })).to.deep.equal(["swap"]);
    expect(actions(() => "made again")).to.deep.equal(["swap"]);
    await proxy.apply(given({ name: "here" }));
    expect([...proxy.sessions].map(({ generation }) => generation)).to.deep.equal([1]);
    await proxy.apply(given({ name: "there" }));
    expect([...proxy.sessions].map(({ generation }) => generation)).to.deep.equal([3]);
  });

  it("may send the first bytes", async () => {
    const { port } = await forward([plugin("banner", { fromUpstream: (data) => data.pipe(startWith(Buffer.from("220 hello\r\n"))) })]);
    const socket = cleanup.keep(await connect(port()));
    expect(String(await readBytes(socket, 11))).to.equal("220 hello\r\n");
  });
});

describe("A user's plugin in a config that is saved", () => {
  const config = (bytes: number): string => `
    import { defineConfig } from "sluice";
    import { echo } from "sluice/plugins";
    import { quota } from "./quota.ts";
    export default defineConfig({
      listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [quota({ bytes: ${bytes} }), echo()] } },
    });`;

  it("inherits from an instance of the class of before the save", async () => {
    const source = readText("docs/examples/quota.ts");
    await withLiveConfig({ "proxy.config.ts": config(5), "quota.ts": source }, async ({ port, outcomeOf, write }) => {
      expect(await exchangeOnce(port("web"), "four")).to.equal("four");
      const outcome = await outcomeOf(() => write("quota.ts", `${source}\n// saved\n`));
      expect(outcome.type).to.equal("reloaded");
      const socket = await connect(port("web"));
      socket.write("more");
      expect(await closeOf(socket)).to.equal("ECONNRESET");
    });
  });

  const onFreePorts = (text: string): string => text.replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:0");
  const folder = "docs/examples";

  for (const file of filesUnder(folder, ".config.ts")) {
    it(`${file} starts`, async () => {
      const files = Object.fromEntries(filesUnder(folder, ".ts").map((name) => [name.slice(folder.length + 1), readText(name)]));
      await withLiveConfig({ ...files, "proxy.config.ts": onFreePorts(readText(file)) }, async ({ proxy }) => {
        expect(Object.keys(proxy.listeners)).to.not.deep.equal([]);
      });
    });
  }
});
