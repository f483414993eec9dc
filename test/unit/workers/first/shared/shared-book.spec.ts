import { expect } from "chai";
import { SluiceError } from "../../../../../core/contract/index.ts";
import { SharedBook } from "../../../../../core/workers/first/shared/shared-book.ts";
import type { Said } from "../../../../../core/workers/wire/calls.ts";
import { packError } from "../../../../../core/workers/wire/packed-error.ts";

describe("what one worker finds out for all", () => {
  let now: number;
  let book: SharedBook;
  const [one, two, three] = [{}, {}, {}];
  beforeEach(() => {
    now = 5_000;
    book = new SharedBook(() => now);
  });

  /** @returns the number under which it is to be found out */
  const find = (said: Said | Promise<Said>): number => (said as { find: number }).find;

  it("is found out by who asks first, and given to who waits and who comes", async () => {
    const number = find(book.ask(one, "k"));
    const waiting = book.ask(two, "k");
    book.found("k", number, { value: "v", lasts: 100 });
    expect(await waiting).to.deep.equal({ answer: { value: "v", age: 0 } });
    now += 40;
    expect(book.ask(three, "k")).to.deep.equal({ answer: { value: "v", age: 40 } });
  });

  it("is given to each once: who asks again wants another, which the others are given in turn", () => {
    book.found("k", find(book.ask(one, "k")), { value: 1, lasts: 100 });
    const second = find(book.ask(one, "k"));
    expect(second).to.be.a("number");
    book.found("k", second, { value: 2, lasts: 100 });
    expect(book.ask(two, "k")).to.deep.equal({ answer: { value: 2, age: 0 } });
  });

  it("holds for as long as it says, and until it is forgotten", () => {
    book.found("k", find(book.ask(one, "k")), { value: 1, lasts: 100 });
    now += 100;
    const late = find(book.ask(two, "k"));
    expect(late).to.be.a("number");
    book.found("k", late, { value: 2, lasts: 100 });
    book.forget();
    expect(find(book.ask(three, "k"))).to.be.a("number");
  });

  it("fails for all that wait for it, and the next caller asks again", async () => {
    const number = find(book.ask(one, "k"));
    const waiting = book.ask(two, "k") as Promise<Said>;
    book.notFound("k", number, packError(new SluiceError("SLUICE_UPSTREAM_DNS_NOT_FOUND", "no such name")));
    const error: unknown = await waiting.catch((thrown: unknown) => thrown);
    expect((error as SluiceError).code).to.equal("SLUICE_UPSTREAM_DNS_NOT_FOUND");
    expect(find(book.ask(three, "k"))).to.be.a("number");
  });

  it("is found out by the next when the one that was to dies, does not try, or takes too long", async () => {
    void book.ask(one, "k");
    const [second, third] = [book.ask(two, "k"), book.ask(three, "k")];
    book.gone(one);
    const number = find(await second);
    book.notFound("k", number, undefined);
    const last = find(await third);
    book.found("k", number, { value: "late", lasts: 100 });
    book.found("k", last, { value: "v", lasts: 100 });
    expect(book.ask(two, "k")).to.deep.equal({ answer: { value: "v", age: 0 } });
    void book.ask(one, "other");
    now += 31_000;
    expect(find(book.ask(two, "other"))).to.be.a("number");
  });
});
