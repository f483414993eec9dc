import { expect } from "chai";
import type { LegReader } from "../../../../../core/contract/index.ts";
import type { AcceptedClient } from "../../../../../core/net/accept/accepted-client.ts";
import type { UdpClientLeg } from "../../../../../core/net/accept/datagrams/udp-client-leg.ts";
import type { ListenOptions } from "../../../../../core/net/accept/bound-socket.ts";
import { UdpListener } from "../../../../../core/net/accept/datagrams/udp-listener.ts";
import type { UdpPlaces } from "../../../../../core/net/accept/datagrams/udp-places.ts";
import { eventually } from "../../../../support/eventually.ts";

/** A flow, and what its reader was given. */
interface Flow {
  readonly leg: UdpClientLeg;
  readonly got: string[];
}

function readerOf(leg: UdpClientLeg, got: string[]): LegReader {
  return {
    data: (datagram) => got.push(String(datagram)) > 0,
    end: () => undefined,
    done: true,
    failed: ({ code }) => {
      got.push(code);
      leg.destroy();
    },
  };
}

describe("a UDP listener", () => {
  let listener: UdpListener;
  let flows: Flow[] = [];
  let reads = true;

  async function bind(options: Partial<ListenOptions> = {}, host = "127.0.0.1"): Promise<void> {
    const address = { transport: "udp", host, port: 0, path: undefined } as const;
    listener = await UdpListener.bind(address, "dns", { max: 10, idle: 60_000, ...options });
    const accepted = (client: AcceptedClient): void => {
      const leg = client.leg as UdpClientLeg;
      const got: string[] = [];
      flows.push({ leg, got });
      if (reads) leg.read(readerOf(leg, got));
    };
    listener.accept({ accepted, dropped: () => undefined, outOfFiles: () => undefined });
  }

  /** Only a raw socket can send from any port and address, so the datagrams are handed in where the operating system would. */
  function receive(port: number, text = "query", address = "127.0.0.1"): void {
    const { places } = listener as unknown as { readonly places: UdpPlaces };
    places.all[0]?.socket.emit("message", Buffer.from(text), { address, family: "IPv4", port, size: text.length });
  }
  const open = (): number[] => flows.filter(({ got }) => !got.some((each) => each.startsWith("SLUICE_"))).map(({ leg }) => leg.client.port);

  beforeEach(() => {
    flows = [];
    reads = true;
  });
  afterEach(() => listener.close());

  it("drops a datagram that names no port to answer to, and serves the next", async () => {
    await bind();
    for (const port of [0, 5353]) receive(port);
    for (const { leg } of flows) leg.write(Buffer.from("answer"));
    expect(flows.map(({ leg }) => String(leg.client))).to.deep.equal(["127.0.0.1:5353"]);
  });

  it("is bound to a name's address, of whatever family", async () => {
    await bind({}, "localhost");
    expect(listener.local.address).to.be.oneOf(["127.0.0.1", "::1"]);
  });

  it("is bound to an IPv4 address in its spelling for IPv6", async () => {
    await bind({}, "::ffff:127.0.0.1");
    expect(listener.local.address).to.equal("127.0.0.1");
  });

  it("tells clients with one port and several addresses apart", async () => {
    await bind();
    for (const text of ["1", "2"]) for (const address of ["127.0.0.1", "127.0.0.2"]) receive(5000, text + address.slice(-1), address);
    expect(flows.map(({ got }) => got)).to.deep.equal([
      ["11", "21"],
      ["12", "22"],
    ]);
  });

  it("evicts the flow that neither side has used for longest", async () => {
    await bind({ max: 3 });
    for (const port of [1, 2, 3]) receive(port);
    receive(1);
    flows[1]?.leg.write(Buffer.from("answer"));
    receive(4);
    expect(open()).to.deep.equal([1, 2, 4]);
    expect(flows[2]?.got.at(-1)).to.equal("SLUICE_LIMIT_UDP_SESSIONS");
    receive(5);
    expect(open()).to.deep.equal([2, 4, 5]);
  });

  it("evicts in the exact order of the last use, by whichever side", async () => {
    const max = 50;
    const seed = Number(process.env["SLUICE_FLOWS_SEED"] ?? 1 + (Date.now() % 1e9));
    let state = seed;
    const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    await bind({ max });
    for (let port = 1; port <= max; port += 1) receive(port);
    const order = Array.from({ length: max }, (_, at) => at + 1);
    for (let next = max + 1; next <= 4 * max; next += 1) {
      for (let turn = Math.floor(random() * 4); turn > 0; turn -= 1) {
        const [port = 0] = order.splice(Math.floor(random() * order.length), 1);
        order.push(port);
        if (random() < 0.5) receive(port);
        else flows[port - 1]?.leg.write(Buffer.from("answer"));
      }
      order.shift();
      order.push(next);
      receive(next);
      expect(open(), `SLUICE_FLOWS_SEED=${seed}`).to.have.members(order);
    }
  });

  it("keeps its flows when the limits change, but for those that are too many", async () => {
    await bind({ max: 3 });
    for (const port of [1, 2, 3]) receive(port);
    receive(1);
    listener.configure({ max: 4, idle: 60_000 });
    receive(2, "again");
    expect([open(), flows.length]).to.deep.equal([[1, 2, 3], 3]);
    listener.configure({ max: 2, idle: 60_000 });
    expect(open()).to.deep.equal([1, 2]);
    receive(4);
    expect(open(), "at the new limit").to.deep.equal([2, 4]);
  });

  it("takes another idle time for the flows there are", async () => {
    await bind();
    receive(1);
    listener.configure({ max: 10, idle: 20 });
    await eventually(() => expect(flows[0]?.got.at(-1)).to.equal("SLUICE_IDLE_TIMEOUT"));
    expect(listener.size).to.equal(0);
  });

  it("makes a new flow for a client whose flow has ended", async () => {
    await bind();
    receive(1, "old");
    flows[0]?.leg.destroy();
    receive(1, "new");
    expect(flows.map(({ got }) => got)).to.deep.equal([["old"], ["new"]]);
  });

  describe("whose session is not open yet", () => {
    let dropped = 0;

    function early(): UdpClientLeg {
      const [flow] = flows;
      if (flow === undefined) throw new Error("no flow");
      dropped = 0;
      flow.leg.onDropped = (datagrams) => (dropped += datagrams);
      return flow.leg;
    }

    function readNow(leg: UdpClientLeg): string[] {
      const got: string[] = [];
      leg.read(readerOf(leg, got));
      return got;
    }

    beforeEach(async () => {
      reads = false;
      await bind();
    });

    it("keeps 64 datagrams in order, and drops and counts the rest", () => {
      receive(1, "0");
      const leg = early();
      for (let at = 1; at < 70; at += 1) receive(1, String(at));
      expect(dropped).to.equal(6);
      expect(readNow(leg)).to.deep.equal(Array.from({ length: 64 }, (_, at) => String(at)));
    });

    it("keeps no more than 256 KiB", () => {
      receive(1, "x".repeat(60_000));
      const leg = early();
      for (let at = 1; at < 6; at += 1) receive(1, "x".repeat(60_000));
      expect(dropped).to.equal(2);
      expect(readNow(leg)).to.have.length(4);
    });

    it("tells a flow that was evicted meanwhile why, once it reads", () => {
      receive(1);
      const leg = early();
      listener.configure({ max: 1, idle: 60_000 });
      receive(2);
      expect(readNow(leg)).to.deep.equal(["SLUICE_LIMIT_UDP_SESSIONS"]);
    });
  });
});
