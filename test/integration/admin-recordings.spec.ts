import { expect } from "chai";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { replay } from "sluice/plugins";
import { startProxy, startUpstream } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/real-peer.ts";
import { connect, readBytes } from "../support/sockets.ts";
import { startAdmin } from "../support/with-admin.ts";

interface View {
  readonly name: string;
  readonly file: string;
  readonly state: string;
  readonly reason?: string;
  readonly sessions?: number;
  readonly error?: { readonly code: string };
}

describe("recordings of the admin API", function () {
  this.timeout(30_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const started = async () => {
    const upstream = cleanup.keep(await startUpstream("echo"));
    const folder = join(temporaryFolder(cleanup), "captures");
    const admin = await startAdmin({ listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: upstream.address } } }, { folder });
    cleanup.add(() => admin.proxy.close());
    return { ...admin, folder };
  };

  it("are files from which replay() answers: of sessions that have ended, and of an open session", async () => {
    const { api, port, folder } = await started();
    const { status, value, body } = await api.call<View>("POST", "recordings", {
      json: { listener: "web", file: "talk.yaml", redact: ["pin"] },
    });
    expect(status, body).to.equal(200);
    expect(value).to.include({ name: "talk.yaml", file: join(folder, "talk.yaml"), state: "running", sessions: 0 });
    const first = await connect(port());
    first.end("one pin=1234\n");
    expect(String(await readBytes(first, 13))).to.equal("one pin=1234\n");
    await eventually(async () => {
      const { value: list } = await api.call<{ recordings: View[] }>("GET", "recordings");
      expect(list.recordings.map(({ sessions }) => sessions)).to.deep.equal([1]);
    });
    const second = cleanup.keep(await connect(port()));
    second.write("two");
    await readBytes(second, 3);
    const stopped = await api.call<View>("DELETE", "recordings/talk.yaml");
    expect(stopped.value).to.include({ state: "ended", reason: "stopped", sessions: 2 });
    const text = readFileSync(value.file, "utf8");
    expect(text).to.include("redacted:\n  - pin\n").and.include("pin=[redacted]").and.not.include("1234");
    second.write("more");
    await readBytes(second, 4);
    second.destroy();
    const proxy = cleanup.keep(await startProxy({ plugins: [replay({ file: value.file })] }));
    const client = cleanup.keep(await proxy.connect());
    await client.write("two");
    expect(String(await client.read(3))).to.equal("two");
    expect(readFileSync(value.file, "utf8")).to.equal(text);
    const removed = await api.call<View>("DELETE", "recordings/talk.yaml", { json: { remove: true } });
    expect(removed.status).to.equal(200);
    expect((await api.call<{ recordings: View[] }>("GET", "recordings")).value.recordings).to.deep.equal([]);
  });

  it("whose file cannot be written count only the sessions that are in it, and say what is wrong", async () => {
    const { api, port, folder } = await started();
    const { value } = await api.call<View>("POST", "recordings", { json: { listener: "web", file: "talk.yaml" } });
    rmSync(folder, { recursive: true });
    writeFileSync(folder, "no folder");
    const client = await connect(port());
    client.end("x");
    await readBytes(client, 1);
    const stopped = await eventually(async () => {
      const ended = await api.call<View & { readonly message?: string }>("DELETE", "recordings/talk.yaml");
      expect(ended.value).to.include({ state: "ended", reason: "failed" });
      return ended;
    });
    expect(stopped.value).to.include({ sessions: 0, bytes: 0 });
    expect(stopped.value.message).to.include(value.file);
  });

  it("are refused for names outside one folder, and for listeners that do not exist", async () => {
    const { api } = await started();
    for (const [json, status] of [
      [{ listener: "web", file: "../talk.yaml" }, 400],
      [{ listener: "web", file: "/tmp/talk.yaml" }, 400],
      [{ listener: "web", file: "talk.pcapng" }, 400],
      [{ listener: "nobody" }, 404],
      [{ listener: "web", size: "1GiB" }, 400],
      [{}, 400],
    ] as const)
      expect((await api.call("POST", "recordings", { json })).status, JSON.stringify(json)).to.equal(status);
  });
});
