import { expect } from "chai";
import type { Socket } from "node:net";
import { concat, concatMap, map, mergeMap, of, throwError, timer } from "rxjs";
import type { Observable } from "rxjs";
import type { FunctionPlugin } from "sluice";
import { each } from "sluice/flow";
import { createCleanup } from "../support/cleanup.ts";
import { startForward } from "../support/forward.ts";
import { connect, readAll, readBytes } from "../support/sockets.ts";
import { plugin } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

const boom = (): never => {
  throw new Error("boom");
};
const upper = (chunk: Buffer): Buffer => Buffer.from(chunk.toString().toUpperCase());
/** Upper case, until a chunk says "boom". */
const fuse = (chunk: Buffer): Buffer => (chunk.toString() === "boom" ? boom() : upper(chunk));
const fuseLater = (chunk: Buffer): Promise<Buffer> => new Promise((resolve) => void setImmediate(resolve, chunk)).then(() => fuse(chunk));

const operators: Readonly<Record<string, (data: Observable<Buffer>) => Observable<Buffer>>> = {
  "each that throws": (data) => data.pipe(each(fuse)),
  "each that rejects": (data) => data.pipe(each(fuseLater)),
  "the second of two each stages": (data) => data.pipe(each((chunk) => chunk)).pipe(each(fuse)),
  "a plain operator that throws": (data) => data.pipe(map(fuse)),
  "a plain operator that rejects": (data) => data.pipe(concatMap(fuseLater)),
  "a plain operator that fails in a timer": (data) => data.pipe(mergeMap((chunk) => timer(2).pipe(map(() => fuse(chunk))))),
};

describe("a plugin with onError bypass [data path]", () => {
  for (const [name, operator] of Object.entries(operators)) {
    it(`is bypassed for the chunk that failed and all later chunks: ${name}`, async () => {
      const use = plugin("fuse", { fromClient: operator }, { onError: "bypass" });
      const others = plugin("brackets", { fromClient: (data) => data.pipe(each((chunk) => Buffer.from(`[${chunk.toString()}]`))) });
      const { port, all, ended } = await startForward(cleanup, "echo", { plugins: [use, others] });
      const client = await connect(port());
      let heard = "";
      for (const word of ["first", "second", "boom", "third"]) {
        client.write(word);
        heard += String(await readBytes(client, word.length + 2));
      }
      expect(heard).to.equal("[FIRST][SECOND][boom][third]");
      expect(all("plugin-fault").map((fault) => fault.plugin)).to.deep.equal(["fuse"]);
      client.end("last");
      expect(String(await readAll(client))).to.equal("[last]");
      expect((await ended()).reason).to.equal("closed");
    });

    it(`passes on the chunks that waited behind the chunk that failed, in order: ${name}`, async () => {
      const use = plugin("fuse", { fromUpstream: operator }, { onError: "bypass" });
      const { port, upstream, ended } = await startForward(cleanup, (socket) => void socket.resume(), { plugins: [use] });
      const client = await connect(port());
      client.write("open");
      const heard = readAll(client);
      const [sender] = await new Promise<Socket[]>((resolve) => {
        const look = (): void => void (upstream.sockets.size > 0 ? resolve([...upstream.sockets]) : setImmediate(look));
        look();
      });
      sender?.write("boom");
      for (let turn = 0; turn < 100; turn += 1) sender?.write(`${turn} `);
      sender?.end();
      const expected = Array.from({ length: 100 }, (_, turn) => `${turn} `).join("");
      expect(String(await heard).toLowerCase()).to.equal(`boom${expected}`);
      client.end();
      expect((await ended()).reason).to.equal("closed");
    });
  }

  const hooks: Readonly<Record<string, FunctionPlugin>> = {
    "admit throws": { admit: boom },
    "admit fails": { admit: () => throwError(() => new Error("boom")) },
    "resolve throws": { resolve: boom },
    "resolve emits a string": { resolve: () => of("127.0.0.1") as Observable<never> },
    "connect throws": { connect: boom },
    "connect fails behind an open leg": { connect: (attempt) => attempt.pipe(map(boom)) },
    "connect fails after it passed the leg on": {
      connect: (attempt) =>
        concat(
          attempt,
          throwError(() => new Error("boom")),
        ),
    },
    "connect emits a string": { connect: () => of("127.0.0.1:80") as Observable<never> },
    "fromClient throws": { fromClient: boom },
    "fromUpstream returns undefined": { fromUpstream: () => undefined as unknown as Observable<never> },
  };
  for (const [name, faulty] of Object.entries(hooks)) {
    it(`has no effect when ${name}`, async () => {
      const use = plugin("faulty", faulty, { onError: "bypass" });
      const { port, all, upstream } = await startForward(cleanup, "echo", { plugins: [use], upstreamName: "upstream.test" });
      const client = await connect(port());
      client.write("hello");
      expect(String(await readBytes(client, 5))).to.equal("hello");
      expect(all("plugin-fault").map((fault) => fault.plugin)).to.deep.equal(["faulty"]);
      expect(upstream.connections, "upstream connections").to.equal(1);
      client.destroy();
    });
  }
});
