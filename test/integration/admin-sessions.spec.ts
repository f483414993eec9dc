import { expect } from "chai";
import type { Socket } from "node:net";
import { definePlugin, type Proxy } from "sluice";
import { each } from "sluice/flow";
import { echo } from "sluice/plugins";
import { says } from "../support/exchange.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { connect, readAll, readBytes } from "../support/sockets.ts";
import { startAdmin, type AdminApi } from "../support/with-admin.ts";

const mark = definePlugin("mark", () => ({ fromClient: (data) => data.pipe(each((chunk) => Buffer.concat([Buffer.from("A"), chunk]))) }));

interface View {
  readonly id: number;
  readonly listener: string;
  readonly state: string;
  readonly reason?: string;
  readonly plugins: readonly string[];
  readonly held: readonly string[];
  readonly waiting: { readonly fromClient: number };
  readonly timeline: readonly { readonly at: number; readonly what: string; readonly reason?: string }[];
}

describe("sessions of the admin API", () => {
  const cleanup = createCleanup();
  let proxy: Proxy;
  let api: AdminApi;
  let port: (listener?: string) => number;

  const open = async (listener = "one"): Promise<Socket> => cleanup.keep(await connect(port(listener)));
  const list = async (query = ""): Promise<View[]> => (await api.get<{ sessions: View[] }>(`sessions${query}`)).sessions;

  beforeEach(async () => {
    const started = await startAdmin({
      listeners: {
        one: { listen: "tcp://127.0.0.1:0", plugins: [mark(), echo()] },
        two: { listen: "tcp://127.0.0.1:0", plugins: [echo()] },
      },
    });
    ({ proxy, api, port } = started);
    cleanup.add(() => proxy.close());
  });
  afterEach(() => cleanup.run());

  it("are listed, open and ended, the newest first, in pages", async () => {
    const first = await open();
    await says(first, "x", "Ax");
    await says(await open("two"), "yy", "yy");
    await says(await open(), "z", "Az");
    first.end();
    await eventually(async () => expect((await list("?filter=state:ended")).map(({ reason }) => reason)).to.deep.equal(["closed"]));
    const all = await list();
    expect(all.map(({ listener, state }) => `${listener} ${state}`)).to.deep.equal(["one open", "two open", "one ended"]);
    expect(all[2]).to.deep.include({
      plugins: ["mark", "echo"],
      fromClient: { bytes: 1, chunks: 1 },
      fromUpstream: { bytes: 2, chunks: 1 },
      bytes: 3,
    });
    const page = await api.get<{ sessions: View[]; next: number }>("sessions?limit=2");
    expect(page.sessions.map(({ id }) => id)).to.deep.equal([all[0]?.id, all[1]?.id]);
    const rest = await api.get<{ sessions: View[]; next?: number }>(`sessions?limit=2&after=${page.next}`);
    expect([rest.sessions.map(({ id }) => id), rest.next]).to.deep.equal([[all[2]?.id], undefined]);
  });

  it("are filtered by all keys at once, and an invalid filter is reported", async () => {
    await says(await open(), "x", "Ax");
    await says(await open("two"), "yyyy", "yyyy");
    const names = async (filter: string): Promise<string[]> =>
      (await list(`?filter=${encodeURIComponent(filter)}`)).map(({ listener }) => listener);
    expect(await names("listener:one")).to.deep.equal(["one"]);
    expect(await names("listener:*o*")).to.deep.equal(["two", "one"]);
    expect(await names("plugin:mark")).to.deep.equal(["one"]);
    expect(await names("client:127.0.0. state:open generation:1")).to.deep.equal(["two", "one"]);
    expect(await names("bytes>3")).to.deep.equal(["two"]);
    expect(await names("bytes<=3 generation>=1")).to.deep.equal(["one"]);
    expect(await names("bytes>1KiB")).to.deep.equal([]);
    expect(await names('upstream:"echo"')).to.deep.equal(["two", "one"]);
    expect(await names("state:ended")).to.deep.equal([]);
    for (const [filter, message] of [
      ["listner:one", "did you mean"],
      ["web", "expected key:value"],
      ["bytes>much", "expected a size"],
      ["state:gone", "expected open or ended"],
      ["client>1", "expected client:value"],
      ["listener:", "expected a value"],
    ] as const) {
      const { status, body } = await api.call("GET", `sessions?filter=${encodeURIComponent(filter)}`);
      expect([filter, status, body.includes(message)], body).to.deep.equal([filter, 400, true]);
    }
    for (const query of ["limit=0", "limit=x", "limit=1001", "filtr=a"])
      expect((await api.call("GET", `sessions?${query}`)).status, query).to.equal(400);
  });

  it("have a timeline from the beginning to the end, with swaps and faults", async () => {
    const socket = await open();
    await says(socket, "x", "Ax");
    await api.call("PATCH", "listeners/one/plugins/mark", { json: { enabled: false } });
    const id = (await list())[0]?.id ?? 0;
    const before = await api.get<View>(`sessions/${id}`);
    expect(before.timeline.map(({ what }) => what)).to.deep.equal([
      "accepted",
      "admitted",
      "connected",
      "first-byte-from-client",
      "first-byte-from-upstream",
      "swapped",
    ]);
    const rest = readAll(socket);
    expect((await api.call("DELETE", `sessions/${id}`)).status).to.equal(200);
    expect(String(await rest)).to.equal("");
    socket.end();
    await eventually(async () => expect((await api.get<View>(`sessions/${id}`)).state).to.equal("ended"));
    const after = await api.get<View>(`sessions/${id}`);
    expect(after.timeline.at(-1)).to.deep.include({ what: "ended", reason: "SLUICE_CLOSED" });
    const times = after.timeline.map(({ at }) => at);
    expect(times).to.deep.equal(times.toSorted((a, b) => a - b));
    expect((await api.call("DELETE", `sessions/${id}`)).status).to.equal(409);
    expect((await api.call("GET", "sessions/999999")).status).to.equal(404);
    expect((await api.call("GET", "sessions/x")).status).to.equal(400);
  });

  it("take a time of the address in milliseconds too, and no base64 that is not whole", async () => {
    const socket = await open();
    await says(socket, "x", "Ax");
    const id = (await list())[0]?.id ?? 0;
    expect(await api.get<View & { chunks: unknown[] }>(`sessions/${id}?watch=50`)).to.include.keys("chunks");
    expect((await api.call("GET", `sessions/${id}?watch=31000`)).status).to.equal(400);
    for (const base64 of ["Y", "YWJjZ", "Y=", "="])
      expect((await api.call("POST", `sessions/${id}/inject`, { json: { direction: "fromClient", base64 } })).status, base64).to.equal(400);
    for (const base64 of ["YQ", "YQ==", "YWI", "YWI=", "YWJj", "_-8"])
      expect((await api.call("POST", `sessions/${id}/inject`, { json: { direction: "fromClient", base64 } })).status, base64).to.equal(200);
  });

  it("can be held in one direction, receive injected bytes meanwhile, and are released in order", async () => {
    const socket = await open();
    await says(socket, "x", "Ax");
    const id = (await list())[0]?.id ?? 0;
    const direction = "fromClient";
    expect((await api.call("POST", `sessions/${id}/hold`, { json: { direction, for: "30s" } })).status).to.equal(200);
    socket.write("held");
    await eventually(async () => expect((await api.get<View>(`sessions/${id}`)).waiting.fromClient).to.equal(4));
    expect((await api.get<View>(`sessions/${id}`)).held).to.deep.equal([direction]);
    expect((await api.call("POST", `sessions/${id}/inject`, { json: { direction, text: "in" } })).status).to.equal(200);
    expect(String(await readBytes(socket, 3))).to.equal("Ain");
    expect((await api.call("POST", `sessions/${id}/inject`, { json: { direction: "fromUpstream", hex: "de ad" } })).status).to.equal(200);
    expect((await readBytes(socket, 2)).toString("hex")).to.equal("dead");
    expect((await api.call("POST", `sessions/${id}/release`, { json: { direction } })).value).to.deep.include({ released: true });
    expect(String(await readBytes(socket, 5))).to.equal("Aheld");
    await says(socket, "x", "Ax");
  });

  it("that are held are released automatically, also after a swap, and at their end", async () => {
    const socket = await open();
    await says(socket, "x", "Ax");
    const id = (await list())[0]?.id ?? 0;
    await api.call("POST", `sessions/${id}/hold`, { json: { direction: "fromClient", for: 50 } });
    await says(socket, "x", "Ax");
    await api.call("POST", `sessions/${id}/hold`, { json: { direction: "fromClient" } });
    socket.write("y");
    await api.call("PATCH", "listeners/one/plugins/mark", { json: { enabled: false } });
    await api.call("POST", `sessions/${id}/release`, { json: { direction: "fromClient" } });
    expect(String(await readBytes(socket, 1))).to.equal("y");
    for (const json of [{}, { direction: "both" }, { direction: "fromClient", for: "11m" }, { direction: "fromClient", for: "0s" }])
      expect((await api.call("POST", `sessions/${id}/hold`, { json })).status, JSON.stringify(json)).to.equal(400);
    for (const json of [{}, { text: "a", hex: "61" }, { hex: "6" }, { base64: "%%" }])
      expect(
        (await api.call("POST", `sessions/${id}/inject`, { json: { direction: "fromClient", ...json } })).status,
        JSON.stringify(json),
      ).to.equal(400);
  });
});
