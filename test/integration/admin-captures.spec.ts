import { expect } from "chai";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { definePlugin, type Proxy } from "sluice";
import { carry } from "sluice/flow";
import { echo } from "sluice/plugins";
import type { Socket } from "node:net";
import { says } from "../support/exchange.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { requireTool } from "../support/external-tool.ts";
import { temporaryFolder } from "../support/real-peer.ts";
import { connect } from "../support/sockets.ts";
import { follow } from "../support/tshark.ts";
import { startAdmin, type AdminApi } from "../support/with-admin.ts";

interface View {
  readonly name: string;
  readonly file: string;
  readonly state: string;
  readonly reason?: string;
  readonly message?: string;
  readonly packets: number;
  readonly bytes: number;
  readonly until?: number;
  readonly error?: { readonly code: string; readonly message: string };
}

describe("captures of the admin API", function () {
  this.timeout(30_000);
  const cleanup = createCleanup();
  let called = 0;
  const counted = definePlugin("counted", () => ({
    fromClient: (data) => {
      called += 1;
      let chunks = 0;
      return data.pipe(
        carry({
          start: () => 0,
          step: (_state, chunk: Buffer) => {
            chunks += 1;
            return Buffer.concat([Buffer.from(String(chunks)), chunk]);
          },
        }),
      );
    },
  }));
  let folder: string;
  let proxy: Proxy;
  let api: AdminApi;
  let port: (listener?: string) => number;

  beforeEach(async () => {
    called = 0;
    folder = join(temporaryFolder(cleanup), "captures");
    ({ proxy, api, port } = await startAdmin(
      {
        listeners: {
          web: { listen: "tcp://127.0.0.1:0", plugins: [counted(), echo()] },
          other: { listen: "tcp://127.0.0.1:0", plugins: [echo()] },
        },
      },
      { folder },
    ));
    cleanup.add(() => proxy.close());
  });
  afterEach(() => cleanup.run());

  const open = async (listener = "web"): Promise<Socket> => cleanup.keep(await connect(port(listener)));
  const begin = async (json: object): Promise<View> => {
    const { status, value, body } = await api.call<View>("POST", "captures", { json });
    expect(status, body).to.equal(200);
    return value;
  };
  const refused = async (json: object): Promise<{ status: number; text: string }> => {
    const { status, value } = await api.call<View>("POST", "captures", { json });
    return { status, text: `${value.error?.code}: ${value.error?.message}` };
  };
  const stop = async (name: string, json?: object): Promise<View> =>
    (await api.call<View>("DELETE", `captures/${name}`, json === undefined ? {} : { json })).value;
  const list = async (): Promise<readonly View[]> => (await api.get<{ captures: View[] }>("captures")).captures;

  it("begin and end on open sessions, without a reload and without a hook being called again", async function () {
    const tshark = requireTool(this, "tshark");
    const socket = await open();
    await says(socket, "a", "1a");
    const { generation } = proxy;
    const { file, state } = await begin({ listener: "web", file: "web.pcapng" });
    expect({ file, state }).to.deep.equal({ file: join(folder, "web.pcapng"), state: "running" });
    await says(socket, "b", "2b");
    await says(await open("other"), "not here", "not here");
    const ended = await stop("web.pcapng");
    expect(ended).to.include({ state: "ended", reason: "stopped", bytes: statSync(file).size });
    expect(ended.packets).to.be.greaterThan(6);
    await says(socket, "c", "3c");
    expect({ generation: proxy.generation, called }).to.deep.equal({ generation, called: 1 });
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(statSync(folder).mode & 0o777).to.equal(0o700);
    const [client, upstream] = await follow(tshark, file, "tcp", [0, 1]);
    expect([client?.fromClient, client?.fromUpstream, upstream?.fromClient, upstream?.fromUpstream].map(String)).to.deep.equal([
      "b",
      "2b",
      "2b",
      "2b",
    ]);
  });

  it("contain one session, and end with it", async function () {
    const tshark = requireTool(this, "tshark");
    const [first, second] = [await open(), await open()];
    await says(first, "a", "1a");
    await says(second, "b", "1b");
    const { sessions } = await api.get<{ sessions: { id: number }[] }>("sessions");
    const { file, name } = await begin({ session: Math.max(...sessions.map(({ id }) => id)) });
    expect(name).to.match(/^web-\d{8}-\d{6}-\d{3}\.pcapng$/);
    await says(first, "c", "2c");
    await says(second, "d", "2d");
    second.end();
    await eventually(async () => expect(await list()).to.have.nested.property("[0].reason", "session"));
    const streams = await follow(tshark, file, "tcp", [0, 1, 2]);
    expect(streams.map(({ fromClient }) => String(fromClient))).to.deep.equal(["d", "2d", ""]);
  });

  it("end by themselves: after their time, and when they are full", async () => {
    const socket = await open();
    const { until } = await begin({ listener: "web", file: "short.pcapng", for: "100ms" });
    expect(until).to.be.a("number");
    await eventually(async () => expect(await list()).to.have.nested.property("[0].reason", "time"));
    // Its end is told before its file is whole.
    const magic = (): number => readFileSync(join(folder, "short.pcapng")).readUInt32LE();
    await eventually(() => expect(magic(), "a capture of no packets is one").to.equal(0x0a0d0d0a));
    await begin({ listener: "web", name: "full.pcapng", size: "2KiB" });
    socket.write("x".repeat(3000));
    await eventually(async () => expect(await list()).to.have.nested.property("[0].reason", "full"));
    expect(statSync(join(folder, "full.pcapng")).size).to.be.lessThan(2049);
    await says(await open(), "y", "1y");
  });

  it("are files in one folder, whatever name the request gives", async () => {
    mkdirSync(folder, { recursive: true });
    symlinkSync(join(folder, "..", "elsewhere"), join(folder, "link.pcapng"));
    writeFileSync(join(folder, "there.pcapng"), "kept");
    const names = ["../out", "a/b", "a\\b", "/etc/out", ".hidden", "..", ".", "", "a\0b", "a..b", "-o", "x".repeat(121), "a\nb", "a:b"];
    for (const file of names) {
      const { status, text } = await refused({ listener: "web", file });
      expect({ file, status }).to.deep.equal({ file, status: 400 });
      expect(text).to.contain("SLUICE_ADMIN_REQUEST").and.contain(folder);
    }
    for (const file of ["link.pcapng", "there.pcapng"]) {
      const { status, text } = await refused({ listener: "web", file });
      expect(status, text).to.equal(409);
      expect(text).to.contain(`${join(folder, file)}: it is there already`);
    }
    for (const name of ["..%2fout", "a%2fb", "%2e%2e", "a%00b"]) {
      const { status } = await api.call("DELETE", `captures/${name}`, { json: { remove: true } });
      expect([400, 404], name).to.include(status);
    }
    expect(existsSync(join(folder, "..", "elsewhere"))).to.equal(false);
    expect(readdirSync(folder).toSorted()).to.deep.equal(["link.pcapng", "there.pcapng"]);
    expect(readFileSync(join(folder, "there.pcapng"), "utf8")).to.equal("kept");
    expect((await list()).map(({ name }) => name)).to.deep.equal(["there.pcapng"]);
  });

  it("are refused with a remedy, and leave nothing behind", async () => {
    expect(await refused({ listener: "web", file: "a", name: "b" })).to.have.property("status", 400);
    expect(await refused({})).to.have.property("status", 400);
    expect((await refused({ listener: "web", size: "2GiB" })).text).to.contain("size: expected 1KiB to 1GiB");
    expect((await refused({ listener: "wep" })).text).to.match(/SLUICE_ADMIN_UNKNOWN.*there is no listener "wep": there are web, other/);
    expect(await refused({ session: 999_999 })).to.have.property("status", 404);
    writeFileSync(folder, "in the way");
    const { status, text } = await refused({ listener: "web", file: "a.pcapng" });
    expect(status).to.equal(409);
    expect(text).to.match(/SLUICE_FILE_UNWRITABLE: .*captures: the folder cannot be made: .*make room/);
    expect(await list()).to.deep.equal([]);
  });

  it("are bounded in number and in size", async () => {
    const all = await Promise.all(
      Array.from({ length: 9 }, (_each, index) =>
        api.call<View>("POST", "captures", { json: { listener: "web", file: `${index}.pcapng` } }),
      ),
    );
    expect(all.filter(({ status }) => status === 200)).to.have.lengthOf(8);
    expect(all.filter(({ status }) => status === 409)).to.have.lengthOf(1);
    expect(readdirSync(folder)).to.have.lengthOf(8);
    await stop("0.pcapng");
    const { text } = await refused({ listener: "web", file: "large.pcapng", size: "500MiB" });
    expect(text).to.contain("SLUICE_ADMIN_CONFLICT").and.contain("all files together may have 1073741824 bytes");
    await begin({ listener: "web", file: "small.pcapng", size: "1MiB" });
  });

  it("stay until they are removed", async () => {
    await begin({ listener: "web", file: "kept.pcapng" });
    await says(await open(), "a", "1a");
    await stop("kept.pcapng");
    expect(await stop("kept.pcapng"), "once more").to.include({ state: "ended", reason: "stopped" });
    expect(existsSync(join(folder, "kept.pcapng"))).to.equal(true);
    expect(await stop("kept.pcapng", { remove: true })).to.have.property("state", "ended");
    expect(readdirSync(folder)).to.deep.equal([]);
    expect(await list()).to.deep.equal([]);
    expect((await api.call("DELETE", "captures/kept.pcapng")).status).to.equal(404);
  });

  it("have names of their own, also when several begin in one second", async () => {
    const names = [];
    for (let count = 0; count < 4; count += 1) names.push((await begin({ listener: "web" })).name);
    expect(new Set(names).size).to.equal(4);
  });

  it("are listed with those first that are being written, the newest first", async () => {
    for (const name of ["one", "two", "three", "four"]) {
      await begin({ listener: "web", file: `${name}.pcapng` });
      if (name === "one" || name === "two") await stop(`${name}.pcapng`);
    }
    expect((await list()).map(({ name }) => name)).to.deep.equal(["four.pcapng", "three.pcapng", "two.pcapng", "one.pcapng"]);
  });

  it("continue over a reload, and are complete when the proxy closes", async function () {
    const tshark = requireTool(this, "tshark");
    const socket = await open("other");
    const { file } = await begin({ listener: "other" });
    await says(socket, "before", "before");
    const shout = definePlugin("shout", () => ({
      fromUpstream: (data) =>
        data.pipe(carry({ start: () => 0, step: (_state, chunk: Buffer) => Buffer.from(String(chunk).toUpperCase()) })),
    }));
    await proxy.apply({
      admin: { listen: "tcp://127.0.0.1:0", folder },
      listeners: { other: { listen: "tcp://127.0.0.1:0", plugins: [shout(), echo()] } },
    });
    await says(socket, "after", "AFTER");
    await proxy.close();
    const [client, upstream] = await follow(tshark, file, "tcp", [0, 1]);
    expect([client?.fromClient, client?.fromUpstream, upstream?.fromUpstream].map(String)).to.deep.equal([
      "beforeafter",
      "beforeAFTER",
      "beforeafter",
    ]);
  });
});
