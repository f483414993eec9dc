import { expect } from "chai";
import { once } from "node:events";
import { Agent } from "node:http";
import { connect as connectSecurely, type TLSSocket } from "node:tls";
import { startUpstream } from "sluice/testing";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { ask } from "../support/http-client.ts";
import { startHttpUpstream } from "../support/http-upstream.ts";
import { address, withNameServer, type NameServer } from "../support/name-server.ts";
import { freePort, readAll, readBytes } from "../support/sockets.ts";
import { pidOf, Workers } from "../support/workers.ts";

/** Answers with the process that served. */
const sayPid = `definePlugin("pid", () => ({ fromUpstream: (data) => data.pipe(each((chunk) => Buffer.concat([Buffer.from(\`\${process.pid} \`), chunk]))) }))`;
const config = (listeners: string, rest = ""): string => `
import { defineConfig, definePlugin } from "sluice";
import { each } from "sluice/flow";
import { echo, http, rateLimit, tlsTermination } from "sluice/plugins";
import { redis } from "sluice/redis";
const pid = ${sayPid};
void [pid, echo, http, rateLimit, redis, tlsTermination];
export default defineConfig({ workers: 2, listeners: { ${listeners} }, ${rest} });
`;

describe("workers with shared state", function () {
  this.timeout(180_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  /** Opens a connection after the other. @returns the processes of those that were served */
  const serve = async (workers: Workers, name: string, times: number): Promise<readonly number[]> => {
    const pids: number[] = [];
    for (let count = 0; count < times; count += 1) {
      const socket = await workers.open(name);
      socket.end("x");
      const text = String(await readAll(socket).catch(() => Buffer.alloc(0)));
      if (text !== "") pids.push(Number(text.split(" ")[0]));
    }
    return pids;
  };
  /** How often what was logged has a text. */
  const told = ({ cli }: Workers, text: string): number => cli.stderr.split("\n").filter((line) => line.includes(text)).length;

  // One start and one death for all that is shared: a worker takes a second of CPU to start.
  it("keep one limit, one look-up of a name and one health of an endpoint, over a save and the death of a worker", async () => {
    const [named, alive] = [await startUpstream("echo"), await startUpstream("echo")];
    cleanup.add(() => named.close());
    cleanup.add(() => alive.close());
    const { port } = new URL(`tcp://${named.endpoint}`);
    const dead = `127.0.0.1:${await freePort()}`;
    const answers: NameServer["says"] = (question) =>
      question.startsWith("A ") ? { answers: [address("up.example.test", "127.0.0.1", 300)] } : {};
    const text = (level: string, names: NameServer): string =>
      config(
        `limited: { listen: "tcp://127.0.0.1:0", plugins: [rateLimit({ connections: { rate: 1, per: "1d", burst: 9 }, key: "listener" }), pid(), echo()] },
         named: { listen: "tcp://127.0.0.1:0", plugins: [pid()], upstream: "up.example.test:${port}" },
         balanced: { listen: "tcp://127.0.0.1:0", plugins: [pid()], upstream: { endpoints: ["${dead}", "${alive.endpoint}"], balance: "round-robin" } },`,
        `dns: { servers: ["${names.endpoint}"] }, log: { level: "${level}" }`,
      );
    await withNameServer(answers, async (names) => {
      const workers = await Workers.start(cleanup, text("info", names));
      const asked = (): number => names.questions.filter((question) => question === "A up.example.test").length;
      const down = (): number => told(workers, '"endpoint down"');
      const served = await serve(workers, "limited", 5);
      expect(new Set(served).size).to.equal(2);
      await workers.save(text("debug", names));
      expect(await serve(workers, "limited", 8)).to.have.length(4);
      const sockets = await Promise.all([1, 2, 3, 4].map(() => workers.open("named")));
      expect(new Set(await Promise.all(sockets.map(pidOf))).size).to.equal(2);
      expect(asked()).to.equal(1);
      await eventually(async () => {
        await serve(workers, "balanced", 2);
        expect(down()).to.equal(1);
      });
      const balanced = await serve(workers, "balanced", 12);
      expect(balanced).to.have.length(12);
      expect(new Set(balanced).size).to.equal(2);

      const [victim = 0] = await workers.pids();
      process.kill(victim, "SIGKILL");
      await workers.cli.error('"msg":"a worker serves in place of one that died"');
      expect(await serve(workers, "limited", 4)).to.deep.equal([]);
      expect(new Set(await serve(workers, "named", 4)).size).to.equal(2);
      expect(asked()).to.equal(1);
      expect(await serve(workers, "balanced", 8), "with a new worker").to.have.length(8);
      expect(down()).to.equal(1);
      const states = (await workers.status()).upstreams.filter(({ listener }) => listener === "balanced").map(({ state }) => state);
      expect(states).to.have.members(["down", "up"]);

      workers.cli.kill("SIGHUP");
      await workers.cli.line(/^reloaded generation 3$/);
      expect(new Set(await serve(workers, "named", 4)).size).to.equal(2);
      expect(asked(), "after a reload of everything").to.equal(2);
    });
  });

  describe("of one start", () => {
    const lasting = createCleanup();
    let workers: Workers;
    let healthy = true;
    let checks = 0;
    let checked: string;

    before(async () => {
      const upstream = await startHttpUpstream(lasting);
      const withCheck = await startUpstream((socket) => {
        socket.on("data", (data) => {
          if (String(data) !== "well?") socket.write(data);
          else {
            checks += 1;
            socket.end(healthy ? "yes" : "no");
          }
        });
      });
      lasting.add(() => withCheck.close());
      checked = withCheck.endpoint;
      const { cert, key } = await createCertificate("localhost");
      const certificate = `cert: ${JSON.stringify(cert)}, key: ${JSON.stringify(key)}`;
      const requests = (burst: number): string =>
        `plugins: [rateLimit({ requests: { rate: 1, per: "1d", burst: ${burst} } }), http()], upstream: "${upstream.endpoint}"`;
      workers = await Workers.start(
        lasting,
        config(`
          web: { listen: "tcp://127.0.0.1:0", ${requests(6)} },
          bytes: { listen: "tcp://127.0.0.1:0", plugins: [rateLimit({ bytes: { rate: 10, per: "1d", burst: 100 } }), echo()] },
          tls: { listen: "tcp://127.0.0.1:0", plugins: [tlsTermination({ ${certificate} }), pid(), echo()] },
          known: { listen: "tcp://127.0.0.1:0", plugins: [tlsTermination({ ${certificate}, clientAuth: { ca: ${JSON.stringify(cert)} } }), pid(), echo()] },
          checked: { listen: "tcp://127.0.0.1:0", plugins: [pid()], upstream: { endpoints: ["${checked}", "127.0.0.1:1"],
            health: { check: { send: "well?", expect: "yes" }, interval: "100ms", rise: 1, fall: 2 }, onDown: "close" } },
          alone: { listen: "tcp://127.0.0.1:0",
            plugins: [rateLimit({ connections: { rate: 1, per: "1d", burst: 12 }, key: "listener", store: redis({ url: "redis://127.0.0.1:1", share: 2 }) }), pid(), echo()] },
          hanging: { listen: "tcp://127.0.0.1:0", ${requests(8)} },
        `),
      );
    });
    after(() => lasting.run());

    it("keep one limit together for a client's requests, and one for its bytes", async () => {
      const answers = [];
      for (let count = 0; count < 10; count += 1) answers.push(await ask(workers.port("web")));
      expect(answers.map(({ status }) => status)).to.deep.equal([200, 200, 200, 200, 200, 200, 429, 429, 429, 429]);
      const passed = [];
      for (let count = 0; count < 4; count += 1) {
        const socket = await workers.open("bytes");
        socket.end(Buffer.alloc(40));
        passed.push((await readAll(socket).catch(() => Buffer.alloc(0))).length);
      }
      // Both directions have a bucket of their own, and no lease of such a rate is a byte.
      expect(passed).to.deep.equal([40, 40, 0, 0]);
    });

    it("divide the share of their proxy while the Redis that several proxies share does not answer", async () => {
      const served = await serve(workers, "alone", 12);
      expect(served).to.have.length(6);
      expect(new Set(served).size).to.equal(2);
    });

    it("resume a TLS session at any worker, and not at a listener that asks for a certificate", async () => {
      for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
        let session: Buffer | undefined;
        const open = async (name = "tls"): Promise<TLSSocket> => {
          const options = {
            port: workers.port(name),
            host: "127.0.0.1",
            rejectUnauthorized: false,
            minVersion: version,
            maxVersion: version,
          };
          const socket = cleanup.keep(connectSecurely(session === undefined ? options : { ...options, session }));
          socket.on("session", (ticket: Buffer) => {
            session ??= ticket;
          });
          await once(socket, "secureConnect");
          return socket;
        };
        const pids = new Set([await pidOf(await open())]);
        await eventually(() => expect(session, "a ticket").not.to.equal(undefined));
        for (let count = 0; count < 4; count += 1) {
          const socket = await open();
          expect(socket.isSessionReused(), version).to.equal(true);
          pids.add(await pidOf(socket));
        }
        expect([...pids]).to.have.members(await workers.pids());
        const served = open("known").then(pidOf);
        expect(await served.catch(() => "refused"), "a client without a certificate").to.equal("refused");
      }
    });

    it("check the health of endpoints from one worker, and close the sessions of all", async () => {
      await eventually(() => expect(checks).to.be.greaterThan(2));
      const sockets = [await workers.open("checked"), await workers.open("checked")];
      expect(new Set(await Promise.all(sockets.map(pidOf))).size).to.equal(2);
      healthy = false;
      await Promise.all(sockets.map((socket) => readAll(socket).catch(() => undefined)));
      // The log goes another way than the sessions, and may come after their end.
      await workers.cli.error(new RegExp(`${checked}.*"msg":"endpoint down"`));
      const said = workers.cli.stderr.split("\n").filter((line) => line.includes(checked));
      expect(said.map((line) => (JSON.parse(line) as { readonly msg: string }).msg)).to.deep.equal(["endpoint down"]);
      healthy = true;
      await eventually(async () => {
        const socket = await workers.open("checked");
        socket.write("x");
        expect((await readBytes(socket, 1)).length).to.equal(1);
      });
    });

    it("admit sessions, each at its share of the rate, while the first process hangs", async () => {
      const agent = cleanup.keep(new Agent({ keepAlive: true, maxSockets: 1 }));
      const get = async (): Promise<number> => (await ask(workers.port("hanging"), { agent })).status;
      expect(await get()).to.equal(200);
      workers.cli.kill("SIGSTOP");
      try {
        const statuses = [];
        for (let count = 0; count < 6; count += 1) statuses.push(await get());
        expect(statuses).to.deep.equal([200, 200, 200, 200, 429, 429]);
      } finally {
        workers.cli.kill("SIGCONT");
      }
      await eventually(async () => expect(await get()).to.equal(200), { what: "a decision of the first process" });
    });
  });

  it("have together at most limits.sessions sessions", async () => {
    const workers = await Workers.start(
      cleanup,
      config(`echo: { listen: "tcp://127.0.0.1:0", plugins: [pid(), echo()] }`, `limits: { sessions: 5 }`),
    );
    const all = await Promise.all(Array.from({ length: 16 }, () => workers.open("echo")));
    const served = await Promise.all(
      all.map((socket) =>
        pidOf(socket).then(
          () => socket,
          () => undefined,
        ),
      ),
    );
    const open = served.filter((socket) => socket !== undefined);
    expect(open).to.have.length(5);
    expect((await workers.status()).counters).to.include({ sluice_sessions_total: 5, sluice_sessions_refused_total: 11 });
    for (const socket of open.slice(2)) socket.destroy();
    await eventually(async () => expect(await serve(workers, "echo", 1)).to.have.length(1), { what: "room for another" });
  });
});
