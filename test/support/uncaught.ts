import { expect } from "chai";

/** Called within a `describe`: none of its tests may leave an exception that nobody caught, or a rejection that nobody handled. */
export function expectNothingUncaught(): void {
  const uncaught: unknown[] = [];
  const note = (error: unknown): void => void uncaught.push(error);
  before(() => process.on("unhandledRejection", note).on("uncaughtException", note));
  after(() => process.off("unhandledRejection", note).off("uncaughtException", note));
  afterEach(() => expect(uncaught.splice(0)).to.deep.equal([]));
}
