import { expect } from "chai";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { firstValueFrom, NEVER, Observable, of, throwError, toArray } from "rxjs";
import { SluiceError, type Address, type Upstream } from "../../../../core/contract/index.ts";
import { createDialer } from "../../../../core/net/dial/dialer.ts";
import { at, clockAt, context, target, v4 } from "../dialling.ts";

async function failure(attempt: Observable<Upstream>): Promise<SluiceError> {
  try {
    await firstValueFrom(attempt);
  } catch (error) {
    if (SluiceError.is(error)) return error;
    throw error;
  }
  throw new Error("the attempt did not fail");
}

describe("the dialer", () => {
  const servers: Server[] = [];
  const accepted: Socket[] = [];

  async function listen(where: number | string = 0): Promise<number> {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => undefined);
      accepted.push(socket);
    });
    servers.push(server);
    if (typeof where === "string") server.listen(where);
    else server.listen(where, "127.0.0.1");
    await once(server, "listening");
    return typeof where === "string" ? 0 : (server.address() as AddressInfo).port;
  }

  /** A port that refuses: bound once, and free again. */
  async function refusing(): Promise<number> {
    const port = await listen();
    const server = servers.pop();
    server?.close();
    await once(server ?? expect.fail("no server"), "close");
    return port;
  }

  afterEach(() => {
    for (const socket of accepted.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) server.close();
  });

  it("emits one open leg and completes, without a look-up for an IP address", async () => {
    const port = await listen();
    const legs = await firstValueFrom(
      createDialer(target(at(port)), context())
        .attempts()
        .pipe(toArray()),
    );
    expect(legs.map(({ endpoint }) => endpoint)).to.deep.equal([`127.0.0.1:${port}`]);
    // A listener that stayed would keep the whole attempt as long as the session.
    expect(legs[0]?.leg)
      .to.have.property("socket")
      .that.satisfies((socket: Socket) => socket.listenerCount("connect") === 0);
    legs[0]?.leg.destroy();
  });

  it("dials a unix socket", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "sluice-dial-"));
    const socket = path.join(folder, "s");
    await listen(socket);
    const endpoint = { host: "", port: 0, path: socket, text: `unix:${socket}` };
    const { leg } = await firstValueFrom(createDialer(target(endpoint), context()).attempts());
    leg.destroy();
    const missing = { ...endpoint, path: path.join(folder, "none") };
    expect((await failure(createDialer(target(missing), context()).attempts())).code).to.equal("SLUICE_UPSTREAM_REFUSED");
    await rm(folder, { recursive: true });
  });

  it("goes on to the next endpoint with each subscription, and starts again after the last", async () => {
    const [refused, open] = [await refusing(), await listen()];
    const attempts = createDialer(target(at(refused), at(open)), context()).attempts();
    const error = await failure(attempts);
    expect(error).to.include({ code: "SLUICE_UPSTREAM_REFUSED", retryable: true });
    expect(error.message).to.contain(`127.0.0.1:${refused}`);
    const upstream = await firstValueFrom(attempts);
    expect(upstream.endpoint).to.equal(`127.0.0.1:${open}`);
    upstream.leg.destroy();
    // The one that failed is tried last for a while, so the new round begins with the other.
    const again = await firstValueFrom(attempts);
    expect(again.endpoint).to.equal(`127.0.0.1:${open}`);
    again.leg.destroy();
  });

  it("looks the name up for each attempt, through the hooks of the session, and tries every address", async () => {
    const port = await listen();
    const asked: string[] = [];
    const dialer = createDialer(target(at(port, "api.test")), context());
    const attempts = dialer.attempts((name) => {
      asked.push(name);
      return of([{ address: "::1", family: 6, ttl: 1 } as const, v4("127.0.0.1")]);
    });
    for (let round = 0; round < 2; round += 1) (await firstValueFrom(attempts)).leg.destroy();
    expect(asked).to.deep.equal(["api.test", "api.test"]);
  });

  it("fails with the look-up's error, also when a hook throws while it is set up", async () => {
    const temporary = new SluiceError("SLUICE_UPSTREAM_DNS_TEMPORARY", "later");
    const dialer = createDialer(target(at(1, "api.test")), context());
    expect(await failure(dialer.attempts(() => throwError(() => temporary)))).to.equal(temporary);
    const thrown = dialer.attempts(() => {
      throw temporary;
    });
    expect(await failure(thrown)).to.equal(temporary);
    expect((await failure(dialer.attempts(() => of([])))).code).to.equal("SLUICE_UPSTREAM_DNS_NOT_FOUND");
    expect((await failure(dialer.attempts(() => of([v4("127.0.0.1\0.evil.test")])))).code).to.equal("SLUICE_UPSTREAM_DNS_NOT_FOUND");
  });

  it("ends an attempt that takes longer than the connect timeout, and says at what", async () => {
    const dialer = createDialer(target(at(1, "api.test")), context({ resolve: () => NEVER, connectTimeout: 20 }));
    const error = await failure(dialer.attempts());
    expect(error).to.include({ code: "SLUICE_UPSTREAM_TIMEOUT", retryable: true });
    expect(error.message).to.contain("look-up");
  });

  it("aborts the attempt when its subscriber leaves: no connection, no emission", async () => {
    const port = await listen();
    const dialer = createDialer(target(at(port)), context());
    const leaver = dialer.attempts().subscribe({ next: () => expect.fail("it had left") });
    leaver.unsubscribe();
    const { leg } = await firstValueFrom(dialer.attempts());
    expect(accepted).to.have.length(1);
    leg.destroy();
  });

  it("leaves the look-up when its subscriber leaves, and once it has an answer", async () => {
    const port = await listen();
    let open = 0;
    const lookup = (...answer: Address[]) =>
      new Observable<Address[]>((subscriber) => {
        open += 1;
        if (answer.length > 0) subscriber.next(answer);
        return () => (open -= 1);
      });
    const dialer = createDialer(target(at(port, "api.test")), context());
    const leaver = dialer.attempts(() => lookup()).subscribe();
    expect(open).to.equal(1);
    leaver.unsubscribe();
    expect(open).to.equal(0);
    const { leg } = await firstValueFrom(dialer.attempts(() => lookup(v4("127.0.0.1"))));
    expect(open).to.equal(0);
    leg.destroy();
  });

  it("does not connect to a place that is refused", async () => {
    const port = await listen();
    const loop = new SluiceError("SLUICE_UPSTREAM_LOOP", "itself");
    const refuse = (address: string, asked: number) => (address === "127.0.0.1" && asked === port ? loop : undefined);
    expect(await failure(createDialer(target(at(port)), context({ refuse })).attempts())).to.equal(loop);
    expect(accepted).to.have.length(0);
  });

  it("tries no more than 32 addresses of a name", async () => {
    const addresses = Array.from({ length: 40 }, (_, last) => v4(`10.0.0.${last}`));
    let asked = 0;
    const refuse = (): SluiceError => {
      asked += 1;
      return new SluiceError("SLUICE_UPSTREAM_LOOP", "not there");
    };
    await failure(createDialer(target(at(1, "many.test")), context({ resolve: () => of(addresses), refuse })).attempts());
    expect(asked).to.equal(32);
  });

  it("counts open legs for least-connections until they are closed", async () => {
    const [one, two] = [await listen(), await listen()];
    const dialer = createDialer({ ...target(at(one), at(two)), balance: "least-connections" }, context());
    const legs: Upstream[] = [];
    const open = async (): Promise<string> => {
      const upstream = await firstValueFrom(dialer.attempts());
      legs.push(upstream);
      return upstream.endpoint;
    };
    expect([await open(), await open(), await open()]).to.deep.equal([at(one).text, at(two).text, at(one).text]);
    for (const upstream of [legs[0], legs[2]]) if (upstream !== undefined) await closed(upstream.leg);
    expect([await open(), await open()]).to.deep.equal([at(one).text, at(two).text]);
    for (const { leg } of legs) leg.destroy();
  });

  it("does not count attempts that failed or were left for least-connections", async () => {
    const [refused, open] = [await refusing(), await listen()];
    let now = 0;
    const dialer = createDialer({ ...target(at(refused), at(open)), balance: "least-connections" }, context({ clock: clockAt(() => now) }));
    expect((await failure(dialer.attempts())).message).to.contain(at(refused).text);
    const { leg, endpoint } = await firstValueFrom(dialer.attempts());
    expect(endpoint).to.equal(at(open).text);
    now = 10_000;
    dialer.attempts().subscribe().unsubscribe();
    expect((await failure(dialer.attempts())).message).to.contain(at(refused).text);
    leg.destroy();
  });
});

function closed(leg: Upstream["leg"]): Promise<void> {
  return new Promise((resolve) => {
    leg.onClosed = resolve;
    leg.destroy();
  });
}
