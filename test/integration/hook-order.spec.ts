import { expect } from "chai";
import { map, tap } from "rxjs";
import type { PluginUse } from "sluice";
import { each } from "sluice/flow";
import { startUpstream } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { connect, readBytes } from "../support/sockets.ts";
import { plugin, startProxy } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

/** Notes for each hook when what passes through it passes this plugin. */
function noting(name: string, notes: string[], raw: boolean): PluginUse {
  const note = (hook: string): void => void notes.push(`${hook} ${name}`);
  const noteChunk = (hook: string) => (chunk: Buffer) => {
    note(hook);
    return chunk;
  };
  return plugin(name, {
    admit: (arrival) => arrival.pipe(tap(() => note("admit"))),
    resolve: (lookup) => lookup.pipe(tap(() => note("resolve"))),
    connect: (attempt) => attempt.pipe(tap(() => note("connect"))),
    fromClient: (data) => data.pipe(raw ? map(noteChunk("fromClient")) : each(noteChunk("fromClient"))),
    fromUpstream: (data) => data.pipe(raw ? map(noteChunk("fromUpstream")) : each(noteChunk("fromUpstream"))),
  });
}

describe("hook order [data path]", () => {
  for (const raw of [false, true]) {
    it(`has the first plugin nearest the client and the last nearest the upstream, for every hook, with ${raw ? "plain operators" : "each"}`, async () => {
      const upstream = cleanup.keep(await startUpstream("echo"));
      const notes: string[] = [];
      const { proxy, port } = await startProxy({
        plugins: [noting("first", notes, raw)],
        dns: { hosts: { "upstream.test": ["127.0.0.1"] } },
        listeners: {
          web: {
            listen: "tcp://127.0.0.1:0",
            upstream: `upstream.test:${upstream.port}`,
            plugins: [noting("a", notes, raw), noting("b", notes, raw)],
          },
        },
      });
      cleanup.add(() => proxy.close());
      const client = await connect(port());
      client.write("hello");
      await readBytes(client, 5);
      client.destroy();
      expect(notes).to.deep.equal([
        "admit first",
        "admit a",
        "admit b",
        "resolve b",
        "resolve a",
        "resolve first",
        "connect b",
        "connect a",
        "connect first",
        "fromClient first",
        "fromClient a",
        "fromClient b",
        "fromUpstream b",
        "fromUpstream a",
        "fromUpstream first",
      ]);
    });
  }
});
