import { expect } from "chai";
import type { ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";
import { Deliveries } from "../../../../../core/workers/first/processes/deliveries.ts";

describe("the connections that were sent to a worker", () => {
  let worker: EventEmitter;
  let deliveries: Deliveries;
  let closed: number[];

  beforeEach(() => {
    worker = new EventEmitter();
    deliveries = new Deliveries();
    deliveries.watch(worker as ChildProcess);
    closed = [];
  });

  const send = (...sockets: number[]): void => {
    for (const socket of sockets) deliveries.add({ socket, connection: { close: () => closed.push(socket) } });
  };
  const received = (count: number): void => {
    for (let each = 0; each < count; each += 1) worker.emit("internalMessage", { cmd: "NODE_HANDLE_ACK" });
  };
  const left = (): readonly number[] => deliveries.end().map(({ socket }) => socket);

  it("are closed in this process when the worker has taken them", () => {
    send(1, 2, 3);
    received(2);
    deliveries.taken(2);
    expect(closed).to.deep.equal([1, 2]);
    expect(deliveries.count).to.equal(1);
    expect(left()).to.deep.equal([3]);
  });

  it("end with the worker if it had received them, and not if it had not", () => {
    send(1, 2, 3);
    received(2);
    expect(left()).to.deep.equal([3]);
    expect(closed).to.deep.equal([1, 2]);
  });

  it("do not end with the worker for handles of other servers, or for other messages", () => {
    received(5);
    send(1);
    received(1);
    deliveries.taken(1);
    worker.emit("internalMessage", { cmd: "NODE_HANDLE_NACK" });
    worker.emit("internalMessage", null);
    send(2, 3);
    expect(left()).to.deep.equal([2, 3]);
    expect(closed).to.deep.equal([1]);
  });

  it("are counted by socket and client", () => {
    deliveries.add({ socket: 1, connection: {}, client: "a" });
    deliveries.add({ socket: 1, connection: {}, client: "b" });
    deliveries.add({ socket: 2, connection: {}, client: "a" });
    expect([deliveries.countOf(1), deliveries.countOf(1, "a"), deliveries.countOf(2, "b"), deliveries.count]).to.deep.equal([2, 1, 0, 3]);
  });
});
