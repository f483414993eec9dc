import { expect } from "chai";
import type { Socket } from "node:net";
import { EMPTY } from "rxjs";
import { definePlugin, type Proxy } from "sluice";
import { each } from "sluice/flow";
import { echo } from "sluice/plugins";
import { z } from "zod";
import { createCleanup } from "../support/cleanup.ts";
import { connect, readBytes } from "../support/sockets.ts";
import { startAdmin, type AdminApi } from "../support/with-admin.ts";

const mark = definePlugin(
  "mark",
  ({ text, nested }) => {
    let sessions = 0;
    return {
      setup: () => {
        if (text === "!") throw new Error("no exclamation");
      },
      fromClient: (data) => {
        sessions += 1;
        return data.pipe(each((chunk) => Buffer.concat([Buffer.from(`${text}${nested?.more ?? ""}`), chunk])));
      },
    };
  },
  z.object({
    text: z.string().default("A"),
    password: z.string().optional(),
    nested: z.object({ more: z.string(), rest: z.string().optional() }).optional(),
  }),
);

interface View {
  readonly enabled: boolean;
  readonly overridden: boolean;
  readonly options: Record<string, unknown>;
  readonly generation: number | undefined;
}

const path = "listeners/echo/plugins/mark";

describe("an override", () => {
  const cleanup = createCleanup();
  let proxy: Proxy;
  let api: AdminApi;
  let open: Socket;

  const says = async (answer: string, socket = open): Promise<void> => {
    socket.write("x");
    expect(String(await readBytes(socket, answer.length))).to.equal(answer);
  };
  const listeners = (options: Parameters<typeof mark>[0] = {}) => ({
    echo: { listen: "tcp://127.0.0.1:0", plugins: [mark(options), echo()] },
  });
  const overrides = async (): Promise<unknown> => (await api.get<{ overrides: unknown }>("status")).overrides;

  beforeEach(async () => {
    const started = await startAdmin({ listeners: listeners() });
    ({ proxy, api } = started);
    cleanup.add(() => proxy.close());
    open = await connect(started.port());
    cleanup.add(() => void open.destroy());
    await says("Ax");
  });
  afterEach(() => cleanup.run());

  it("switches a plugin off and on again on an open connection, as a new generation", async () => {
    const off = await api.call<View>("PATCH", path, { json: { enabled: false } });
    expect([off.status, off.headers.etag, off.value.enabled, off.value.overridden]).to.deep.equal([200, '"g2"', false, true]);
    await says("x");
    expect(await overrides()).to.deep.equal([{ listener: "echo", plugin: "mark", enabled: false }]);
    const on = await api.call<View>("PATCH", path, { json: { enabled: true } });
    expect([on.headers.etag, on.value.enabled, on.value.overridden]).to.deep.equal(['"g3"', true, false]);
    await says("Ax");
    expect(await overrides()).to.deep.equal([]);
  });

  it("changes options, merges them into the config's options, and removes an option with null", async () => {
    await proxy.apply({ listeners: listeners({ nested: { more: "m", rest: "r" } }), admin: { listen: "tcp://127.0.0.1:0" } });
    await says("Amx");
    expect((await api.call<View>("PATCH", path, { json: { options: { text: "B" } } })).value.options).to.deep.include({ text: "B" });
    await says("Bmx");
    await api.call("PATCH", path, { json: { options: { nested: { more: "n" } } } });
    await says("Bnx");
    expect(await overrides()).to.deep.equal([{ listener: "echo", plugin: "mark", options: { text: "B", nested: { more: "n" } } }]);
    await api.call("PATCH", path, { json: { options: { nested: { rest: "s" } } } });
    expect((await api.get<View>(path)).options).to.deep.equal({ text: "B", nested: { more: "n", rest: "s" } });
    await api.call("PATCH", path, { json: { options: { nested: null } } });
    await says("Bx");
  });

  it("is removed by DELETE", async () => {
    await api.call("PATCH", path, { json: { enabled: false, options: { text: "C" } } });
    await says("x");
    const back = await api.call("DELETE", "overrides/echo/mark");
    expect([back.status, back.headers.etag]).to.deep.equal([200, '"g3"']);
    await says("Ax");
    const gone = await api.call("DELETE", "overrides/echo/mark");
    expect([gone.status, gone.body.includes("there is no override of echo/mark (any more): there are none")]).to.deep.equal([404, true]);
    const restored = await api.call("POST", "generations/4711/restore");
    expect([restored.status, restored.body.includes("generation 4711 is not kept: there are 3, 2, 1")]).to.deep.equal([404, true]);
  });

  it("stays over saves while the plugin use exists, and disappears with the use", async () => {
    const admin = { listen: "tcp://127.0.0.1:0" };
    await api.call("PATCH", path, { json: { enabled: false } });
    const events: unknown[] = [];
    proxy.lifecycle.subscribe((event) => event.type === "reloaded" && events.push([event.generation, event.origin, event.overrides]));
    await proxy.apply({ listeners: listeners({ text: "Z" }), admin });
    await says("x");
    expect(events).to.deep.equal([[3, "config", 1]]);
    await proxy.apply({ listeners: { echo: { listen: "tcp://127.0.0.1:0", plugins: [mark({ name: "other" }), echo()] } }, admin });
    await says("Ax");
    expect(await overrides()).to.deep.equal([]);
    await proxy.apply({ listeners: listeners({ text: "Z" }), admin });
    await says("Zx");
  });

  it("shows which instances are new, and which have inherited the state of their predecessor", async () => {
    const keeping = definePlugin("keeping", () => ({ inherit: () => undefined }));
    const plain = definePlugin("plain", () => ({}));
    const started = await startAdmin({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [keeping(), plain(), echo()] } } });
    cleanup.add(() => started.proxy.close());
    const inherited = async (): Promise<unknown[]> => {
      const { plugins } = await started.api.get<{ plugins: { name: string; generation?: number; inherited: boolean }[] }>("listeners/web");
      return plugins.slice(0, 2).map(({ generation, inherited: has }) => [generation, has]);
    };
    expect(await inherited()).to.deep.equal([
      [1, false],
      [1, false],
    ]);
    await started.api.call("PATCH", "listeners/web/plugins/plain", { json: { enabled: false } });
    expect(await inherited()).to.deep.equal([
      [2, true],
      [undefined, false],
    ]);
  });

  it("can also switch on a plugin that the config disables", async () => {
    await proxy.apply({ listeners: listeners({ enabled: false }), admin: { listen: "tcp://127.0.0.1:0" } });
    await says("x");
    expect((await api.get<View>(path)).enabled).to.equal(false);
    await api.call("PATCH", path, { json: { enabled: true } });
    await says("Ax");
  });

  it("is refused like a save: 409 with the message, and nothing changes", async () => {
    const refused: string[] = [];
    proxy.lifecycle.subscribe((event) => event.type === "refused" && refused.push(event.error.message));
    const bad: [object, string][] = [
      [{ options: { text: 1 } }, "text: expected"],
      [{ options: { txt: "a" } }, "txt: unknown option, did you mean"],
      [{ options: { text: "!" } }, "no exclamation"],
    ];
    for (const [json, message] of bad) {
      const { status, body } = await api.call("PATCH", path, { json });
      expect([status, body.includes(message)], body).to.deep.equal([409, true]);
    }
    await says("Ax");
    expect(refused).to.have.lengthOf(3);
    expect(await overrides()).to.deep.equal([]);
    expect((await api.get<{ generation: number }>("status")).generation).to.equal(1);
  });

  it("is refused for an option that the config does not give, if the plugin has no schema", async () => {
    const admin = { listen: "tcp://127.0.0.1:0" };
    const loose = definePlugin("loose", ({ text }: { readonly text?: string }) => ({
      admit: (arrival) => (text === "" ? EMPTY : arrival),
    }));
    await proxy.apply({ listeners: { echo: { listen: "tcp://127.0.0.1:0", plugins: [loose({ text: "a" }), echo()] } }, admin });
    const loosely = (options: object) => api.call("PATCH", "listeners/echo/plugins/loose", { json: { options } });
    const { status, body } = await loosely({ other: 1 });
    expect([status, body.includes("loose.other: unknown option, expected one of text")], body).to.deep.equal([409, true]);
    expect((await loosely({ text: "b" })).status).to.equal(200);
  });

  it("is refused for a key __proto__, which would be lost or become a prototype", async () => {
    for (const text of ['{"__proto__":{"text":"B"}}', '{"nested":{"__proto__":{"more":"B"}}}']) {
      const { status, body } = await api.call("PATCH", path, { json: { options: JSON.parse(text) as object } });
      expect([status, body.includes('\\"__proto__\\" is the name of no option')], body).to.deep.equal([400, true]);
    }
    expect(await overrides()).to.deep.equal([]);
    await says("Ax");
  });

  it("honours If-Match: 412 when the generation is a different one, and then nothing changes", async () => {
    const { headers } = await api.call("GET", path);
    expect(headers.etag).to.equal('"g1"');
    for (const match of ['"g2"', 'W/"g1"', "g1", '"g0", "g7"']) {
      const { status, body } = await api.call("PATCH", path, { json: { enabled: false }, headers: { "if-match": match } });
      expect([match, status, body.includes("SLUICE_ADMIN_STALE")]).to.deep.equal([match, 412, true]);
    }
    await says("Ax");
    expect((await api.call("PATCH", path, { json: { enabled: false }, headers: { "if-match": '"g9", "g1"' } })).status).to.equal(200);
    expect((await api.call("DELETE", "overrides/echo/mark", { headers: { "if-match": '"g1"' } })).status).to.equal(412);
    expect((await api.call("DELETE", "overrides/echo/mark", { headers: { "if-match": "*" } })).status).to.equal(200);
  });

  it("is accepted once when two come at the same time with the same If-Match", async () => {
    const both = await Promise.all(
      [false, false].map((enabled) => api.call("PATCH", path, { json: { enabled }, headers: { "if-match": '"g1"' } })),
    );
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).to.deep.equal([200, 412]);
  });

  it("never answers 304, and never shows a secret", async () => {
    await proxy.apply({ listeners: listeners({ password: "hunter2" }), admin: { listen: "tcp://127.0.0.1:0", token: "another-secret" } });
    api = Object.assign(Object.create(Object.getPrototypeOf(api) as object) as AdminApi, api, { token: "another-secret" });
    for (const what of ["status", "listeners", "listeners/echo", path, "config", "generations", "overrides", "upstreams"]) {
      const first = await api.call("GET", what);
      const again = await api.call("GET", what, { headers: { "if-none-match": first.headers.etag ?? "" } });
      expect([what, first.status, first.headers.etag, again.status]).to.deep.equal([what, 200, '"g2"', 200]);
      expect(first.body).to.not.match(/hunter2|another-secret/);
    }
  });

  it("can be undone: an earlier generation is restored as a new one", async () => {
    await api.call("PATCH", path, { json: { options: { text: "B" } } });
    await says("Bx");
    const { generations } = await api.get<{ generations: { generation: number; origin: string; current: boolean; sessions: number }[] }>(
      "generations",
    );
    expect(generations.map(({ generation, origin, current, sessions }) => [generation, origin, current, sessions])).to.deep.equal([
      [2, "override", true, 1],
      [1, "config", false, 0],
    ]);
    expect((await api.call("POST", "generations/1/restore", { json: {} })).headers.etag).to.equal('"g3"');
    await says("Ax");
    expect(await overrides()).to.deep.equal([]);
    expect((await api.call("POST", "generations/99/restore", { json: {} })).status).to.equal(404);
  });

  it("works without a config file to follow, where plan and reload are a conflict", async () => {
    for (const what of ["plan", "reload"]) expect((await api.call("POST", what, { json: {} })).status).to.equal(409);
  });
});
