import { expect } from "chai";
import { WorkerChannel } from "../../../../core/workers/wire/worker-channel.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { refusalOf } from "../../../support/rejection.ts";

describe("WorkerChannel", () => {
  let sent: { readonly number: number }[];
  let channel: WorkerChannel;
  let clock: FakeClock;

  beforeEach(() => {
    clock = new FakeClock();
    sent = [];
    channel = new WorkerChannel("worker 1 (pid 7)", (packet) => sent.push(packet as never));
  });
  afterEach(() => clock.restore());

  const answer = (index: number): void => channel.receive({ answer: sent[index]?.number, value: index });

  it("waits only for some time for an answer, and then asks nothing until it has come", async () => {
    const late = refusalOf(channel.call("open"));
    clock.pass(5_000);
    expect(String(await late))
      .to.contain("worker 1 (pid 7) did not answer within 5000 ms")
      .and.to.contain("SLUICE_WORKER_LOST");
    expect((await refusalOf(channel.call("sessions"))).message).to.contain("worker 1 (pid 7) does not answer");
    expect(sent).to.have.length(1);
    answer(0);
    await Promise.resolve();
    const asked = channel.call("sessions");
    answer(1);
    expect(await asked).to.equal(1);
    expect(clock.waiting, "timers").to.equal(0);
  });

  it("gives a step the time that it is said to take, also while a question is not answered", async () => {
    const late = refusalOf(channel.call("open"));
    clock.pass(5_000);
    await late;
    const [done, step] = [channel.order(9_000, "close", 0), refusalOf(channel.order(9_000, "abandon"))];
    clock.pass(8_999);
    answer(1);
    expect(await done).to.equal(1);
    clock.pass(1);
    expect((await step).code).to.equal("SLUICE_WORKER_LOST");
  });
});
