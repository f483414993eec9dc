import { expect } from "chai";
import type { SessionPolicy } from "sluice";
import { each } from "sluice/flow";
import { createCleanup } from "../support/cleanup.ts";
import { startForward } from "../support/forward.ts";
import type { Forward } from "../support/forward.ts";
import { breakOf } from "../support/reset.ts";
import { both } from "../support/shapes.ts";
import { connect, readAll, readBytes } from "../support/sockets.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

const upper = (): ReturnType<typeof both> =>
  both("upper", (data) => data.pipe(each((chunk) => Buffer.from(chunk.toString().toUpperCase()))));

async function ask(client: Awaited<ReturnType<typeof connect>>): Promise<string> {
  client.write("ping");
  return String(await readBytes(client, 4));
}

/** A forward with one open session, whose plugins have then been changed under the policy. */
async function changed(
  sessions: SessionPolicy,
  deadline = 60_000,
): Promise<Forward & { readonly client: Awaited<ReturnType<typeof connect>> }> {
  const forward = await startForward(cleanup, "echo");
  const client = cleanup.keep(await connect(forward.port()));
  expect(await ask(client)).to.equal("ping");
  await forward.proxy.apply(forward.config([upper()], { reload: { sessions, deadline } }));
  return { ...forward, client };
}

describe("what open sessions do when their listener's plugins change", () => {
  it("swap: they change to the new plugins, which new sessions use too", async () => {
    const { client, port } = await changed("swap");
    expect(await ask(client)).to.equal("PING");
    const next = await connect(port());
    expect(await ask(next)).to.equal("PING");
    next.destroy();
  });

  it("keep: they use the old plugins until they end, while new sessions use the new plugins", async () => {
    const { client, port, proxy, ended } = await changed("keep");
    expect(await ask(client)).to.equal("ping");
    const next = await connect(port());
    expect(await ask(next)).to.equal("PING");
    expect([...proxy.sessions].map(({ generation }) => generation)).to.deep.equal([1, 2]);
    client.end();
    await readAll(client);
    expect((await ended("closed")).generation).to.equal(1);
    next.destroy();
  });

  it("drain: they may finish with the old plugins before the deadline", async () => {
    const { client, ended } = await changed("drain");
    client.write("last words");
    client.end();
    expect(String(await readAll(client))).to.equal("last words");
    expect((await ended()).reason).to.equal("closed");
  });

  it("drain: they are reset at the deadline", async () => {
    const { client, ended, port } = await changed("drain", 50);
    expect(await breakOf(client)).to.equal("ECONNRESET");
    expect((await ended()).reason).to.equal("SLUICE_DRAIN_DEADLINE");
    const next = await connect(port());
    expect(await ask(next)).to.equal("PING");
    next.destroy();
  });

  it("close: they are closed at once, and new sessions are served", async () => {
    const { client, ended, port } = await changed("close");
    expect(await breakOf(client)).to.equal(undefined);
    expect((await ended()).reason).to.equal("SLUICE_CLOSED");
    const next = await connect(port());
    expect(await ask(next)).to.equal("PING");
    next.destroy();
  });
});
