import { expect } from "chai";
import { syncBuiltinESMExports } from "node:module";
import os from "node:os";
import { setImmediate as turn } from "node:timers/promises";
import { isOwnAddress } from "../../../../../core/net/accept/datagrams/own-address.ts";
import { UdpPlaces } from "../../../../../core/net/accept/datagrams/udp-places.ts";
import { defaultBuffers } from "../../../../../core/net/node/udp-socket.ts";
import { eventually } from "../../../../support/eventually.ts";

// Runs in a process of its own: it replaces what Node tells of the machine's addresses, and its timer.
describe("the sockets of a UDP listener at all addresses", () => {
  const real = { networkInterfaces: os.networkInterfaces, setInterval: globalThis.setInterval };
  let lookAgain: () => void;

  /** What Node tells from now on: these addresses, or an error. */
  function tell(addresses: readonly string[] | Error): void {
    os.networkInterfaces = () => {
      if (addresses instanceof Error) throw addresses;
      return { lo: addresses.map((address) => ({ address, family: "IPv4", internal: true, netmask: "255.0.0.0", mac: "", cidr: null })) };
    };
    syncBuiltinESMExports();
  }

  const bind = (): Promise<UdpPlaces> => UdpPlaces.bind({ host: "0.0.0.0", port: 0 }, defaultBuffers);
  const addressesOf = (places: UdpPlaces): readonly string[] => places.all.map(({ address: each }) => each).toSorted();

  beforeEach(() => {
    const setInterval = (look: () => void): NodeJS.Timeout => {
      lookAgain = look;
      return real.setInterval(() => undefined, 1_000_000);
    };
    Object.assign(globalThis, { setInterval });
  });
  afterEach(() => {
    Object.assign(globalThis, { setInterval: real.setInterval });
    os.networkInterfaces = real.networkInterfaces;
    syncBuiltinESMExports();
  });

  it("follow the machine's addresses, and stay as they are while the system does not tell them", async () => {
    tell(["127.0.0.77", "127.0.0.78"]);
    const places = await bind();
    const loopbacks = addressesOf(places).filter((each) => !/\.7\d$/.test(each));
    expect(addressesOf(places)).to.include.members(["127.0.0.77", "127.0.0.78"]);
    tell(new Error("Unknown system error 24"));
    lookAgain();
    await turn();
    expect(addressesOf(places)).to.include.members(["127.0.0.77", "127.0.0.78"]);
    tell(["127.0.0.78", "127.0.0.79"]);
    lookAgain();
    await eventually(() => expect(addressesOf(places)).to.deep.equal([...loopbacks, "127.0.0.78", "127.0.0.79"].toSorted()));
    places.close();
  });

  it("are refused in words, and no other listener is, if the system does not tell the addresses at the start", async () => {
    tell(new Error("uv_interface_addresses returned 97"));
    const error = await bind().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.have.property("code", "SLUICE_ADDRESS_UNAVAILABLE");
    expect(String(error)).to.contain("uv_interface_addresses returned 97").and.to.contain("name one address");
    expect(isOwnAddress("192.0.2.1", { address: "0.0.0.0" })).to.equal(false);
  });
});
