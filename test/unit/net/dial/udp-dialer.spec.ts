import { expect } from "chai";
import { once } from "node:events";
import { createSocket, type Socket } from "node:dgram";
import { firstValueFrom, NEVER, Observable, of, throwError, toArray } from "rxjs";
import { SluiceError, type Address, type Upstream } from "../../../../core/contract/index.ts";
import { createUdpDialer } from "../../../../core/net/dial/udp-dialer.ts";
import { restingSockets } from "../../../../core/net/node/resting-sockets.ts";
import { at, context, target, v4 } from "../dialling.ts";

const v6 = (address: string): Address => ({ address, family: 6, ttl: 1 });

async function failure(attempt: Observable<Upstream>): Promise<string> {
  const error: unknown = await firstValueFrom(attempt).catch((thrown: unknown) => thrown);
  return SluiceError.is(error) ? error.code : expect.fail(`expected a SluiceError, got ${String(error)}`);
}

describe("the UDP dialer", () => {
  let server: Socket;
  let port = 0;

  beforeEach(async () => {
    server = createSocket("udp4");
    server.bind(0, "127.0.0.1");
    await once(server, "listening");
    ({ port } = server.address());
  });
  afterEach(() => server.close());

  it("opens one leg of its own socket and completes, without a look-up for an IP address", async () => {
    const legs = await firstValueFrom(
      createUdpDialer(target(at(port)), context())
        .attempts()
        .pipe(toArray()),
    );
    expect(legs.map(({ endpoint }) => endpoint)).to.deep.equal([`127.0.0.1:${port}`]);
    const arrived = once(server, "message");
    legs[0]?.leg.write(Buffer.from("hello"));
    expect(String((await arrived)[0])).to.equal("hello");
    legs[0]?.leg.destroy();
  });

  it("looks a name up, takes its IPv4 address before any other, and only its first answer", async () => {
    const resolve = (): Observable<Address[]> => of([v6("::1"), v4("127.0.0.1")], [v6("::1")]);
    const legs = await firstValueFrom(
      createUdpDialer(target(at(port, "dns.test")), context({ resolve }))
        .attempts()
        .pipe(toArray()),
    );
    const arrived = once(server, "message");
    legs[0]?.leg.write(Buffer.from("named"));
    expect(String((await arrived)[0])).to.equal("named");
    legs[0]?.leg.destroy();
  });

  const answers: Readonly<Record<string, { readonly resolve: () => Observable<Address[]>; readonly code: string }>> = {
    "has no address": { resolve: () => of([]), code: "SLUICE_UPSTREAM_DNS_NOT_FOUND" },
    "gives no answer": { resolve: () => of(), code: "SLUICE_UPSTREAM_DNS_NOT_FOUND" },
    "fails to be looked up": {
      resolve: () => throwError(() => Object.assign(new Error("no"), { code: "ESERVFAIL", syscall: "queryA" })),
      code: "SLUICE_UPSTREAM_DNS_TEMPORARY",
    },
    "is not answered in time": { resolve: () => NEVER, code: "SLUICE_UPSTREAM_TIMEOUT" },
  };
  for (const [name, { resolve, code }] of Object.entries(answers)) {
    it(`fails with ${code} when a name ${name}, and tries that endpoint last`, async () => {
      const endpoints = [at(port, "dns.test"), at(port)];
      const connectTimeout = code === "SLUICE_UPSTREAM_TIMEOUT" ? 20 : 60_000;
      const dialer = createUdpDialer(target(...endpoints), context({ resolve, connectTimeout }));
      expect(await failure(dialer.attempts())).to.equal(code);
      for (let turn = 0; turn < 2; turn += 1) {
        const { endpoint, leg } = await firstValueFrom(dialer.attempts());
        expect(endpoint).to.equal(`127.0.0.1:${port}`);
        leg.destroy();
      }
    });
  }

  it("does not connect to a place that is refused", async () => {
    const refuse = (address: string): SluiceError => new SluiceError("SLUICE_UPSTREAM_LOOP", address);
    expect(await failure(createUdpDialer(target(at(port)), context({ refuse })).attempts())).to.equal("SLUICE_UPSTREAM_LOOP");
  });

  it("goes on to the next endpoint with each subscription, and starts again after the last", async () => {
    const attempts = createUdpDialer(target(at(port), at(port, "127.0.0.2")), context()).attempts();
    const hosts: string[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      const { endpoint, leg } = await firstValueFrom(attempts);
      hosts.push(endpoint.replace(/:\d+$/, ""));
      leg.destroy();
    }
    expect(hosts).to.deep.equal(["127.0.0.1", "127.0.0.2", "127.0.0.1"]);
  });

  it("counts open legs for least-connections until they are closed", async () => {
    const dialer = createUdpDialer({ ...target(at(port), at(port, "127.0.0.2")), balance: "least-connections" }, context());
    const open = (): Promise<Upstream> => firstValueFrom(dialer.attempts());
    const [first, second] = [await open(), await open()];
    expect(new Set([first.endpoint, second.endpoint]).size).to.equal(2);
    await new Promise<void>((resolve) => {
      second.leg.onClosed = resolve;
      second.leg.destroy();
    });
    const third = await open();
    const fourth = await open();
    expect(third.endpoint).to.equal(second.endpoint);
    for (const { leg } of [first, third, fourth]) leg.destroy();
  });

  describe("with an endpoint that takes one session", () => {
    const limited = (host?: string) => target({ ...at(port, host), maxSessions: 1 });

    it("counts a session from the beginning of the look-up, and no longer when it leaves", async () => {
      const dialer = createUdpDialer(limited("dns.test"), context({ resolve: () => NEVER }));
      const first = dialer.attempts().subscribe();
      expect(await failure(dialer.attempts())).to.equal("SLUICE_UPSTREAM_BUSY");
      first.unsubscribe();
      const second = dialer.attempts().subscribe({ error: (error: unknown) => expect.fail(String(error)) });
      second.unsubscribe();
    });

    it("counts a session as long as its leg is open", async () => {
      const dialer = createUdpDialer(limited("dns.test"), context({ resolve: () => of([v4("127.0.0.1")]) }));
      const first = await firstValueFrom(dialer.attempts());
      expect(await failure(dialer.attempts())).to.equal("SLUICE_UPSTREAM_BUSY");
      first.leg.destroy();
      (await firstValueFrom(dialer.attempts())).leg.destroy();
    });

    it("does not count a session that gets no socket", async () => {
      const dialer = createUdpDialer(limited(), context());
      restingSockets.hold(dialer, 0);
      expect(await failure(dialer.attempts())).to.equal("SLUICE_LIMIT_SESSIONS");
      restingSockets.release(dialer);
      (await firstValueFrom(dialer.attempts())).leg.destroy();
    });
  });

  it("leaves the look-up when its subscriber leaves", () => {
    let left = false;
    const resolve = (): Observable<Address[]> => new Observable(() => () => (left = true));
    createUdpDialer(target(at(port, "dns.test")), context({ resolve }))
      .attempts()
      .subscribe()
      .unsubscribe();
    expect(left).to.equal(true);
  });
});
